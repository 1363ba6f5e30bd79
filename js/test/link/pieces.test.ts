// A message in pieces is read once all are here, and never wrongly.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import widget from "../../src/index";
import { joining } from "../../src/link/pieces";
import { BoardLink } from "../../src/modules/board/link";
import { InboxLink } from "../../src/modules/inbox/link";
import type { PieceMessage } from "../../src/state/wire";
import { FakeModel, painted } from "../page";
import { run, text } from "../runs";

/** Cut as the kernel does, each piece as long as the next of these lengths. */
function cut(message: unknown, of: string, lengths: readonly number[]): PieceMessage[] {
  const whole = JSON.stringify(message);
  const pieces: PieceMessage[] = [];
  for (let at = 0, turn = 0; at < whole.length; turn += 1) {
    const part = whole.slice(at, at + (lengths[turn % lengths.length] ?? 1));
    pieces.push({ kind: "piece", id: of, index: at, size: whole.length, text: part });
    at += part.length;
  }
  return pieces;
}

const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
const messages = fc.array(fc.record({ kind: fc.constant("state"), text: fc.string() }), {
  minLength: 1,
  maxLength: 5,
});

function read(pieces: readonly unknown[]): unknown[] {
  const heard: unknown[] = [];
  const hear = joining((message) => heard.push(message));
  for (const piece of pieces) hear(structuredClone(piece));
  return heard;
}

test("what was cut is read as it was, and what comes whole as it is", () => {
  fc.assert(
    fc.property(messages, lengths, (all, sizes) => {
      const sent = all.flatMap((message, index): unknown[] =>
        index % 2 ? [message] : cut(message, `${index}`, sizes),
      );
      expect(read(sent)).toEqual(all);
    }),
  );
});

test("where pieces are lost, repeated, moved or changed, no message is read that was never sent", () => {
  const harm = fc.array(
    fc.record({
      how: fc.constantFrom("lose", "repeat", "swap", "rename", "shift", "lengthen"),
      where: fc.nat(200),
    }),
    { minLength: 1, maxLength: 6 },
  );
  fc.assert(
    fc.property(messages, lengths, harm, (all, sizes, harms) => {
      const sent = all.flatMap((message, index) => cut(message, `${index}`, sizes));
      for (const { how, where } of harms) {
        const at = where % Math.max(sent.length, 1);
        const piece = sent[at];
        if (piece === undefined) continue;
        if (how === "lose") sent.splice(at, 1);
        if (how === "repeat") sent.splice(at, 0, piece);
        if (how === "swap") sent.push(...sent.splice(at, 1));
        if (how === "rename") sent[at] = { ...piece, id: "other" };
        if (how === "shift") sent[at] = { ...piece, index: piece.index + 1 };
        if (how === "lengthen") sent[at] = { ...piece, size: piece.size + 1 };
      }
      const known = all.map((message) => JSON.stringify(message));
      for (const message of read(sent)) expect(known).toContain(JSON.stringify(message));
    }),
  );
});

test("what isn't as the kernel makes it is read as nothing, and the next message as ever", () => {
  const odd = [
    null,
    7,
    { kind: "piece" },
    { kind: "piece", id: "a", index: 1, size: 2, text: "{}" },
    { kind: "piece", id: "a", index: 0, size: 2, text: 7 },
    { kind: "piece", id: "a", index: "0", size: 2, text: "{}" },
  ];
  const next = { kind: "state", text: "next" };
  expect(read([...odd.slice(2), ...cut(next, "b", [9])])).toEqual([next]);
  expect(read(odd.slice(0, 2))).toEqual([null, 7]);
});

const STATE = { kind: "state", now: 1, nonce: "n" };

test("a run whose state comes in pieces is drawn, and a lost piece has it asked for again", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }); // not what draws
  const model = new FakeModel({ seq: 0, now: 1, state: run({ parts: [] }) });
  const made = widget();
  const close = made.initialize({ model });
  const el = document.createElement("div");
  document.body.append(el);
  const remove = made.render({ model, el });
  const hear = (message: unknown) => model.hear(message as never);
  const whole = {
    ...STATE,
    seq: 3,
    state: run({ status: "completed", parts: [text("All of it.")] }),
  };
  const pieces = cut(whole, "1", [50]);
  const last = pieces.pop();
  for (const piece of pieces) hear(piece);
  hear({ kind: "beat", seq: 3, now: 1, quiet: 0, alive: false });
  vi.advanceTimersByTime(3_000);
  expect(model.sent.map(({ kind }) => kind)).toContain("sync");
  expect(el.textContent).not.toContain("All of it.");
  vi.useRealTimers();
  // The answer to that has all pieces; what was lost doesn't count any more.
  for (const piece of cut(whole, "2", [50])) hear(piece);
  hear(last);
  await painted();
  expect(el.textContent).toContain("All of it.");
  remove();
  close();
});

test("each module that hears its kernel joins what comes in pieces", () => {
  const folder = join(import.meta.dirname, "../../src/modules");
  const hearing = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => [name, readFileSync(join(folder, name), "utf8")] as const)
    .filter(([, source]) => source.includes('.on("msg:custom"'));
  expect(hearing.map(([name]) => name)).toContain("inbox/link.ts");
  for (const [name, source] of hearing)
    expect([name, source]).toEqual([name, expect.stringContaining("#hear = joining(")]);
});

test("what a board and an inbox ask for may come in pieces too", () => {
  const model = new FakeModel(null);
  const link = new BoardLink(model, () => {});
  const figures = { kind: "figures", figures: { total: 9 }, trouble: "" };
  for (const piece of cut(figures, "1", [5])) model.hear(piece);
  expect(link.figures).toEqual({ total: 9 });
  const inbox = new InboxLink(model, () => {});
  const told = { kind: "waiting", rows: [], more: 0, trouble: "" };
  for (const piece of cut(told, "2", [5])) model.hear(piece);
  expect(inbox.told).toEqual(told);
  for (const each of [link, inbox]) each.close();
  expect(model.listening).toBe(0);
});
