/** Names of properties that the build may shorten, and the pattern of all of them. */
export const ours: string;
export const ofMarked: string;
export const ofBoth: string;
export const mangled: RegExp;
