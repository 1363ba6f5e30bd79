// The box to type in, what waits above it, and what is to be said about both.
import type { TargetedKeyboardEvent } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Button, newId, pure, useKeys } from "../../core";
import { kernelQuiet } from "../../text/words";
import type { ChatView } from "../../view/view";
import { type Outgoing, outgoingOf } from "./outgoing";
import { Queue } from "./Queue";
import { Recall } from "./recall";
import chatCss from "./style.css?inline";
import * as words from "./words";

const TALLEST = 220; // px

export const Composer = pure(function Composer({ view }: { view: ChatView }) {
  useKeys(view, "chat", "turns", "kernel", "actions");
  const [id] = useState(newId);
  const out = outgoingOf(view);
  const field = useRef<HTMLTextAreaElement>(null);
  const [recall] = useState(() => new Recall(() => said(view, out)));
  const [isTriedInVain, tryInVain] = useState(false);
  const { state } = view.store;
  const { canAct, nonce } = view.actions;
  const isBusy = useIsBusy(view) || state.queued.length > 0;

  const put = (text: string) => {
    const box = field.current as HTMLTextAreaElement;
    box.value = text;
    out.draft = text;
    grow(box);
  };
  useLayoutEffect(() => {
    out.start();
    if (field.current !== null) put(out.draft);
  }, [view]);

  const send = () => {
    const text = field.current?.value ?? "";
    if (text.trim() === "") return;
    const isSent = out.send(text);
    tryInVain(!isSent);
    if (!isSent) return;
    recall.leave();
    put("");
    view.follow?.jump();
  };
  const edit = (text: string) => {
    const box = field.current as HTMLTextAreaElement;
    const before = box.value;
    const both = [text, before].filter((each) => each.trim() !== "").join("\n\n");
    put(both);
    box.focus({ preventScroll: true });
    return () => {
      if (box.value === both) put(before);
    };
  };
  const onKey = (event: TargetedKeyboardEvent<HTMLTextAreaElement>) => {
    event.stopPropagation(); // it is typing, in whatever the page around makes of keys
    // 229: an input method is at work, in browsers that say so too late.
    if (event.isComposing || event.keyCode === 229) return;
    const box = event.currentTarget;
    const { value: text, selectionStart, selectionEnd } = box;
    const caret = selectionStart === selectionEnd ? selectionStart : null;
    const isPlain = !(event.shiftKey || event.ctrlKey || event.metaKey || event.altKey);
    let shown: string | null = null;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      if (!event.repeat) send();
    } else if (event.key === "ArrowUp" && isPlain) shown = recall.up({ text, caret });
    else if (event.key === "ArrowDown" && isPlain) shown = recall.down({ text, caret });
    else if (event.key === "Escape") {
      if (recall.isShowing(text)) shown = recall.leave();
      else leave(box);
    }
    if (shown === null) return;
    event.preventDefault();
    put(shown);
    box.setSelectionRange(shown.length, shown.length);
  };

  if (!state.writable) return <style>{chatCss}</style>;
  const isGone = view.store.kernel.liveness === "gone";
  const inert = isGone ? words.noKernel : isTriedInVain && !canAct ? kernelQuiet : "";
  return (
    <div
      class="pw-composer"
      // JupyterLab has commands on Enter, Shift+Enter, Escape and the arrows.
      data-lm-suppress-shortcuts="true"
    >
      <style>{chatCss}</style>
      <Queue view={view} out={out} edit={edit} />
      <p class="pw-note pw-inert" role="status">
        {inert}
      </p>
      <div class="pw-type">
        <label class="pw-unseen" for={id}>
          {words.message}
        </label>
        <textarea
          id={id}
          ref={field}
          class="pw-input"
          rows={1}
          placeholder={isBusy ? words.askNext : words.ask(state.name)}
          enterkeyhint="send"
          autocomplete="off"
          onInput={(event) => {
            out.draft = event.currentTarget.value;
            grow(event.currentTarget);
          }}
          onKeyDown={onKey}
        />
        <Button
          class="pw-button pw-send"
          aria-disabled={nonce === null}
          title={words.keys}
          onClick={send}
        >
          {isBusy ? words.queue : words.send}
        </Button>
      </div>
    </div>
  );
});

/** Whether an answer is coming; drawn again when that changes. */
function useIsBusy(view: ChatView): boolean {
  const last = view.last();
  useKeys(last ?? view, "status", "kernel");
  return last?.store.isLive === true;
}

/** What was said so far, oldest first, each text once in a row. */
function said({ store: { state } }: ChatView, { messages }: Outgoing): string[] {
  const texts = [
    ...state.order.map((index) => state.turns[index]?.message ?? ""),
    ...state.queued.map(({ text }) => text),
    ...messages.map(({ text }) => text),
  ];
  return texts.filter((text, index) => text !== "" && text !== texts[index - 1]);
}

/** From the box to what was said, which the keyboard can scroll. */
function leave(box: HTMLElement): void {
  box.blur();
  box.closest(".pw")?.querySelector<HTMLElement>(".pw-box")?.focus({ preventScroll: true });
}

function grow(box: HTMLTextAreaElement): void {
  box.style.height = "auto";
  // The border isn't part of what scrolls.
  box.style.height = `${Math.min(box.scrollHeight + 2, TALLEST)}px`;
}
