// A request to a person, and what became of it.
import { hasEnded } from "../state/run";
import type { ApprovalPart, ToolPart } from "../state/wire";
import { quoted } from "../text/visible";
import * as words from "../text/words";
import { pure, useKeys } from "../view/hooks";
import type { View } from "../view/view";
import { ApprovalCard } from "./ApprovalCard";
import { Glyph } from "./Glyph";
import { ToolName, Visible } from "./Visible";

export const Approval = pure(function Approval({ view, index }: { view: View; index: number }) {
  const { state, outline } = view.store;
  const part = state.parts[index] as ApprovalPart;
  useKeys(view, `parts/${index}`, `parts/${part.call ?? -1}`, "actions", "kernel", "status");
  const { decision } = part;
  const isAsked =
    !hasEnded(state) &&
    // What was on its way when the kernel went will never be known.
    (decision === "pending" || (decision === "sending" && !view.store.isAbandoned));
  if (!isAsked) return <Decided view={view} part={part} index={index} />;
  // The server has one slot for decisions: all that is open at once is decided at once.
  const together = outline.approvalsWith(decision);
  if (together.at(-1) !== index) return <p class="pw-decided">{words.decidedBelow}</p>;
  return <ApprovalCard view={view} indexes={together} />;
});

const GLYPH: Partial<Record<ApprovalPart["decision"], ToolPart["status"]>> = {
  approved: "done",
  denied: "denied",
  expired: "denied",
};

function Decided({ view, part, index }: { view: View; part: ApprovalPart; index: number }) {
  const { decision, reason, covers } = part;
  const call = view.store.state.parts[part.call ?? -1];
  const isChanged =
    decision === "approved" &&
    call?.kind === "tool" &&
    call.asked !== null &&
    (call.arguments !== part.arguments || call.withheld?.digest !== part.withheld?.digest);
  const gate = words.gate(view.store.outline.approvalsOf(part.call ?? -1).indexOf(index));
  const isUnknown = decision === "unknown" || decision === "sending";
  return (
    <p class="pw-decided">
      <Glyph status={GLYPH[decision] ?? "interrupted"} />
      {words.decided(part)}
      {gate !== "" && `, ${gate}`}
      {covers !== "call" ? `: ${words.covers[covers]}` : part.call === null && ": "}
      {covers === "call" && part.call === null && <ToolName name={part.tool_name} />}
      {reason !== null && reason !== "" && (
        <>
          {": "}
          <span class="pw-reasoned" dir="auto">
            <Visible text={quoted(reason)} />
          </span>
        </>
      )}
      {isUnknown && part.outcome !== null && (
        <>
          {". "}
          <Visible text={part.outcome} />
        </>
      )}
      {isChanged && <span class="pw-warn">. {words.changedAfter}</span>}
    </p>
  );
}
