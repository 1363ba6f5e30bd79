// The shape of a value of the state: how it is read from what may be anything, and which places
// in it a path from the wire may reach. A saved notebook is somebody else's file, so nothing is
// believed: what is missing or of a wrong type gets its default, what is unknown is left out.
import type {
  Block,
  ChatSnapshot,
  ChatState,
  Part,
  RunState,
  Snapshot,
  Span,
  TooLarge,
  Wait,
} from "./wire";

export interface Shape<T = unknown> {
  read(value: unknown): T;
  within?(owner: unknown, key: string | number): Shape | undefined;
}

type Fields<T> = { [K in keyof T]: Shape<T[K]> };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const text: Shape<string> = { read: (value) => (typeof value === "string" ? value : "") };
const flag: Shape<boolean> = { read: (value) => value === true };
const number: Shape<number> = { read: (value) => (Number.isFinite(value) ? (value as number) : 0) };

/** One of some words; the first where it is none of them. */
const word = <T extends string>(...words: [T, ...T[]]): Shape<T> => ({
  read: (value) => words.find((known) => known === value) ?? words[0],
});

const maybe = <T>(shape: Shape<T>): Shape<T | null> => ({
  read: (value) => (value === null || value === undefined ? null : shape.read(value)),
  within: (owner, key) => (owner === null ? undefined : shape.within?.(owner, key)),
});

const maybeText = maybe(text);
const maybeNumber = maybe(number);

const record = <T extends object>(fields: Fields<T>): Shape<T> => ({
  read: (value) => {
    const given = isObject(value) ? value : {};
    const made: Record<string, unknown> = {};
    for (const name of Object.keys(fields) as (keyof T & string)[]) {
      made[name] = fields[name].read(Object.hasOwn(given, name) ? given[name] : undefined);
    }
    return made as T;
  },
  within: (_, key) =>
    typeof key === "string" && Object.hasOwn(fields, key)
      ? (fields[key as keyof T] as Shape)
      : undefined,
});

const list = <T>(item: Shape<T>): Shape<T[]> => ({
  read: (value) => (Array.isArray(value) ? value.map((each) => item.read(each)) : []),
  within: (owner, key) =>
    Number.isInteger(key) && Number(key) >= 0 && Number(key) <= (owner as T[]).length
      ? item
      : undefined,
});

const counts: Shape<Record<string, number>> = {
  read: (value) =>
    Object.fromEntries(
      Object.entries(isObject(value) ? value : {}).filter(([, each]) => Number.isFinite(each)),
    ) as Record<string, number>,
};

const work = word("running", "done", "failed", "interrupted");
const asked = word("agent", "orchestration", "workflow");

type Bare<K extends Part["kind"]> = Omit<Extract<Part, { kind: K }>, "kind">;

const tooLarge = maybe(record<TooLarge>({ size: number, digest: text }));

const PARTS: { [K in Part["kind"]]: Shape } = {
  text: record<Bare<"text">>({ text, within: maybeNumber }),
  tool: record<Bare<"tool">>({
    name: text,
    arguments: text,
    asked: maybeText,
    call_id: maybeText,
    step: number,
    status: word("running", "waiting", "done", "failed", "denied", "interrupted"),
    result: maybeText,
    full: flag,
    json: flag,
    size: maybeNumber,
    seconds: maybeNumber,
    waited: number,
    started: number,
    order: maybeNumber,
    within: maybeNumber,
    withheld: tooLarge,
    withheld_asked: tooLarge,
  }),
  approval: record<Bare<"approval">>({
    tool_name: text,
    arguments: text,
    digest: text,
    message: text,
    covers: word("call", "answer", "start"),
    call: maybeNumber,
    decision: word(
      "unknown",
      "pending",
      "sending",
      "approved",
      "denied",
      "expired",
      "superseded",
      "undecided",
    ),
    choice: maybe(word("approve", "deny")),
    by: maybeText,
    reason: maybeText,
    asked_at: number,
    decided_at: maybeNumber,
    deadline: maybeNumber,
    closes: maybeNumber,
    waited: maybeNumber,
    outcome: maybeText,
    delivery: maybe(word("sending", "again", "taken")),
    withheld: tooLarge,
  }),
  notice: record<Bare<"notice">>({
    code: text,
    text,
    count: number,
    within: maybeNumber,
    details: maybeText,
  }),
  delegation: record<Bare<"delegation">>({
    agent: text,
    task: text,
    child_id: maybeText,
    call: maybeNumber,
    status: work,
    step: number,
    steps: maybeNumber,
    usage: maybe(counts),
    started: number,
    seconds: maybeNumber,
    stored: flag,
    within: maybeNumber,
  }),
  parallel: record<Bare<"parallel">>({
    agents: list(text),
    count: maybeNumber,
    begun: number,
    characters: number,
    status: work,
    started: number,
    seconds: maybeNumber,
    within: maybeNumber,
  }),
};

