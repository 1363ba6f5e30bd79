// The signs of blocks: of their types and their states.
import { Glyph, Icon } from "../../core";
import type { Block } from "../../state/wire";

const TYPES: [type: RegExp, path: string][] = [
  [/^(start|starter|trigger|input)$/, "M5 3.5l7.5 4.5L5 12.5z"],
  [/^(code|function|python|script)$/, "M6 4L2.5 8 6 12M10 4l3.5 4L10 12"],
  [/^(condition|if|router|switch)$/, "M8 2l6 6-6 6-6-6z"],
  [/^(agent|llm|model)$/, "M8 1.8l1.6 4.6L14.2 8l-4.6 1.6L8 14.2 6.4 9.6 1.8 8l4.6-1.6z"],
  [/^(orchestration|team)$/, "M8 5.5v3M4.5 11V8.5h7V11M6 2.5h4v3H6zM2.5 11h4v3h-4zM9.5 11h4v3h-4z"],
  [
    /(?:^|_)(?:api|http|request|webhook)$/,
    "M2.5 5.5h10.5M10.5 3L13 5.5 10.5 8M13.5 10.5H3M5.5 8L3 10.5 5.5 13",
  ],
  [/^(split|parallel|merge|join)$/, "M2 8h4l4-4h4M6 8l4 4h4"],
  [/^(response|output|end)$/, "M13 3v5.5H3.5M6.5 5.5l-3 3 3 3"],
];
const OTHER = "M3.5 3.5h9v9h-9z";

const STATES: Partial<Record<Block["status"], string>> = {
  pending: "M8 4.5a3.5 3.5 0 100 7 3.5 3.5 0 000-7",
  skipped: "M4 8h8",
  not_reached: "M4 8h8",
};

/** The sign of a block's type; the word for it stands in the row. */
export const TypeSign = ({ type }: { type: string }) => (
  <Icon path={TYPES.find(([known]) => known.test(type))?.[1] ?? OTHER} kind="pw-block-sign" />
);

export function StateSign({ status }: { status: Block["status"] }) {
  const path = STATES[status];
  if (path !== undefined) return <Icon path={path} />;
  return <Glyph status={status as "running" | "done" | "failed" | "interrupted"} />;
}
