// A chat in a cell: its turns, one under another in one box. What is typed and what is done with
// a turn is the module's; without it the turns can be read.
import * as words from "../text/words";
import { pure, useKeys, useModule } from "../view/hooks";
import type { ChatView } from "../view/view";
import { Header } from "./Header";
import { Incomplete } from "./Incomplete";
import { Milestones } from "./Milestones";
import { Question } from "./Question";
import { RunBody } from "./Run";
import { Scroller } from "./Scroller";
import { Time } from "./Time";
import { Visible } from "./Visible";

export function Chat({ view }: { view: ChatView }) {
  useKeys(view, "turns");
  const mod = useModule(view, "chat");
  const { order, state } = view.store;
  const last = view.last();
  return (
    <>
      {last === undefined ? (
        <header class="pw-head">
          <span class="pw-dot pw-dot-stopped" aria-hidden />
          <strong class="pw-status">{words.ready}</strong>
          <span class="pw-who">
            {state.kind} <Visible text={state.name} />
          </span>
        </header>
      ) : (
        <Header key={order.at(-1)} view={last} totals={view.store.totals} />
      )}
      <Incomplete view={view} />
      <Scroller view={view} isOver={false} foot={null}>
        {mod && <mod.Earlier view={view} />}
        {order.map((index) => (
          <Turn key={index} view={view} index={index} />
        ))}
        {mod && <mod.OnTheWay view={view} />}
      </Scroller>
      {mod && <mod.Composer view={view} />}
    </>
  );
}

const Turn = pure(function Turn({ view, index }: { view: ChatView; index: number }) {
  const mod = useModule(view, "chat");
  const turn = view.turn(index);
  return (
    <article class="pw-turn">
      <Question view={turn} />
      <RunBody view={turn} />
      <Time view={turn} />
      <Milestones view={turn} />
      {mod && <mod.TurnTools chat={view} view={turn} index={index} />}
    </article>
  );
});
