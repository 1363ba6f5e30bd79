// The number of waiting runs before the page's title, whatever the page makes of its title.
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openTitle } from "../../src/notices/title";

/** A MutationObserver's callback comes in a microtask. */
const settled = () => new Promise((done) => setTimeout(done, 0));

beforeEach(() => {
  document.head.replaceChildren();
  document.title = "a.ipynb";
});
afterEach(() => void vi.restoreAllMocks());

test("the prefix stands before the title and is taken away alone", () => {
  const title = openTitle(document);
  title.set(2);
  expect(document.title).toBe("(2) a.ipynb");
  title.set(1);
  expect(document.title).toBe("(1) a.ipynb");
  title.set(0);
  expect(document.title).toBe("a.ipynb");
});

const titles = fc.oneof(
  fc.constantFrom("", "a", "(2) a", "(1) (2) a", "(1)", "a (2)", "(12) ", "● a - JupyterLab"),
  fc.string({ maxLength: 8 }),
);
const steps = fc.array(
  fc.oneof(
    fc.record({ count: fc.integer({ min: 0, max: 12 }) }),
    fc.record({ title: titles }),
    fc.record({ element: titles }), // a new element in place of the old one
    fc.record({ other: fc.constant("style") }), // something else of the head
  ),
  { maxLength: 25 },
);

test("whatever the page says between, its own title stands behind the prefix, and alone at 0", async () => {
  vi.spyOn(performance, "now").mockImplementation(
    (() => {
      let now = 0;
      return () => (now += 500); // the page's changes are no fight
    })(),
  );
  await fc.assert(
    fc.asyncProperty(steps, async (steps) => {
      document.title = "first";
      const title = openTitle(document);
      let own = document.title;
      let count = 0;
      const prefix = () => (count > 0 ? `(${count}) ` : "");
      for (const step of steps) {
        if ("count" in step) {
          count = step.count;
          title.set(count);
        } else if ("other" in step) {
          document.head.append(document.createElement("style"));
        } else {
          const before = document.title;
          const next = "title" in step ? step.title : step.element;
          if ("element" in step) {
            const element = document.createElement("title");
            document.querySelector("title")?.remove();
            element.textContent = next;
            document.head.append(element);
          } else document.title = next;
          // To say again what stands there says nothing.
          if (document.title !== before || count === 0) own = document.title;
        }
        await settled();
        expect(document.title).toBe(`${prefix()}${own}`.trim());
      }
      title.set(0);
      expect(document.title).toBe(own);
    }),
  );
});

test("what puts its title back each time doesn't hold the page up, and is given its own at the end", async () => {
  const title = openTitle(document);
  let writes = 0;
  const stubborn = new MutationObserver(() => {
    if (document.title === "mine") return;
    writes += 1;
    document.title = "mine";
  });
  stubborn.observe(document.head, { childList: true, characterData: true, subtree: true });
  title.set(1);
  for (let turn = 0; turn < 50; turn++) await settled();
  expect(writes).toBeGreaterThan(5);
  expect(writes).toBeLessThan(30);
  title.set(0);
  await settled();
  stubborn.disconnect();
  expect(document.title).toBe("mine");
});
