import { Component, type ComponentChildren } from "preact";
import { pure, useKeys } from "../hooks";
import * as words from "../strings";
import { hasEnded, type View } from "../view";
import { Approval } from "./Approval";
import { Notice } from "./Notice";
import { StreamedText } from "./StreamedText";
import { ToolCard } from "./ToolCard";
import { ToolGroup } from "./ToolGroup";

const SECTION = 50; // parts compared when one is added, however long the run is

/** Everything that happened, in order. */
export const Transcript = pure(function Transcript({ view }: { view: View }) {
  useKeys(view, "parts");
  const { length } = view.store.state.parts;
  const sections = [];
  for (let from = 0; from < length; from += SECTION) {
    const to = Math.min(from + SECTION, length);
    sections.push(<Section key={from} view={view} from={from} to={to} />);
  }
  return <>{sections}</>;
});

interface SectionProps {
  view: View;
  from: number;
  to: number;
}

const Section = pure(function Section({ view, from, to }: SectionProps) {
  const parts = [];
  for (let index = from; index < to; index++) {
    parts.push(<PartView key={index} view={view} index={index} />);
  }
  return <>{parts}</>;
});

const PartView = pure(function PartView({ view, index }: { view: View; index: number }) {
  useKeys(view, `parts/${index}`, "status", "kernel");
  const { parts } = view.store.state;
  const part = parts[index];
  const { outline } = view.store;
  switch (part?.kind) {
    case "text": {
      const isLive = index === parts.length - 1 && view.status === "running";
      return (
        <div class={isLive ? "pw-answer pw-writing" : "pw-answer"} key="text">
          <StreamedText view={view} kind="pw-text" path={`parts/${index}/text`} />
        </div>
      );
    }
    case "tool": {
      const group = outline.group(index);
      return (
        <Guard key="tool">
          {group?.start === index && <ToolGroup key="group" view={view} start={index} />}
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
    default:
      return null;
  }
});

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
  useKeys(view, "parts", "open", "reasoning", "status", "kernel");
  const { state, outline } = view.store;
  const isWriting = state.parts.at(-1)?.kind === "text";
  const isIdle = hasEnded(state) || view.status !== "running" || isWriting || outline.open > 0;
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
