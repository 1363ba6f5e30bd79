import { Component, type ComponentChildren, render } from "preact";
import { expect, test } from "vitest";
import { useSlices, type Work } from "../../src/modules/results/slices";
import { painted } from "../page";

/** Hears of what is thrown while its children are drawn. */
class Heard extends Component<{ children: ComponentChildren }, { error: string }> {
  override state = { error: "" };
  static override getDerivedStateFromError(error: unknown) {
    return { error: String(error) };
  }
  override render() {
    return this.state.error || this.props.children;
  }
}

function Shown({ work }: { work: Work<string> }) {
  const { progress, value } = useSlices(work);
  return <p>{value ?? `${progress * 100} %`}</p>;
}

/** Draws it until the page says how it ended, and tells what it said on the way. */
async function drawn(work: Work<string>, end: string): Promise<string[]> {
  const el = document.createElement("div");
  const texts: string[] = [];
  const see = new MutationObserver(() => texts.push(el.textContent ?? ""));
  see.observe(el, { childList: true, characterData: true, subtree: true });
  render(
    <Heard>
      <Shown work={work} />
    </Heard>,
    el,
  );
  for (let wait = 0; wait < 500 && el.textContent !== end; wait++) await painted();
  expect(el.textContent).toBe(end);
  return texts;
}

const busy = () => {
  const end = performance.now() + 15;
  while (performance.now() < end);
};

test("long work says how far it is, and what came of it", async () => {
  const work = (function* () {
    busy();
    yield 0.5;
    busy();
    return "done";
  })();
  expect(await drawn(work, "done")).toContain("50 %");
});

test("what long work throws is thrown where it is drawn", async () => {
  const work = (function* (): Work<string> {
    busy();
    yield 0.5;
    throw new Error("unreadable");
  })();
  await drawn(work, "Error: unreadable");
});
