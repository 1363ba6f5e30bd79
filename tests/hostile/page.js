// The built widget in a page of its own, with a kernel that says what a test tells it to.

import { approvals, imitations, pollution, strays, unmarked, watch } from "/oracle.js";
import { texts } from "/texts.js";
import widget from "/widget.js";

const frames = new Map();
let frame = 0;
window.requestAnimationFrame = (job) => {
  frames.set(++frame, job);
  return frame;
};
window.cancelAnimationFrame = (id) => frames.delete(id);

/** Paints what was changed. A frame each would be 16 ms for every character. */
async function paint() {
  for (let turn = 0; turn < 3; turn++) {
    const jobs = [...frames.values()];
    frames.clear();
    for (const job of jobs) job(performance.now());
    await null;
  }
}

const modules = await (await fetch("/modules.json")).json();
const SAFE = "a";
const call = { kind: "tool", name: "search", arguments: "{}", status: "done", call_id: "c" };
const asked = {
  kind: "approval",
  tool_name: "delete_rows",
  arguments: '{"table":"orders"}',
  message: "May I?",
  decision: "pending",
  digest: "d",
  covers: "call",
  call: 1,
};

/** Where a text stands: a run that holds it, and the place that it grows at. */
const PLACES = {
  answer: (text) => ({
    run: { parts: [say(text), waiting(), asked, say(text)] },
    at: ["parts", 0, "text"],
  }),
  reasoning: (text) => ({
    run: {
      parts: [say(SAFE), waiting(), asked],
      reasoning: { thoughts: [{ step: 1, text, whole: false }], seconds: 1, since: 1 },
    },
    at: ["reasoning", "thoughts", 0, "text"],
  }),
  tool_name: (text) => ({
    run: {
      parts: [
        ...[1, 2, 3].map(() => ({ ...call, name: text })),
        { ...waiting(), name: text },
        { ...asked, tool_name: text, call: 3 },
      ],
    },
    at: ["parts", 0, "name"],
  }),
  arguments: (text) => ({
    run: {
      parts: [
        { ...call, arguments: text, status: "failed" },
        { ...waiting(), arguments: text },
        { ...asked, arguments: text },
      ],
    },
    at: ["parts", 0, "arguments"],
  }),
  result: (text) => ({
    run: {
      parts: [
        { ...call, status: "failed", result: text, full: true },
        waiting(),
        asked,
        { ...call, status: "failed", result: text, full: true, json: true },
      ],
    },
    at: ["parts", 0, "result"],
  }),
  error: (text) => ({
    run: {
      parts: [{ kind: "notice", code: "x", text, count: 2 }, waiting(), asked],
      error: { title: text, message: `${text} `, code: text, hint: text },
      wait: { purpose: "retry", why: text, until: 0, attempt: 1 },
    },
    at: ["error"],
    as: (part) => ({ title: part, message: `${part} `, code: part, hint: part }),
  }),
  agent_name: (text) => ({
    run: {
      kind: "orchestration",
      name: text,
      strategy: text,
      parts: [
        { kind: "delegation", agent: text, task: text, child_id: "x", status: "running" },
        waiting(),
        asked,
        { kind: "parallel", agents: [text, text], count: 2, status: "running" },
      ],
    },
    at: ["name"],
  }),
  block_name: (text) => ({
    run: {
      kind: "workflow",
      name: text,
      output: text,
      graph: true,
      blocks: ["failed", "done", "running"].map((status) => ({
        id: text + status,
        name: text,
        type: text,
        status,
        input: text,
        output: text,
        error: status === "failed" ? text : null,
        text,
      })),
      parts: [say(SAFE), waiting(), asked],
    },
    at: ["blocks", 2, "text"],
  }),
  message: (text) => ({
    run: { message: text, parts: [say(SAFE), waiting(), { ...asked, message: text }] },
    at: ["message"],
  }),
};
const say = (text) => ({ kind: "text", text });
const waiting = () => ({
  ...call,
  name: "delete_rows",
  arguments: '{"table":"orders"}',
  status: "waiting",
});

