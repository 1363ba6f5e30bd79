// A picture, where a page has room for its pixels.
import { MOST_PIXELS, sizeOfPicture } from "./pixels";
import * as words from "./words";

/** @param address the picture's data, as an address. */
export function Picture({ address }: { address: string }) {
  const size = sizeOfPicture(address.slice(address.indexOf(",") + 1));
  const pixels = size === null ? 0 : size[0] * size[1];
  if (size === null || pixels === 0) return <span class="pw-note">{words.damaged}</span>;
  if (pixels > MOST_PIXELS) return <span class="pw-note">{words.tooLarge(...size)}</span>;
  return <img class="pw-image" src={address} alt={words.picture} loading="lazy" decoding="async" />;
}
