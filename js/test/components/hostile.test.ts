import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Op, RunState } from "../../src/state/wire";
import { open, painted } from "../page";
import { approval, block, delegation, parallel, run, text, tool } from "../runs";

interface Entry {
  name: string;
  category: string;
  text: string | [string, number][];
}

const folder = join(import.meta.dirname, "../../../tests/hostile");
const ADDRESS = "https://leak.example";

/** Texts of at most some hundred characters: the long ones are tried in a browser. */
const LONGEST = 400;

const texts = readdirSync(folder)
  .filter((file) => file.endsWith(".json"))
  .flatMap((file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as Entry[])
  .flatMap(({ category, text: given }) =>
    typeof given === "string" && given.length <= LONGEST
      ? [{ category, text: given.replaceAll(/%URL%|%HOST%/g, ADDRESS) }]
      : [],
  );

/** A few texts of a kind in every field; the next few in the next. */
const categories = [...new Set(texts.map(({ category }) => category))];
const of = (category: string) =>
  texts.filter((each) => each.category === category).map((each) => each.text);

/** Where a text may stand, and the change that brings as much of it as has come. */
const PLACES: Record<string, (said: string) => [RunState, Op]> = {
  "a tool's name": (said) => set({ parts: [tool({ name: said })] }, ["parts", 0]),
  arguments: (said) => set({ parts: [tool({ arguments: said })] }, ["parts", 0]),
  "a result": (said) => set({ parts: [tool({ result: said, full: true })] }, ["parts", 0]),
  "a failure": (said) => set({ parts: [tool({ result: said, status: "failed" })] }, ["parts", 0]),
  "a message": (said) => set({ message: said }, ["message"]),
  "a request's message": (said) =>
    set({ parts: [approval({ message: said, tool_name: said, arguments: said })] }, ["parts", 0]),
  "an error": (said) =>
    set(
      {
        status: "failed",
        error: { title: said, message: `${said} `, code: said, hint: said, details: said },
      },
      ["error"],
    ),
  "a notice": (said) =>
    set(
      {
        parts: [{ kind: "notice", code: said, text: said, count: 1, within: null, details: said }],
      },
      ["parts", 0],
    ),
  "an agent": (said) =>
    set({ kind: "orchestration", parts: [delegation({ agent: said, task: said })] }, ["parts", 0]),
  "agents at once": (said) =>
    set({ kind: "orchestration", parts: [parallel({ agents: [said, said] })] }, ["parts", 0]),
  "a block": (said) =>
    set(
      {
        kind: "workflow",
        blocks: [block({ name: said, type: said, output: said, error: said, text: said })],
      },
      ["blocks", 0],
    ),
  "a citation": (said) =>
    set(
      {
        parts: [text("It [1] is.")],
        citations: [{ key: said, source: said, excerpt: said }],
      } as Partial<RunState>,
      ["citations"],
    ),
  "the answer": (said) => set({ parts: [text(said)] }, ["parts", 0]),
};

function set(given: Partial<RunState>, path: (string | number)[]): [RunState, Op] {
  const state = run({ status: "completed", started: null, ...given } as Partial<RunState>);
  let value: unknown = state;
  for (const key of path) value = (value as Record<string, unknown>)[key];
  return [state, ["set", path, structuredClone(value)] as Op];
}

const LIVE =
  "script,iframe,object,embed,link,meta,base,form,video,audio,source,picture,textarea,select,img";

/** What is live, or asks something of a server. */
function live(el: Element): string[] {
  return [...el.querySelectorAll("*")].flatMap((each) => [
    ...(each.matches(LIVE) && !each.getAttribute("src")?.startsWith("data:image/")
      ? [each.tagName]
      : []),
    ...[...each.attributes]
      .filter(({ name, value }) =>
        name === "href"
          ? !/^(?:https?|mailto):/.test(value)
          : /^on|^src(?:set|doc)$|action/.test(name),
      )
      .filter(({ name, value }) => !(name === "src" && value.startsWith("data:image/")))
      .map(({ name, value }) => `${name}=${value.slice(0, 60)}`),
  ]);
}

const openAll = (el: Element): void => {
  for (const row of el.querySelectorAll<HTMLElement>("[aria-expanded=false]")) row.click();
};

/** What is shown, without the sheets and what is only said as news. */
const seen = (el: Element): string =>
  [...el.querySelectorAll(".pw-head, .pw-body")]
    .map((each) => new XMLSerializer().serializeToString(each).replaceAll(/[\da-f]{32}/g, "id"))
    .join("");

const wide = Object.keys(PLACES).flatMap((place, at) =>
  categories.map((category, kind) => [place, category, (7 * at + kind) % 5] as const),
);

test.each(wide)(
  "%s grows by a character of %s as it is drawn at once",
  async (place, category, from) => {
    const put = PLACES[place] as (said: string) => [RunState, Op];
    // a fifth of them in each field, another in the next
    const said = of(category)
      .filter((_, index) => index % 5 === from)
      .slice(0, 2);
    for (const whole of said) {
      const grown = open({ ...put("")[0], status: "running" });
      const shown = grown.show();
      await painted();
      openAll(shown.el);
      const units = whole.split("");
      const found = new Set<string>();
      const every = Math.ceil(units.length / 6);
      for (let end = 1; end <= units.length; end++) {
        grown.change(put(whole.slice(0, end))[1]);
        if (end % every === 0) {
          await painted();
          for (const each of live(shown.el)) found.add(each);
        }
      }
      grown.change(["set", ["status"], put(whole)[0].status]);
      await painted();
      openAll(shown.el);
      await painted();
      const once = open(put(whole)[0]).show();
      await painted();
      openAll(once.el);
      await painted();
      expect([...found, ...live(shown.el), ...live(once.el)], whole).toEqual([]);
      expect(seen(shown.el), whole).toBe(seen(once.el));
      expect(seen(shown.el).length, whole).toBeGreaterThan(whole.length / 4);
      expect(Object.keys(Object.prototype)).toEqual([]);
      shown.remove();
      once.remove();
    }
  },
);
