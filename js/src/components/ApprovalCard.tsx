// The requests that wait for one decision, and the buttons that make it.
import type { ComponentChildren, RefObject, TargetedKeyboardEvent } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { useArming } from "../approval/arming";
import { standingOf } from "../approval/decision";
import { hasFocus, refocus, useKeyboardFocus } from "../approval/keyboard";
import { stageOf, stages } from "../approval/request";
import { newId } from "../link/id";
import type { ToggleKey } from "../state/events";
import type { ApprovalPart } from "../state/wire";
import * as words from "../text/words";
import { useNow } from "../view/hooks";
import { isBare } from "../view/shortcuts";
import type { View } from "../view/view";
import { Request, Subject } from "./ApprovalRequest";
import { Button } from "./Button";
import { Visible } from "./Visible";

/** What a list of such cards says and offers beside what each does. */
export interface InList {
  /** What stands before the subject. */
  title: ComponentChildren;
  /** More buttons beside Deny, which may open its field. */
  more(open: () => void): ComponentChildren;
}

interface Props {
  view: View;
  indexes: readonly number[];
  list: InList | undefined;
}

export function ApprovalCard({ view, indexes, list }: Props) {
  const [id] = useState(newId); // the library's own would be the same in every widget of a page
  const [isDenying, setDenying] = useState(false);
  const card = useRef<HTMLElement>(null);
  const isLost = view.store.isAbandoned;
  const now = useNow(view, isLost ? 0 : 1_000);

  const parts = indexes.map((index) => view.store.state.parts[index] as ApprovalPart);
  const [first] = parts as [ApprovalPart];
  const digests = parts.map((part) => part.digest);
  const isOpen = (key: ToggleKey) => view.toggles.chosen(key) === true;
  const standing = standingOf(view, parts, isOpen);
  const { isBusy, whyInert, whyNotYet } = standing;
  const [isByKeyboard, isByKeyboardNow] = useKeyboardFocus(card);
  const [button, isArmed, isArmedNow] = useArming(`${digests} ${isDenying} ${isBusy}`);

  const canDeny = !isBusy && whyInert === null;
  const canApprove = canDeny && whyNotYet === null;
  const isDue = (): boolean =>
    parts.every(({ closes }) => closes === null || closes > view.store.kernel.now);
  const approve = () => {
    if (canApprove && isArmedNow() && isDue()) view.actions.act("approve", digests);
  };
  const deny = (reason: string) => {
    if (!canDeny || !isDue()) return;
    view.actions.act("deny", digests, reason.trim() || null);
    close();
  };
  const open = () => {
    if (!canDeny) return;
    view.follow?.hold();
    setDenying(true);
    // Where it is open already.
    card.current?.querySelector<HTMLElement>(".pw-input")?.focus({ preventScroll: true });
  };
  const close = () => setDenying(false);
  const onKey = (event: TargetedKeyboardEvent<HTMLElement>) => {
    if (event.target !== event.currentTarget || event.repeat || !isBare(event)) return;
    const key = event.key.toLowerCase();
    if ((key !== "a" && key !== "d") || !isByKeyboardNow()) return;
    event.preventDefault(); // a typed D would be the first letter of the reason
    (key === "a" ? approve : open)();
  };

  const isOne = parts.length === 1;
  const deadline = least(parts.map((part) => part.deadline));
  const gates = view.store.outline.approvalsOf(first.call ?? -1);
  const gate = isOne ? words.gate(gates.indexOf(indexes[0] as number)) : "";
  const areCalls = parts.every((part) => part.covers === "call");
  const all = words.requests(parts.length, areCalls);
  const isForm = isDenying && canDeny;
  // What is said for a moment stands between the buttons: a line of its own would move them.
  const isBrief = isBusy || (whyInert !== null && whyInert !== words.noKernel);
  const [shown, next] = stages(parts, isOpen);
  const showMore = (event: Event) => {
    view.follow?.hold();
    view.toggles.choose(stageOf(parts[shown] as ApprovalPart), true);
    view.store.changes.emit("actions"); // Approve may wait for this
    // This button may go, and would take the focus of who uses the keyboard with it.
    if ((event as UIEvent).detail === 0) refocus(card.current);
  };
  return (
    <section
      ref={card}
      class={`pw-card pw-ask${isLost ? " pw-ask-lost" : ""}${isByKeyboard ? " pw-ask-keyed" : ""}`}
      aria-labelledby={id}
      aria-describedby={`${id}-note`}
      aria-keyshortcuts="A D"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: its keys work only while it has focus
      tabIndex={0}
      // JupyterLab has commands on A and D, and on Escape and Enter in the field.
      data-lm-suppress-shortcuts="true"
      onKeyDown={onKey}
    >
      <div class="pw-ask-head">
        <strong class="pw-ask-title" id={id}>
          {isLost ? words.approvalMissed : (list?.title ?? words.approvalNeeded)}{" "}
          {isOne ? <Subject view={view} part={first} /> : all}
          {gate !== "" && <span class="pw-gate">, {gate}</span>}
        </strong>
        {deadline !== null && !isLost && !isBusy && (
          <span class="pw-took" role="timer" aria-live="off">
            {words.timeLeft(Math.ceil(deadline - now))}
          </span>
        )}
      </div>
      <div class="pw-open">
        {parts.slice(0, shown).map((part) => (
          <Request key={part.digest} view={view} part={part} isOne={isOne} />
        ))}
        {next > 0 && (
          <Button class="pw-quiet pw-more" onClick={showMore}>
            {words.moreRequests(next, parts.length - shown)}
          </Button>
        )}
        <p
          class={`pw-ask-note ${isBrief ? "pw-unseen" : "pw-note"}`}
          role="status"
          id={`${id}-note`}
        >
          <Visible text={standing.note} />
        </p>
        {isForm ? (
          <Reason requests={parts.length} deny={deny} close={close} card={card} />
        ) : (
          <div class="pw-acts">
            <Button class="pw-button pw-deny" aria-disabled={!canDeny} onClick={open}>
              {words.deny(parts.length)}
            </Button>
            {list?.more(open)}
            <span class="pw-covers">
              {canDeny && <span class="pw-shortcuts">{words.shortcuts}</span>}
              {isBrief ? (
                <span aria-hidden>{standing.note}</span>
              ) : isOne ? (
                words.coversOnly(first.covers)
              ) : (
                words.together(all)
              )}
            </span>
            <button
              type="button"
              ref={button}
              class="pw-button pw-approve"
              aria-disabled={!(canApprove && isArmed)}
              onClick={approve}
            >
              {words.approve(parts.length)}
            </button>
          </div>
        )}
      </div>
    </section>
  );
}