/** Opens a widget on a run; what measures it doesn't watch it too. */
function open(run, { isWatched = true } = {}) {
  const listeners = new Map();
  const now = Date.now() / 1000;
  const state = { kind: "agent", name: "Analyst", status: "waiting", started: now, ...run };
  const values = new Map([["_state", { seq: 0, now, state }]]);
  let seq = 0;
  const hear = (message) => {
    for (const each of listeners.get("msg:custom") ?? []) each(message);
  };
  const model = {
    get: (name) => values.get(name),
    set: (name, value) => values.set(name, value),
    on: (name, job) => listeners.set(name, [...(listeners.get(name) ?? []), job]),
    off: () => {},
    async send({ kind, module }) {
      if (kind !== "want" || !(module in modules)) return;
      const packed = await (await fetch(`/modules/${module}`)).text();
      hear({ kind: "module", module, hash: modules[module], packed });
    },
  };
  const made = widget();
  const close = made.initialize({ model });
  const el = document.querySelector("#place");
  const oracle = watch(el);
  if (!isWatched) oracle.end();
  const remove = made.render({ model, el });
  hear({ kind: "state", seq: 0, now, state: structuredClone(state), nonce: "n" });
  return {
    el,
    oracle,
    change: (...ops) => hear({ kind: "ops", seq: ++seq, ops }),
    close() {
      oracle.end();
      remove();
      close();
      el.replaceChildren();
    },
  };
}

/** What is wrong with a widget now; `all` looks at more than changes fast. */
function problems({ el, oracle }, source, all = true) {
  const found = [
    ...oracle.found(),
    ...approvals(el),
    ...imitations(el),
    ...pollution(),
    ...top.ran.splice(0),
  ];
  return all ? [...found, ...strays(el), ...unmarked(el, source)] : found;
}

/** Lets modules come and everything be drawn. */
async function settle(opened) {
  for (let turn = 0; turn < 20; turn++) {
    await paint();
    await new Promise((done) => setTimeout(done));
    if (turn > 4 && !frames.size) break;
  }
  for (const row of opened.el.querySelectorAll("[aria-expanded=false]:not(.pw-whole)")) row.click();
  for (const fold of opened.el.querySelectorAll(".pw-ask .pw-more")) fold.click();
  await paint();
}

const ONE_BY_ONE = 700; // characters painted one by one; the rest goes on in pieces
const PIECES = 20;
const LOOKS = 25; // times that everything is looked at while a text grows

/** A text in its place at once: what is wrong with it. */
export async function whole(name) {
  const entry = texts.get(name);
  const { text } = entry;
  const opened = open(PLACES[entry.where](text).run);
  await settle(opened);
  const found = problems(opened, shown(entry, text));
  opened.close();
  return found;
}

/** The same, one character at a time. */
export async function growing(name) {
  const entry = texts.get(name);
  const { text } = entry;
  const { run } = PLACES[entry.where](SAFE);
  const { at, as = (part) => part } = PLACES[entry.where](text);
  const opened = open(run);
  await settle(opened);
  const grows = /text/.test(at.at(-1));
  const found = new Set();
  if (grows) opened.change(["set", at, ""]);
  const units = text.split("");
  const size = Math.ceil(Math.max(0, units.length - ONE_BY_ONE) / PIECES);
  const every = Math.ceil(Math.min(units.length, ONE_BY_ONE) / LOOKS);
  for (let i = 0; i < units.length; ) {
    const piece = i < ONE_BY_ONE ? 1 : size;
    const end = Math.min(i + piece, units.length);
    if (grows) opened.change(...units.slice(i, end).map((unit) => ["append", at, unit]));
    else opened.change(["set", at, as(text.slice(0, end))]);
    await paint();
    if (i % every === 0 || piece > 1)
      for (const each of problems(opened, "", false)) found.add(each);
    i = end;
  }
  opened.change(["set", ["run_id"], "r"]);
  await settle(opened);
  for (const each of problems(opened, shown(entry, text))) found.add(each);
  opened.close();
  return [...found];
}

/** What of a source is shown: of JSON its values, with its escapes read. */
function shown({ where }, text) {
  if (where !== "arguments") return text;
  try {
    return JSON.stringify(JSON.parse(text)).replace(/\\u([\da-f]{4})/g, (_, code) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    );
  } catch {
    return text;
  }
}

let reading;

/** Opens a run that writes, for what a person does while it does. */
async function begin(text) {
  reading = open({ status: "running", parts: [say(text)] });
  await paint();
}

async function more(text) {
  reading.change(["append", ["parts", 0, "text"], text]);
  await paint();
}

window.hostile = { whole, growing, begin, more, open, paint };
