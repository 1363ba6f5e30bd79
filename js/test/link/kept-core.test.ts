import { expect, test, vi } from "vitest";
import type { Model } from "../../src/link/host";
import { keepCore } from "../../src/link/kept-core";

interface Part {
  get: (name: string) => unknown;
  comm: { send: ReturnType<typeof vi.fn> };
}

const part = (code: string): Part => ({ get: () => code, comm: { send: vi.fn() } });

const modelOf = (parts: Record<string, Part>, core: unknown = ["IPY_MODEL_a", "IPY_MODEL_b"]) =>
  ({
    get: () => core,
    widget_manager: {
      get_model: (id: string) =>
        id in parts ? Promise.resolve(parts[id]) : Promise.reject(new Error("no such model")),
    },
  }) as unknown as Model;

const settled = () => new Promise((resolve) => setTimeout(resolve));

test("what the models lack is asked for once, however many widgets there are", async () => {
  const parts = { a: part(""), b: part("the second half") };
  for (let each = 0; each < 3; each += 1) keepCore(modelOf(parts));
  await settled();
  keepCore(modelOf(parts));
  await settled();
  expect(parts.a.comm.send.mock.calls).toEqual([[{ method: "request_state" }]]);
  expect(parts.b.comm.send).not.toHaveBeenCalled();
});

test("where there is no core, or no model of it, nothing is asked and nothing fails", async () => {
  const parts = { a: part("") };
  keepCore(modelOf(parts));
  for (const odd of [null, undefined, 7, "text", [null]]) keepCore(modelOf({}, odd));
  await settled();
  expect(parts.a.comm.send).toHaveBeenCalledTimes(1);
});
