/** Two digits are 13 bits, a last one is six; the digits are `#` to `~` without the backslash. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array((text.length * 13) / 16);
  const digit = (at: number) => {
    const code = text.charCodeAt(at);
    return code - (code < 92 ? 35 : 36);
  };
  let bits = 0;
  let count = 0;
  for (let at = 0, end = 0; at < text.length; at += 2) {
    const isPair = at + 1 < text.length;
    bits = isPair ? (bits << 13) | (digit(at) * 91 + digit(at + 1)) : (bits << 6) | digit(at);
    for (count += isPair ? 13 : 6; count >= 8; end++) {
      count -= 8;
      bytes[end] = bits >> count;
    }
    bits &= (1 << count) - 1;
  }
  return bytes;
}

/**
 * Imports code that came as text, in gzip and base91.
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
