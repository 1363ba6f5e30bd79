// The words of a rating.
export const ask = "Was this good?";
export const good = "Good";
export const bad = "Bad";
export const note = "A note on it";
export const save = "Save";
export const saving = "Saving…";
export const saved = "Saved";
export const said = { up: "Rated good", down: "Rated bad" };
