// Everything that happened within a part, or at the top, in order.
import { Component, type ComponentChildren } from "preact";
import * as words from "../text/words";
import { pure, useKeys } from "../view/hooks";
import type { View } from "../view/view";
import { Approval } from "./Approval";
import { Delegation } from "./Delegation";
import { Notice } from "./Notice";
import { StreamedText } from "./StreamedText";
import { ToolCard } from "./ToolCard";
import { ToolGroup } from "./ToolGroup";

const SECTION = 50; // parts compared when one is added, however long the run is

export const Transcript = pure(function Transcript({
  view,
  parent,
}: {
  view: View;
  parent: number;
}) {
  useKeys(view, `within/${parent}`);
  const list = view.store.outline.childrenOf(parent);
  const sections = [];
  for (let from = 0; from < list.length; from += SECTION) {
    const to = Math.min(from + SECTION, list.length);
    sections.push(<Section key={from} view={view} list={list} from={from} to={to} />);
  }
  return <>{sections}</>;
});

interface SectionProps {
  view: View;
  /** The indexes of the parts; it only grows, or another list takes its place. */
  list: readonly number[];
  from: number;
  to: number;
}

const Section = pure(function Section({ view, list, from, to }: SectionProps) {
  return (
    <>
      {list.slice(from, to).map((index) => (
        <PartView key={index} view={view} index={index} />
      ))}
    </>
  );
});

const PartView = pure(function PartView({ view, index }: { view: View; index: number }) {
  const { outline, state } = view.store;
  const part = state.parts[index];
  // Only of a text it matters whether the agent it is of has ended.
  const parent = part?.kind === "text" ? outline.parent(index) : index;
  useKeys(view, `parts/${index}`, `parts/${parent}`, "status", "kernel");
  switch (part?.kind) {
    case "text": {
      const isLive = isWriting(view, index) && view.store.status === "running";
      return (
        <div class={isLive ? "pw-answer pw-writing" : "pw-answer"} key="text">
          <StreamedText view={view} kind="pw-text" path={`parts/${index}/text`} />
        </div>
      );
    }
    case "tool": {
      if (outline.isDelegated(index)) return null;
      const group = outline.group(index);
      return (
        <Guard key="tool">
          {group?.calls[0] === index && <ToolGroup key="group" view={view} start={index} />}
          <ToolCard key="card" view={view} index={index} />
        </Guard>
      );
    }
    case "approval":
      return outline.isAttached(index) ? null : (
        <Guard key="approval">
          <Approval view={view} index={index} />
        </Guard>
      );
    case "notice":
      return <Notice key="notice" view={view} index={index} />;
    case "delegation":
    case "parallel":
      return (
        <Guard key="work">
          <Delegation view={view} index={index} />
        </Guard>
      );
    default:
      return null;
  }
});

/** Whether a text is the one that grows: the last part, unless the agent it is of has ended. */
function isWriting({ store }: View, index: number): boolean {
  const { parts } = store.state;
  const parent = parts[store.outline.parent(index)] as { status?: string } | undefined;
  const isOpen = parent === undefined || parent.status === "running";
  return index === parts.length - 1 && parts[index]?.kind === "text" && isOpen;
}

/** One part that can't be drawn must not take the others with it. */
class Guard extends Component<{ children: ComponentChildren }, { failed: boolean }> {
  override state = { failed: false };
  static override getDerivedStateFromError() {
    return { failed: true };
  }
  override render() {
    return this.state.failed ? <p class="pw-notice">{words.unreadable}</p> : this.props.children;
  }
}

/** A sign of life where nothing else moves: between the steps. */
export const Tail = pure(function Tail({ view }: { view: View }) {
  useKeys(view, "parts", "open", "work", "blocks", "reasoning", "status", "kernel");
  const { state, outline } = view.store;
  const moves = outline.open > 0 || outline.working !== undefined || state.blocks.length > 0;
  const isIdle =
    moves || view.store.status !== "running" || isWriting(view, state.parts.length - 1);
  const isThinking = state.reasoning.since !== null;
  if (isIdle || (isThinking && state.parts.length === 0)) return null;
  return (
    <p class="pw-working">
      <span class="pw-dots" aria-hidden>
        <i />
        <i />
        <i />
      </span>
      {isThinking ? words.thinking(1) : words.working}
    </p>
  );
});
