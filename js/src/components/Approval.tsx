// A request to a person, and what became of it.
import { useLayoutEffect, useRef } from "preact/hooks";
import { inherit } from "../approval/keyboard";
import { hasEnded } from "../state/run";
import type { ApprovalPart, ToolPart } from "../state/wire";
import { MOST_IN_LINE, quoted } from "../text/visible";
import * as words from "../text/words";
import { pure, useKeys } from "../view/hooks";
import type { View } from "../view/view";
import { ApprovalCard, type InList } from "./ApprovalCard";
import { Glyph } from "./Glyph";
import { ToolName, Visible } from "./Visible";

interface ApprovalProps {
  view: View;
  index: number;
  list?: InList;
}

export const Approval = pure(function Approval({ view, index, list }: ApprovalProps) {
  const { state, outline } = view.store;
  const part = state.parts[index] as ApprovalPart;
  useKeys(view, `parts/${index}`, `parts/${part.call ?? -1}`, "actions", "kernel", "status");
  if (part.decision !== "pending" || hasEnded(state))
    return <Decided view={view} part={part} index={index} />;
  // The server has one slot for decisions: all that is open at once is decided at once.
  // A copy: the card may draw itself once more before it learns that the list has changed.
  const together = [...outline.approvalsWith("pending")];
  if (together.at(-1) !== index) return <p class="pw-decided">{words.decidedBelow}</p>;
  return <ApprovalCard view={view} indexes={together} list={list} />;
});

/** Whether a decision was made here and the stream hasn't shown yet what came of it. */
const isUnderWay = (view: View, { decision }: ApprovalPart): boolean =>
  // What was on its way when the kernel went will never be known.
  decision === "sending" && view.store.isLive;

/** The status of a call as its card shows it: what a person has denied doesn't wait any more. */
export function statusOfCall(view: View, index: number): ToolPart["status"] {
  const { outline, state } = view.store;
  const status = view.store.statusOf(state.parts[index] as ToolPart);
  const gate = state.parts[outline.approvalsOf(index).at(-1) ?? -1] as ApprovalPart | undefined;
  const isDenied = gate !== undefined && gate.choice === "deny" && isUnderWay(view, gate);
  return status === "waiting" && isDenied ? "denied" : status;
}

/** Whether what became of a call stands in the line of its request. */
export const isRefused = (view: View, index: number): boolean =>
  view.store.outline
    .approvalsOf(index)
    .some((gate) =>
      /^(denied|expired)$/.test((view.store.state.parts[gate] as ApprovalPart).decision),
    );

const GLYPH: Partial<Record<ApprovalPart["decision"], ToolPart["status"]>> = {
  approved: "done",
  denied: "denied",
  expired: "denied",
};

function Decided({ view, part, index }: { view: View; part: ApprovalPart; index: number }) {
  const { decision, reason, covers, choice } = part;
  const call = view.store.state.parts[part.call ?? -1];
  const isChanged =
    decision === "approved" &&
    call?.kind === "tool" &&
    call.asked !== null &&
    (call.arguments !== part.arguments || call.withheld?.digest !== part.withheld?.digest);
  const gate = words.gate(view.store.outline.approvalsOf(part.call ?? -1).indexOf(index));
  const goesOn = choice !== null && isUnderWay(view, part);
  const isTaken = !goesOn || part.delivery === "taken";
  const isUnknown = !goesOn && (decision === "unknown" || decision === "sending");
  const shown = goesOn ? ({ approve: "approved", deny: "denied" } as const)[choice] : decision;
  const line = useRef<HTMLParagraphElement>(null);
  useLayoutEffect(() => inherit(line.current), []);
  return (
    // A key that is pressed once more is no command of the notebook's.
    <p class="pw-decided" ref={line} tabIndex={-1} data-lm-suppress-shortcuts="true">
      <Glyph status={isTaken ? (GLYPH[shown] ?? "interrupted") : "running"} />
      {goesOn ? words.goesOn(choice, part) : words.decided(part)}
      {gate !== "" && `, ${gate}`}
      {covers !== "call" ? `: ${words.covers[covers]}` : part.call === null && ": "}
      {covers === "call" && part.call === null && <ToolName view={view} name={part.tool_name} />}
      {part.by !== "stop" && reason !== null && reason !== "" && (
        <>
          {": "}
          <span class="pw-reasoned" dir="auto">
            <Visible text={quoted(reason)} most={MOST_IN_LINE} exact />
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
