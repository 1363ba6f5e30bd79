/*
 * How code travels to a page: in gzip, as text of two digits for 13 bits. A message holds no bytes: a kernel gateway
 * and a saved notebook both lose them. `src/link/packed.ts` unpacks it.
 */
import { gunzipSync } from "node:zlib";
import { gzipAsync } from "@gfx/zopfli";

const ITERATIONS = 5; // three times as many save four bytes of the core

/** Code in gzip; zopfli makes it a twenty-fifth smaller than zlib does at its best. */
export async function gzip(code) {
  const bytes = Buffer.from(code);
  const packed = Buffer.from(await gzipAsync(bytes, { numiterations: ITERATIONS }));
  if (!gunzipSync(packed).equals(bytes)) throw new Error("What was packed isn't what was given.");
  return packed;
}

/** A digit, from 0 to 90: the characters from `#` to `~` without the backslash, which JSON escapes. */
const digit = (value) => String.fromCharCode(value + (value < 57 ? 35 : 36));

/** Bytes as text: 13 bits are two digits, since 91 * 91 is over 8192; up to six that are left are one. */
export function base91(bytes) {
  let text = "";
  let bits = 0;
  let count = 0;
  const pair = (value) => digit(Math.floor(value / 91)) + digit(value % 91);
  for (const byte of bytes) {
    bits = (bits << 8) | byte;
    count += 8;
    if (count < 13) continue;
    count -= 13;
    text += pair(bits >> count);
    bits &= (1 << count) - 1;
  }
  if (count > 6) return text + pair(bits << (13 - count));
  return count > 0 ? text + digit(bits << (6 - count)) : text;
}
