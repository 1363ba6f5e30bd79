// The corpus, with the pieces of each text put together.

const said = ([piece, times]) =>
  piece.includes("%I%")
    ? Array.from({ length: times }, (_, i) => piece.replaceAll("%I%", i)).join("")
    : piece.repeat(times);

function textOf({ text }, index) {
  const whole = typeof text === "string" ? text : text.map(said).join("");
  // an address of its own, so that a request tells whose it is
  const host = `${location.host}/leak/${index}`;
  return whole.replaceAll("%URL%", `http://${host}`).replaceAll("%HOST%", host);
}

const entries = await (await fetch("/corpus.json")).json();

/** Every entry by its name. */
export const texts = new Map(
  entries.map((entry, index) => [entry.name, { ...entry, text: textOf(entry, index) }]),
);
