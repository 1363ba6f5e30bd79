import { expect, test, vi } from "vitest";
import { Frame } from "../../src/view/painter";
import { painted } from "../page";

test("every place paints before any of them looks at what it has become", async () => {
  const done: string[] = [];
  const places = ["a", "b", "c"].map((name) => ({ name, frame: new Frame(() => look(name)) }));
  const look = (name: string) => done.push(`look ${name}`);
  for (const { name, frame } of places) {
    frame.mark(() => {
      done.push(`paint ${name}`);
      queueMicrotask(() => done.push(`draw ${name}`));
    });
  }
  await painted();
  const each = (verb: string) => ["a", "b", "c"].map((name) => `${verb} ${name}`);
  expect(done).toEqual([...each("paint"), ...each("draw"), ...each("look")]);
});

test("a place that fails to look keeps no other from looking", async () => {
  const told = vi.spyOn(console, "error").mockReturnValue();
  const looked: string[] = [];
  const frames = [
    new Frame(() => {
      throw new Error("planted");
    }),
    new Frame(() => looked.push("fine")),
  ];
  for (const frame of frames) frame.mark(() => {});
  await painted();
  expect(looked).toEqual(["fine"]);
  told.mockRestore();
});

test("a place that is closed or fails keeps no other from painting", async () => {
  const told = vi.spyOn(console, "error").mockReturnValue();
  const looked: string[] = [];
  const [closed, failing, fine] = ["closed", "failing", "fine"].map(
    (name) => new Frame(() => looked.push(name)),
  ) as [Frame, Frame, Frame];
  let paints = 0;
  closed.mark(() => paints++);
  failing.mark(() => {
    throw new Error("planted");
  });
  fine.mark(() => paints++);
  closed.close();
  await painted();
  expect([paints, looked]).toEqual([1, ["failing", "fine"]]);
  expect(told).toHaveBeenCalledOnce();
  told.mockRestore();
});
