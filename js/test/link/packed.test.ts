// How code travels to a page: the build packs it, the page unpacks it.
import * as fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { base91, gzip } from "../../pack.mjs";
import { bytesOf, unpacked } from "../../src/link/packed";

afterEach(() => vi.restoreAllMocks());

test("bytes that were made text are the same bytes again, of every length", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const text = base91(bytes);
      expect(bytesOf(text)).toEqual(bytes);
      expect(JSON.stringify(text)).toBe(`"${text}"`);
      expect(text.length).toBe(Math.ceil((bytes.length * 16) / 13));
    }),
  );
  const largest = new Uint8Array(7).fill(255);
  expect(bytesOf(base91(largest))).toEqual(largest);
});

test("code that was packed is run, and its address is given back", async () => {
  const blobs: Blob[] = [];
  // Node imports no blob: an address of its own with the same content stands for it.
  vi.spyOn(URL, "createObjectURL").mockImplementation((blob) => {
    blobs.push(blob as Blob);
    return "data:text/javascript,export default () => 'here'";
  });
  const revoked = vi.spyOn(URL, "revokeObjectURL");
  const code = `export default () => ${JSON.stringify("ein Maß für Größe 🎉".repeat(99))}`;
  const made = await unpacked<() => string>(base91(await gzip(code)));
  expect(made()).toBe("here");
  expect(await blobs[0]?.text()).toBe(code);
  expect(revoked).toHaveBeenCalledTimes(1);
});
