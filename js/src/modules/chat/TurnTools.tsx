// What a turn came to, and what can be done with it.
import { answerOf, Button, CopyButton, isOver, pure, useKeys } from "../../core";
import { copy, duration, kernelBusy, stop, stopping, tokenCount } from "../../text/words";
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
  if (view.store.isLive) {
    return (
      <div class="pw-tools">
        <span class="pw-facts" />
        <TurnButton view={view} action="stop" label={stop} busy={stopping} />
      </div>
    );
  }
  const { writable, retried } = chat.store.state;
  return (
    <div class="pw-tools">
      <span class="pw-facts">{facts(view, retried.includes(index)).join(" · ")}</span>
      {writable && (
        <TurnButton view={view} action="retry" label={words.retry} busy={words.retrying} />
      )}
      {answerOf(state) !== "" && <CopyButton label={copy} text={() => answerOf(state)} />}
      <CopyButton label={words.copyPython} text={() => pythonOfTurn(chat.store.state, state)} />
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

interface TurnButtonProps {
  view: View;
  action: "retry" | "stop";
  label: string;
  busy: string;
}

/** A quiet button that answers at once. */
function TurnButton({ view, action, label, busy }: TurnButtonProps) {
  const { actions } = view;
  const sent = actions.latest(action);
  const isSent = sent !== undefined && !isOver(sent);
  const act = () => {
    if (actions.canAct) actions.act(action);
  };
  return (
    <Button class="pw-quiet" aria-disabled={isSent || !actions.canAct} onClick={act}>
      {sent?.state === "slow" ? kernelBusy : isSent ? busy : label}
    </Button>
  );
}
