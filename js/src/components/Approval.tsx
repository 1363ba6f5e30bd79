import { pure, useKeys } from "../hooks";
import * as words from "../strings";
import { DECISION } from "../strings";
import type { View } from "../view";
import type { ApprovalPart } from "../wire";
import { Arguments } from "./Arguments";
import { ToolName } from "./ToolCard";
import { Visible } from "./Visible";

/** A request to a person, and what became of it. */
export const Approval = pure(function Approval({ view, index }: { view: View; index: number }) {
  useKeys(view, `parts/${index}`, "kernel", "status");
  const part = view.store.state.parts[index] as ApprovalPart;
  const isOpen = (part.decision === "pending" || part.decision === "sending") && !view.isAbandoned;
  return isOpen ? <Request part={part} /> : <Decided part={part} isLost={view.isAbandoned} />;
});

function Request({ part }: { part: ApprovalPart }) {
  return (
    <section class="pw-card pw-ask">
      <div class="pw-ask-head">
        <strong class="pw-ask-title">
          {words.approvalNeeded} <What part={part} />
        </strong>
      </div>
      <div class="pw-open">
        {part.message !== "" && (
          <p class="pw-quote">
            “<Visible text={part.message} />”
          </p>
        )}
        <Arguments source={part.arguments} />
        <p class="pw-note">{DECISION[part.decision]}</p>
      </div>
    </section>
  );
}

function Decided({ part, isLost }: { part: ApprovalPart; isLost: boolean }) {
  const decision = isLost && part.decision === "pending" ? "undecided" : part.decision;
  return (
    <p class="pw-decided">
      {DECISION[decision]}
      {part.by !== null && ` ${words.by(part.by)}`}: <What part={part} />
      {part.reason !== null && part.reason !== "" && (
        <>
          {" “"}
          <Visible text={part.reason} />”
        </>
      )}
    </p>
  );
}

function What({ part }: { part: ApprovalPart }) {
  if (part.covers !== "call") return <>{words.covers[part.covers]}</>;
  return <ToolName name={part.tool_name} />;
}
