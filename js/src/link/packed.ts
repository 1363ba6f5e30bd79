/** Those of Python's `base64.b85encode`. */
const DIGITS =
  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

/** Five digits are four bytes, the first digit the highest; a last group may be short. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.floor(text.length * 0.8));
  let value = 0;
  for (let at = 0, end = 0; end < bytes.length; at++) {
    value = value * 85 + DIGITS.indexOf(text[at] ?? "~");
    if (at % 5 < 4) continue;
    for (let shift = 24; shift >= 0; shift -= 8) bytes[end++] = value >>> shift;
    value = 0;
  }
  return bytes;
}

/**
 * Imports code that came as text, in gzip and base85.
 *
 * @returns its default export, which has to be a function.
 */
export async function unpacked<T>(packed: string): Promise<T> {
  const code = new Blob([bytesOf(packed)]).stream().pipeThrough(new DecompressionStream("gzip"));
  const headers = { "content-type": "text/javascript" };
  const url = URL.createObjectURL(await new Response(code, { headers }).blob());
  try {
    const { default: made } = await import(/* @vite-ignore */ url);
    if (typeof made !== "function") throw new TypeError("not what was packed");
    return made;
  } finally {
    URL.revokeObjectURL(url);
  }
}
