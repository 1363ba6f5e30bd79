/*
 * How code travels to a page: in gzip, as text in base85. A message holds no bytes: a kernel gateway
 * and a saved notebook both lose them. `src/link/packed.ts` unpacks it.
 */
import { gunzipSync } from "node:zlib";
import { gzipAsync } from "@gfx/zopfli";

const ITERATIONS = 5; // three times as many save four bytes of the core

/** The same digits as Python's `base64.b85encode`: none of them is escaped in JSON. */
const DIGITS =
  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

/** Code in gzip; zopfli makes it a twenty-fifth smaller than zlib does at its best. */
export async function gzip(code) {
  const bytes = Buffer.from(code);
  const packed = Buffer.from(await gzipAsync(bytes, { numiterations: ITERATIONS }));
  if (!gunzipSync(packed).equals(bytes)) throw new Error("What was packed isn't what was given.");
  return packed;
}

/** Bytes as text: four of them are five digits. */
export function base85(bytes) {
  const padded = Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
  let text = "";
  for (let at = 0; at < padded.length; at += 4) {
    let value = padded.readUInt32BE(at);
    let digits = "";
    for (let place = 0; place < 5; place++) {
      digits = DIGITS[value % 85] + digits;
      value = Math.floor(value / 85);
    }
    text += digits;
  }
  return text.slice(0, text.length - (padded.length - bytes.length));
}
