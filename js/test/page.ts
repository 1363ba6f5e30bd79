import { afterEach } from "vitest";
import fromSources from "../src/index";
import type { KernelMessage, Op, PageMessage, RunState } from "../src/state/wire";

export type Widget = typeof fromSources;

type Listener = (...args: unknown[]) => void;

/** anywidget's model, as far as the widget may use it. */
export class FakeModel {
  readonly sent: PageMessage[] = [];
  readonly sets: unknown[] = [];
  readonly listeners = new Map<string, Set<Listener>>();
  readonly values = new Map<string, unknown>();
  widget_manager: unknown;

  constructor(state: unknown) {
    this.values.set("_state", state);
  }
  get(name: string): unknown {
    return this.values.get(name);
  }
  set(name: string, value: unknown): void {
    this.sets.push(value);
    this.values.set(name, value);
    this.emit(`change:${name}`);
  }
  on(event: string, listener: (...args: never[]) => void): void {
    const known = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, known.add(listener as Listener));
  }
  off(event: string, listener: (...args: never[]) => void): void {
    this.listeners.get(event)?.delete(listener as Listener);
  }
  send(message: unknown): void {
    this.sent.push(structuredClone(message) as PageMessage);
  }
  emit(event: string, ...args: unknown[]): void {
    for (const listener of [...(this.listeners.get(event) ?? [])]) listener(...args);
  }
  hear(message: KernelMessage): void {
    this.emit("msg:custom", structuredClone(message));
  }
  get listening(): number {
    return [...this.listeners.values()].reduce((sum, each) => sum + each.size, 0);
  }
}

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
  document.body.replaceChildren();
});

/** A model and its widget in a page, with a kernel that has answered unless `live` is false. */
export function open(
  state: RunState,
  { live = true, manager = undefined as unknown, widget = fromSources } = {},
) {
  const now = Date.now() / 1000;
  const model = new FakeModel({ seq: 0, now, state: structuredClone(state) });
  model.widget_manager = manager;
  const made = widget();
  const close = made.initialize({ model });
  ends.push(close);
  let seq = 0;
  const answer = (nonce = "n1") =>
    model.hear({
      kind: "state",
      seq,
      now: Date.now() / 1000,
      state: structuredClone(state),
      nonce,
    });
  if (live) answer();
  return {
    model,
    close,
    answer,
    change: (...ops: Op[]) => model.hear({ kind: "ops", seq: ++seq, ops }),
    show: () => {
      const el = document.createElement("div");
      document.body.append(el);
      const remove = made.render({ model, el });
      ends.push(remove);
      return { el, remove, ask: (selector: string) => query(el, selector) };
    },
  };
}

function query(el: Element, selector: string): HTMLElement {
  const found = el.querySelector<HTMLElement>(selector);
  if (found === null) throw new Error(`nothing matches ${selector} in ${el.textContent}`);
  return found;
}

/** What was changed is painted. */
export const painted = async (): Promise<void> => {
  for (let frame = 0; frame < 3; frame++) {
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  }
};
