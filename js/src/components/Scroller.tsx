// The box that scrolls, so that the notebook need not: bounded, or as tall as its content.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { asked } from "../text/asked";
import * as words from "../text/words";
import { useKeys, useToggle } from "../view/hooks";
import { onSized } from "../view/sized";
import { type AnyView, showsChat, type View } from "../view/view";
import { Button } from "./Button";
import { Grip } from "./Grip";
import { Visible } from "./Visible";

interface Props {
  view: AnyView;
  /** Whether all has been there from the start: then it is read from its start. */
  isOver: boolean;
  children: ComponentChildren;
  /** What stands at the foot, beside the toggle. */
  foot: ComponentChildren;
}

const USUAL = 640; // px, as the style has it
const BESIDE = 14; // px around a request that is scrolled to
const SEEN = 40; // px of a request that make it be seen

export function Scroller({ view, isOver, children, foot }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const footer = useRef<HTMLDivElement>(null);
  const isChat = showsChat(view);
  const run = isChat ? view.last() : (view as View);
  useKeys(run ?? view, "status", "kernel", "parts");
  const [isFollowing, setFollowing] = useState(true);
  const [isAskAside, setAskAside] = useState(false);
  const [isCut, setCut] = useState(false);
  const [isFull, setFull] = useState(false);
  const [more, setMore] = useState("");
  const [height, setHeight] = useState<number | null>(null);
  const [isWhole, toggle] = useToggle(view, "whole", view.limit === Infinity);
  const limit = height ?? (view.limit === Infinity ? USUAL : view.limit);
  const own = limit === USUAL ? null : `${limit}px`;
  // As tall as it may be, whatever is in it: what is added then doesn't lay out the page around it.
  const size = isWhole ? "pw-box-whole" : isFull ? "pw-box-full" : "";
  const isLive = run?.store.isLive === true;
  const isAsked = isLive && run.store.outline.approvalsWith("pending").length > 0;
  const now = useRef({ isAsked, isWhole, limit });
  now.current = { isAsked, isWhole, limit };

  useLayoutEffect(() => {
    const element = box.current as HTMLDivElement;
    /** Where the open request begins and ends, from the top of the box. */
    const ask = () => {
      const card = now.current.isAsked && [...element.querySelectorAll(".pw-ask")].at(-1);
      if (!card) return;
      const top = element.getBoundingClientRect().top;
      const { top: from, bottom: to } = card.getBoundingClientRect();
      return { from: from - top, to: to - top };
    };
    /** A reader at the end is brought to what is asked: to its end, or to its start if it's long. */
    const aim = () => {
      const found = ask();
      if (found === undefined) return;
      const { from, to } = found;
      const fits = to - from + 2 * BESIDE <= element.clientHeight;
      return element.scrollTop + (fits ? to + BESIDE - element.clientHeight : from - BESIDE);
    };
    const follow = view.watch(element, () => setFollowing(follow.isFollowing), !isOver, aim);
    const look = () => {
      const found = ask();
      const { clientHeight, scrollHeight, scrollTop } = element;
      setAskAside(
        found !== undefined &&
          Math.min(found.to, clientHeight) - Math.max(found.from, 0) < SEEN &&
          clientHeight > 0,
      );
      const edges = [
        scrollTop > 1 && "above",
        scrollHeight - scrollTop - clientHeight > 1 && "below",
      ];
      setMore(edges.filter(Boolean).join(" "));
    };
    const scrolled = () => {
      follow.scrolled();
      look();
    };
    view.painted = () => {
      follow.grown();
      look();
    };
    const sized = () => {
      view.painted();
      // The toggle must not go under the pointer that has just pressed it.
      const isHeld = footer.current?.matches(":hover,:focus-within") === true;
      const { isWhole, limit } = now.current;
      const isTaller = isWhole
        ? element.scrollHeight > limit
        : element.scrollHeight > element.clientHeight + 1;
      setCut((was) => isTaller || (was && isHeld));
      setFull(isTaller);
    };
    // Not now: each view that is drawn would have the browser lay out the page for itself.
    const endSized = onSized([element, body.current as HTMLDivElement], sized);
    element.addEventListener("scroll", scrolled, { passive: true });
    return () => {
      endSized();
      element.removeEventListener("scroll", scrolled);
    };
  }, [view]);
  return (
    <>
      <div class="pw-frame" data-pw-more={more}>
        <div
          ref={box}
          class={`pw-box ${size}`}
          style={{ maxHeight: isWhole ? null : own, height: isFull && !isWhole ? own : null }}
          role="log"
          aria-live="off"
          aria-label={words.transcript}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
          tabIndex={0}
        >
          <div ref={body} class="pw-body">
            {children}
          </div>
        </div>
        {isAsked && isAskAside ? (
          <Button class="pw-button pw-jump pw-awaits" onClick={() => view.follow?.jump()}>
            <strong>{words.waitsFor}</strong>{" "}
            <Visible kind="pw-name" text={asked(run.store.state)} />
          </Button>
        ) : (
          isLive &&
          !isFollowing &&
          !isWhole && (
            <Button class="pw-button pw-jump" onClick={() => view.follow?.jump()}>
              {words.jump}
            </Button>
          )
        )}
      </div>
      {!isWhole && (isCut || height !== null) && <Grip box={box} height={limit} set={setHeight} />}
      <div class="pw-foot" ref={footer}>
        {foot}
        {isCut && (
          <Button class="pw-quiet pw-whole" aria-expanded={isWhole} onClick={toggle}>
            {isWhole ? words.scrollAgain : words.showAll(isChat ? words.chat : words.run)}
          </Button>
        )}
      </div>
    </>
  );
}
