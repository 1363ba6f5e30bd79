// How many pixels a picture has, by its header: the twin of `powawidget/transcript/pixels.py`. A
// picture of a few kB can have a billion pixels, for which a page takes gigabytes. Read are the four
// kinds that are shown, by their first bytes and not by the type that is said: a browser does so too.

export type Size = [width: number, height: number];

/** What a page has room for: four bytes for each of them, 200 MB. */
export const MOST_PIXELS = 50_000_000;
const STEPS = 2_000; // of segments or blocks until the size comes

/** The width and height of a picture in base64; null where its kind isn't shown, or its header is odd. */
export function sizeOfPicture(data: string): Size | null {
  /** Some of the bytes, as characters; only these are decoded. */
  const at = (begin: number, count: number): string => {
    const from = Math.floor(begin / 3) * 4;
    const text = data.slice(from, Math.floor((begin + count + 2) / 3) * 4);
    const skipped = begin % 3;
    const found = atob(text).slice(skipped, skipped + count);
    if (text.length % 4 !== 0 || found.length < count) throw new RangeError();
    return found;
  };
  const big = (begin: number, count: number): number =>
    [...at(begin, count)].reduce((sum, each) => sum * 256 + each.charCodeAt(0), 0);
  const little = (begin: number, count: number): number =>
    [...at(begin, count)].reduceRight((sum, each) => sum * 256 + each.charCodeAt(0), 0);

  /* The frame's header stands behind segments of any length. */
  const jpeg = (): Size | null => {
    let from = 2;
    for (let step = 0; step < STEPS; step++) {
      const kind = big(from + 1, 1);
      if (big(from, 1) !== 0xff) return null;
      if (kind === 0xff) from++;
      else if (kind >= 0xc0 && kind <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(kind))
        return [big(from + 7, 2), big(from + 5, 2)];
      else from += 2 + big(from + 2, 2);
    }
    return null;
  };

  /* A page makes the screen as large as its first image, where this is larger. */
  const gif = (): Size | null => {
    const flags = big(10, 1);
    let from = 13 + (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);
    for (let step = 0; step < STEPS; step++) {
      const kind = at(from, 1);
      if (kind === ",") {
        const right = little(from + 1, 2) + little(from + 5, 2);
        const bottom = little(from + 3, 2) + little(from + 7, 2);
        return [Math.max(little(6, 2), right), Math.max(little(8, 2), bottom)];
      }
      if (kind !== "!") return null;
      from += 2;
      for (let block = 0; block < STEPS; block++) {
        const length = big(from, 1);
        from += 1 + length;
        if (length === 0) break;
      }
    }
    return null;
  };

  const webp = (): Size | null => {
    switch (at(12, 4)) {
      case "VP8X":
        return [1 + little(24, 3), 1 + little(27, 3)];
      case "VP8L": {
        const bits = little(21, 4);
        return [1 + (bits & 0x3fff), 1 + ((bits >>> 14) & 0x3fff)];
      }
      case "VP8 ":
        return [little(26, 2) & 0x3fff, little(28, 2) & 0x3fff];
    }
    return null;
  };

  try {
    const begin = at(0, 12);
    if (begin.startsWith("\x89PNG\r\n\x1a\n"))
      return at(12, 4) === "IHDR" ? [big(16, 4), big(20, 4)] : null;
    if (begin.startsWith("\xff\xd8")) return jpeg();
    if (/^GIF8[79]a/.test(begin)) return gif();
    if (begin.startsWith("RIFF") && begin.endsWith("WEBP")) return webp();
    return null;
  } catch {
    return null; // what is cut ends too early, and what is no base64 can't be decoded
  }
}
