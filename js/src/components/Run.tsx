// A run in a cell.
import type { WholeSession } from "../link/session";
import { TOP } from "../state/outline";
import { hasEnded } from "../state/run";
import { answerOf } from "../text/answer";
import * as words from "../text/words";
import { pure, useKeys, useModule } from "../view/hooks";
import { showsChat, type View } from "../view/view";
import { CopyButton } from "./CopyButton";
import { ErrorBox } from "./ErrorBox";
import { Header } from "./Header";
import { Incomplete } from "./Incomplete";
import { Milestones } from "./Milestones";
import { Question } from "./Question";
import { Reasoning } from "./Reasoning";
import { Scroller } from "./Scroller";
import { Sources } from "./Sources";
import { Time } from "./Time";
import { Tail, Transcript } from "./Transcript";
import { Blocks, Progress } from "./Workflow";

/**
 * A batch or a comparison: what its module draws; without that who runs and how it stands, over the
 * transcript.
 */
export function Batch({ view }: { view: View }) {
  const named = (view.session as WholeSession).model.get("_drawn_by") as "board" | undefined;
  const mod = useModule(view, named ?? "board");
  return (
    <>
      {mod ? <mod.Board view={view} /> : showsChat(view) || <Header view={view} />}
      <Incomplete view={view} />
    </>
  );
}

export function Run({ view }: { view: View }) {
  return (
    <>
      <Header view={view} />
      <Milestones view={view} />
      <Incomplete view={view} />
      <ForWorkflow view={view} shown={Progress} />
      <Scroller view={view} isOver={hasEnded(view.store.state)} foot={<CopyAnswer view={view} />}>
        <Question view={view} />
        <RunBody view={view} />
      </Scroller>
      <Time view={view} />
    </>
  );
}

/** What came of a question; a chat shows it for each turn. */
export function RunBody({ view }: { view: View }) {
  return (
    <>
      <Reasoning view={view} parent={TOP} />
      <ForWorkflow view={view} shown={Blocks} />
      <Transcript view={view} parent={TOP} />
      <Tail view={view} />
      <Empty view={view} />
      <ErrorBox view={view} />
      <Edited view={view} />
      <Sources view={view} />
    </>
  );
}

/** The module that shows blocks is asked for where there are any, and nowhere else. */
const ForWorkflow = pure(function ForWorkflow(props: { view: View; shown: typeof Progress }) {
  const { view, shown: Shown } = props;
  useKeys(view, "root");
  return view.store.state.kind === "workflow" ? <Shown view={view} /> : null;
});

/** That a hook changed the answer, or kept it back. */
const Edited = pure(function Edited({ view }: { view: View }) {
  useKeys(view, "root");
  const { edited } = view.store.state;
  if (edited === null) return null;
  return <p class="pw-edited">{edited === "blocked" ? words.blocked : words.modified}</p>;
});

/** That a run is done and has said nothing. */
const Empty = pure(function Empty({ view }: { view: View }) {
  useKeys(view, "status", "root");
  const { state } = view.store;
  const isEmpty =
    state.status === "completed" &&
    state.kind !== "workflow" &&
    state.edited === null &&
    answerOf(state).trim() === "";
  return isEmpty ? <p class="pw-note">{words.emptyAnswer}</p> : null;
});

function CopyAnswer({ view }: { view: View }) {
  useKeys(view, "status", "kernel");
  const { state } = view.store;
  if (!hasEnded(state) || answerOf(state) === "") return null;
  return <CopyButton label={words.copyAnswer} text={() => answerOf(state)} />;
}
