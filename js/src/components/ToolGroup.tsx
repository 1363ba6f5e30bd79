// The line that stands for several calls of one tool in a row.
import type { CallGroup } from "../state/outline";
import type { ToolPart } from "../state/wire";
import * as words from "../text/words";
import { TOOL_STATUS } from "../text/words";
import { pure, useKeys, useToggle } from "../view/hooks";
import type { View } from "../view/view";
import { Button } from "./Button";
import { Glyph } from "./Glyph";
import { ToolName } from "./Visible";

/** The statuses that are counted in a group, those that matter most first. */
const COUNTED: readonly ToolPart["status"][] = [
  "running",
  "waiting",
  "failed",
  "denied",
  "interrupted",
];

/**
 * Whether the calls of a group are shown. They stay where they are in the page, shown or not, so
 * that nothing is drawn anew when a third call makes a group of two cards.
 */
export function useGroupToggle(view: View, group: CallGroup | undefined): [boolean, () => void] {
  // Who has opened one of the first cards is reading it: the group doesn't hide it.
  const isRead = isReading(view, group?.calls.slice(0, 3));
  return useToggle(view, `group/${group?.calls[0] ?? -1}`, isRead);
}

/** Whether a person has opened one of these cards. */
export const isReading = (view: View, calls: readonly number[] = []): boolean =>
  calls.some((call) => view.toggles.chosen(`card/${call}`) === true);

export const ToolGroup = pure(function ToolGroup({ view, start }: { view: View; start: number }) {
  useKeys(view, `group/${start}`, "kernel", "status");
  const group = view.store.outline.group(start);
  const [isOpen, toggle] = useGroupToggle(view, group);
  if (group === undefined) return null;
  const counts = shownCounts(view, group);
  const counted = COUNTED.flatMap((status) => {
    const calls = counts.get(status) ?? 0;
    return calls === 0 ? [] : [{ status, calls }];
  });
  const shown = counted[0]?.status ?? "done";
  return (
    <div class={`pw-card pw-group pw-is-${shown}`}>
      <Button class="pw-row" aria-expanded={isOpen} onClick={toggle}>
        <Glyph status={shown} />
        <span class="pw-unseen">{TOOL_STATUS[shown]}: </span>
        <ToolName view={view} name={group.name} />
        <span class="pw-calls">{words.group(group.calls.length)}</span>
        <span class="pw-sums">
          {counted.map(({ status: each, calls }) => (
            <span key={each} class={`pw-tally pw-is-${each}`}>
              {words.groupPart(calls, each)}
            </span>
          ))}
        </span>
      </Button>
    </div>
  );
});

/** How many calls are shown in which status. */
function shownCounts(view: View, { counts }: CallGroup): ReadonlyMap<ToolPart["status"], number> {
  const shown = new Map<ToolPart["status"], number>();
  for (const [status, calls] of counts) {
    const as = view.store.statusOf({ status });
    shown.set(as, (shown.get(as) ?? 0) + calls);
  }
  return shown;
}
