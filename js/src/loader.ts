// What travels with every widget: it takes the core from the model that all widgets share, and says
// how things stand until the core is there. Small, since each widget has one.
/** What the loader uses of anywidget's model. */
interface Model {
  get(name: string): unknown;
  on(event: string, callback: (message: unknown) => void): void;
  off(event: string, callback: (message: unknown) => void): void;
  send(content: unknown): void;
  widget_manager: { get_model(id: string): Promise<Part> };
}

/** A model of ipywidgets' own that holds a part of the core. */
interface Part {
  get(name: string): unknown;
  on(event: string, callback: () => void): void;
  comm: { send(data: unknown): void };
  /** Whether it was asked for its code. */
}

interface Given {
  model: Model;
  el: HTMLElement;
}

interface Widget {
  initialize(given: { model: Model }): () => void;
  render(given: Given): () => void;
}

type Core = () => Widget;

/** Set by the build: the content hash of the core. */
declare const CORE_HASH: string;

const SAY_HELLO_AFTER = 1_000; // ms without the core, which says hello itself; then twice as long
const SAY_HELLO_WITHIN = 8_000;
const LATE = 20_000; // ms after which another widget doesn't wait for this one's core
const SHOWN = 20_000; // characters of a text

/** One for each page: kernels may have different versions, so each core is known by its hash. */
const page = globalThis as { powawidgetCores?: Map<string, Promise<Core>> };
page.powawidgetCores ??= new Map();
const cores = page.powawidgetCores;

async function fetchCore(model: Model): Promise<Core> {
  const codes = (model.get("_core") as string[]).map(async (reference) => {
    const part = await model.widget_manager.get_model(reference.slice(10)); // after IPY_MODEL_
    // A page that is loaded again is told of all widgets in one message, which would be too large.
    return (
      part.get("code") ||
      new Promise((resolve) => {
        const request = () => part.get("code") || part.comm.send({ method: "request_state" });
        part.on("change:code", () => resolve(part.get("code")));
        request();
        // Once more: a connection that was cut has lost it. A busy kernel would answer each.
        setTimeout(request, LATE);
      })
    );
  });
  const [unpacker, packed] = (await Promise.all(codes)).join("").split("\n") as [string, string];
  // An address of a line of code, once a page: it isn't given back.
  const url = URL.createObjectURL(new Blob([unpacker], { type: "text/javascript" }));
  return (await import(/* @vite-ignore */ url)).default(packed);
}

/** The page's core; where another widget's attempt fails or hangs, this one makes its own. */
async function coreFor(model: Model): Promise<Core> {
  for (;;) {
    const known = cores.get(CORE_HASH);
    if (known === undefined) break;
    try {
      return await known;
    } catch {} // it is no longer the page's
  }
  const core = fetchCore(model);
  const late = new Promise<never>((_, reject) => setTimeout(reject, LATE));
  const inTime = Promise.race([core, late]);
  cores.set(CORE_HASH, inTime);
  inTime.catch(() => cores.delete(CORE_HASH)); // the next widget tries again
  return core; // drawn even where it comes late
}

// biome-ignore lint/suspicious/noExplicitAny: read as text only, inside a try
type Snapshot = any;

/** Who, the status, and what was said so far; of a chat, in its last turn. */
function told({ state, chat }: Snapshot): string {
  const run = state ?? chat.turns.at(-1) ?? {};
  const texts = (run.parts ?? []).filter(({ kind }: Snapshot) => kind === "text");
  const said = texts.map(({ text }: Snapshot) => text).join("\n\n");
  return `${(state ?? chat).name}: ${run.status ?? "ready"}\n\n${said}`.trim().slice(0, SHOWN);
}

/** Whether a wait may hang on whether a page is there. */
function isUnderWay({ state, chat }: Snapshot): boolean {
  const run = state ?? chat.turns.at(-1);
  return /ing$/.test(run.status); // connecting, running, waiting, reconnecting
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined; // a saved state may be anything
  }
}

/**
 * Neither hook waits for the core, which may never come: anywidget holds a model's messages back until
 * `initialize` is over and drops them after two seconds, and a view that is removed before the core is
 * there must have its cleanup already. Meanwhile the kernel is asked how the run stands.
 */
export default () => {
  let started: Promise<Widget> | undefined;
  let isClosed = false;
  let close: (() => void) | undefined;
  /** What is known of the run while there is no core. */
  let snapshot: unknown;
  /** Ends the listening and asking that the core does itself. */
  let end = () => {};
  const shown = new Set<() => void>();

  const start = (model: Model): Promise<Widget> => {
    if (started !== undefined) return started;
    started = coreFor(model).then((core) => {
      const widget = core();
      if (!isClosed) close = widget.initialize({ model });
      end(); // whichever try it was that brought the core
      return widget;
    });
    started.catch((error) => {
      started = undefined; // the next view tries again
      console.error("powawidget", error);
    });
    return started;
  };

  return {
    initialize({ model }: { model: Model }): () => void {
      snapshot = model.get("_state");
      let wait = SAY_HELLO_AFTER;
      let id = Math.random();
      let timer: ReturnType<typeof setTimeout>;
      const sayHelloLater = () => {
        timer = setTimeout(() => {
          if (!attempt(() => isUnderWay(snapshot))) return;
          // The same again, until it is answered: a busy kernel answers it once.
          attempt(() => model.send({ kind: "hello", id: `${id}`, have: 0 }));
          wait = Math.min(wait * 2, SAY_HELLO_WITHIN);
          sayHelloLater();
        }, wait);
      };
      const onMessage = (message: unknown) => {
        if ((message as Snapshot)?.kind !== "state") return;
        snapshot = message;
        id = Math.random();
        for (const show of shown) show();
      };
      end = () => {
        clearTimeout(timer);
        model.off("msg:custom", onMessage);
        snapshot = undefined;
      };
      sayHelloLater();
      model.on("msg:custom", onMessage);
      start(model).catch(() => {});
      return () => {
        isClosed = true;
        end();
        close?.();
        // JupyterLab keeps the models of closed comms, and with them this widget.
        close = started = undefined;
      };
    },

    render({ model, el }: Given): () => void {
      let isGone = false;
      let remove: (() => void) | undefined;
      const words = document.createElement("div");
      words.style.cssText = "white-space:pre-wrap;overflow-wrap:anywhere";
      words.dir = "auto";
      const show = () => {
        words.textContent = attempt(() => told(snapshot)) ?? "";
      };
      const drop = () => {
        shown.delete(show);
        words.remove();
      };
      if (started === undefined) snapshot ??= model.get("_state");
      show();
      shown.add(show);
      el.append(words);
      start(model).then(
        (widget) => {
          if (isGone) return;
          remove = widget.render({ model, el });
          drop();
        },
        () => {},
      );
      return () => {
        isGone = true;
        drop();
        remove?.();
        remove = undefined;
      };
    },
  };
};
