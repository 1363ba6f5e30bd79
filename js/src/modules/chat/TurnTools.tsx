// What a turn came to, and what can be done with it.
import { answerOf, Button, CopyButton, isOver, pure, useKeys } from "../../core";
import { copy, duration, kernelBusy, tokenCount } from "../../text/words";
import type { ChatView, View } from "../../view/view";
import { pythonOfTurn } from "./python";
import * as words from "./words";

interface Props {
  chat: ChatView;
  view: View;
  index: number;
}

export const TurnTools = pure(function TurnTools({ chat, view, index }: Props) {
  useKeys(view, "root", "status", "kernel", "actions");
  useKeys(chat, "chat");
  const { state } = view.store;
  if (view.store.isLive) return null; // Stop stands in the header
  const { writable, retried } = chat.store.state;
  return (
    <div class="pw-tools">
      <span class="pw-facts">{facts(view, retried.includes(index)).join(" · ")}</span>
      <span class="pw-deeds">
        {writable && <Retry view={view} />}
        {answerOf(state) !== "" && <CopyButton label={copy} text={() => answerOf(state)} />}
        <CopyButton label={words.copyPython} text={() => pythonOfTurn(chat.store.state, state)} />
      </span>
    </div>
  );
});

function facts(view: View, isRetried: boolean): string[] {
  const { started, ended, usage, origin } = view.store.state;
  const said = [words.ended[view.store.status] ?? ""];
  if (started !== null && ended !== null) said.push(duration(ended - started));
  if (usage?.total_tokens) said.push(tokenCount(usage.total_tokens));
  if (origin === "stored") said.push(words.stored(started));
  if (isRetried) said.push(words.retried);
  return said.filter((each) => each !== "");
}

/** A quiet button that answers at once. */
function Retry({ view: { actions } }: { view: View }) {
  const sent = actions.latest("retry");
  const isSent = sent !== undefined && !isOver(sent);
  const act = () => {
    if (actions.canAct) actions.act("retry");
  };
  return (
    <Button class="pw-quiet" aria-disabled={isSent || !actions.canAct} onClick={act}>
      {sent?.state === "slow" ? kernelBusy : isSent ? words.retrying : words.retry}
    </Button>
  );
}
