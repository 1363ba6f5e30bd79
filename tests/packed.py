"""What the build packs for a page, unpacked again: gzip, as text of two digits for 13 bits."""

import gzip


def unpacked(text: str) -> bytes:
    """Unpack the core or a module, as `js/src/link/packed.ts` does."""
    digits = [ord(each) - (35 if each < "\\" else 36) for each in text]
    pairs = zip(digits[::2], digits[1::2], strict=False)
    bits = "".join(f"{high * 91 + low:013b}" for high, low in pairs)
    if len(digits) % 2:
        bits += f"{digits[-1]:06b}"
    size = len(bits) // 8
    return gzip.decompress(int(bits[: size * 8], 2).to_bytes(size))