const part: Shape<Part> = {
  read: (value) => {
    const kind = isObject(value) && typeof value.kind === "string" ? value.kind : "";
    // An unreadable part keeps its place: later paths count on it.
    const known = Object.hasOwn(PARTS, kind) ? (kind as Part["kind"]) : "notice";
    return { kind: known, ...(PARTS[known].read(value) as object) } as Part;
  },
  within: (owner, key) => PARTS[(owner as Part).kind].within?.(owner, key),
};

export const RUN = record<RunState>({
  kind: asked,
  name: text,
  message: text,
  origin: word("live", "replay", "stored"),
  status: word(
    "connecting",
    "running",
    "waiting",
    "reconnecting",
    "completed",
    "failed",
    "stopped",
    "interrupted",
  ),
  run_id: maybeText,
  session_id: maybeText,
  step: number,
  streamed: flag,
  edited: maybe(word("modified", "blocked")),
  parts: list(part),
  reasoning: record({
    thoughts: list(record({ step: number, text, whole: flag, within: maybeNumber })),
    seconds: number,
    since: maybeNumber,
  }),
  citations: list(record({ key: text, source: text, excerpt: text })),
  usage: maybe(counts),
  error: maybe(
    record({ title: text, message: text, code: maybeText, hint: maybeText, details: maybeText }),
  ),
  started: maybeNumber,
  ended: maybeNumber,
  on_stop: text,
  strategy: text,
  answer: maybeNumber,
  blocks: list(
    record<Block>({
      id: text,
      name: text,
      type: text,
      status: word("pending", "running", "done", "failed", "skipped", "not_reached", "interrupted"),
      input: maybeText,
      output: maybeText,
      error: maybeText,
      text,
      started: maybeNumber,
      seconds: maybeNumber,
    }),
  ),
  graph: flag,
  output: maybeText,
  wait: maybe(
    record<Wait>({ purpose: word("retry", "look_up"), why: text, until: number, attempt: number }),
  ),
  restored: flag,
  halves: counts,
  spans: list(
    record<Span>({
      kind: word("wait", "model", "tool", "hook", "human", "delegate", "block"),
      name: text,
      of: maybeNumber,
      within: maybeNumber,
      start: number,
      end: maybeNumber,
      seen: number,
      clock: text as Shape<Span["clock"]>,
      status: text as Shape<Span["status"]>,
    }),
  ),
  clocks: maybe(record({ first: number, latest: number, skew: number, shift: number })),
});

export const CHAT = record<ChatState>({
  id: text,
  kind: asked,
  name: text,
  session_id: maybeText,
  options: text,
  writable: flag,
  turns: list(RUN),
  order: list(number),
  retried: list(number),
  queued: list(record({ id: text, text })),
  paused: maybeText,
  earlier: number,
  missing: number,
  loading: flag,
  notice: maybeText,
});

const SNAPSHOT = record<Snapshot>({ seq: number, now: number, state: RUN });
const CHAT_SNAPSHOT = record<ChatSnapshot>({ seq: number, now: number, chat: CHAT });

/** Reads the synced trait, or a message with the whole run; never fails. */
export const readSnapshot = (value: unknown): Snapshot => SNAPSHOT.read(value);

/** Whether a snapshot is a chat's. */
export const isChat = (value: unknown): boolean => isObject(value) && isObject(value.chat);

export const readChat = (value: unknown): ChatSnapshot => CHAT_SNAPSHOT.read(value);
