import { expect, test, vi } from "vitest";
import { Painter } from "../../src/view/painter";
import { painted } from "../page";

test("every view paints before any of them looks at what it has become", async () => {
  const done: string[] = [];
  const views = ["a", "b", "c"].map((name) => ({ name, painter: new Painter(() => look(name)) }));
  const look = (name: string) => done.push(`look ${name}`);
  for (const { name, painter } of views) {
    painter.mark(() => {
      done.push(`paint ${name}`);
      queueMicrotask(() => done.push(`draw ${name}`));
    });
  }
  await painted();
  const each = (verb: string) => ["a", "b", "c"].map((name) => `${verb} ${name}`);
  expect(done).toEqual([...each("paint"), ...each("draw"), ...each("look")]);
});

test("a view that fails to look keeps no other from looking", async () => {
  const told = vi.spyOn(console, "error").mockReturnValue();
  const looked: string[] = [];
  const painters = [
    new Painter(() => {
      throw new Error("planted");
    }),
    new Painter(() => looked.push("fine")),
  ];
  for (const painter of painters) painter.mark(() => {});
  await painted();
  expect(looked).toEqual(["fine"]);
  told.mockRestore();
});

test("a view that is closed or fails keeps no other from painting", async () => {
  const told = vi.spyOn(console, "error").mockReturnValue();
  const looked: string[] = [];
  const [closed, failing, fine] = ["closed", "failing", "fine"].map(
    (name) => new Painter(() => looked.push(name)),
  ) as [Painter, Painter, Painter];
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
