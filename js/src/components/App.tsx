import type { FunctionComponent } from "preact";
import { TOP } from "../state/outline";
import { hasEnded } from "../state/run";
import { answerOf } from "../text/answer";
import * as words from "../text/words";
import { pure, useKeys } from "../view/hooks";
import type { View } from "../view/view";
import { CopyButton } from "./CopyButton";
import { Ending } from "./Ending";
import { ErrorBox } from "./ErrorBox";
import { Header } from "./Header";
import { Message } from "./Message";
import { Milestones } from "./Milestones";
import { Reasoning } from "./Reasoning";
import { Scroller } from "./Scroller";
import { Tail, Transcript } from "./Transcript";
import { Blocks, Progress } from "./Workflow";

/** A run in a cell. */
export function App({ view }: { view: View }) {
  return (
    <>
      <Header view={view} />
      <Milestones view={view} />
      <OfWorkflow view={view} shown={Progress} />
      <Scroller view={view} isOver={hasEnded(view.store.state)} foot={<Foot view={view} />}>
        <Message view={view} />
        <Story view={view} />
      </Scroller>
    </>
  );
}

/** What has come of a question. */
export function Story({ view }: { view: View }) {
  return (
    <>
      <Reasoning view={view} home={TOP} />
      <OfWorkflow view={view} shown={Blocks} />
      <Transcript view={view} home={TOP} />
      <Tail view={view} />
      <ErrorBox view={view} />
      <Ending view={view} />
    </>
  );
}

/** The module that shows blocks is asked for where there are any, and nowhere else. */
const OfWorkflow = pure(function OfWorkflow({ view, shown: Shown }: OfWorkflowProps) {
  useKeys(view, "root");
  return view.store.state.kind === "workflow" ? <Shown view={view} /> : null;
});

interface OfWorkflowProps {
  view: View;
  shown: FunctionComponent<{ view: View }>;
}

function Foot({ view }: { view: View }) {
  useKeys(view, "file");
  const { fileBytes } = view.store.kernel;
  return (
    <>
      {fileBytes > 0 && <span class="pw-note">{words.inTheFile(fileBytes)}</span>}
      <CopyAnswer view={view} />
    </>
  );
}

function CopyAnswer({ view }: { view: View }) {
  useKeys(view, "status", "kernel");
  const { state } = view.store;
  if (!hasEnded(state) || answerOf(state) === "") return null;
  return <CopyButton label={words.copyAnswer} text={() => answerOf(state)} />;
}