interface ReasonProps {
  requests: number;
  deny: (reason: string) => void;
  close: () => void;
  /** What gets the focus of the field when that goes. */
  card: RefObject<HTMLElement | null>;
}

/** The field that Deny opens. */
function Reason({ requests, deny, close, card }: ReasonProps) {
  const [id] = useState(newId);
  const form = useRef<HTMLDivElement>(null);
  // Also where it goes by itself, as its time is over: who types on would give commands.
  useLayoutEffect(() => () => hasFocus(form.current as HTMLElement) && refocus(card.current), []);
  const field = useRef<HTMLInputElement>(null);
  const [focus] = useState(() => (input: HTMLInputElement | null) => {
    field.current = input;
    input?.focus({ preventScroll: true });
  });
  const send = () => deny(field.current?.value ?? "");
  const onKey = (event: TargetedKeyboardEvent<HTMLInputElement>) => {
    event.stopPropagation(); // it is typing, in whatever the page around makes of keys
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.repeat) send(); // not by the key that has opened the field
    if (event.key === "Escape") close();
  };
  return (
    <div class="pw-reason" ref={form}>
      <label for={id}>{words.reason}</label>
      <div class="pw-acts">
        <input id={id} ref={focus} class="pw-input" maxLength={2_000} onKeyDown={onKey} />
        <Button class="pw-button pw-deny pw-firm" onClick={send}>
          {words.deny(requests)}
        </Button>
        <Button class="pw-quiet" onClick={close}>
          {words.cancel}
        </Button>
      </div>
    </div>
  );
}

const least = (values: (number | null)[]): number | null => {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.min(...known);
};
