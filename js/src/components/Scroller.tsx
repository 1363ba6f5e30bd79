// The box that scrolls, so that the notebook need not: bounded, or as tall as its content.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import * as words from "../text/words";
import { useToggle } from "../view/hooks";
import type { AnyView } from "../view/view";
import { Button } from "./Button";

interface Props {
  view: AnyView;
  /** Whether all has been there from the start: then it is read from its start. */
  isOver: boolean;
  children: ComponentChildren;
  /** What stands at the foot, beside the toggle. */
  foot: ComponentChildren;
}

export function Scroller({ view, isOver, children, foot }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const [isFollowing, setFollowing] = useState(true);
  const [wasOver] = useState(isOver); // then there is no latest to jump to
  const [isTall, setTall] = useState(false);
  const [isWhole, toggle] = useToggle(view, "whole", false);
  useLayoutEffect(() => {
    const element = box.current as HTMLDivElement;
    const follow = view.watch(element, () => setFollowing(follow.isFollowing), !wasOver);
    const scrolled = () => follow.scrolled();
    const sized = () => {
      follow.grown();
      // Once it was too tall the toggle stays: it must not come and go under the pointer.
      if (element.scrollHeight > element.clientHeight + 1) setTall(true);
    };
    const observer = new ResizeObserver(sized);
    observer.observe(element);
    observer.observe(body.current as HTMLDivElement);
    element.addEventListener("scroll", scrolled, { passive: true });
    sized();
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", scrolled);
    };
  }, [view]);
  return (
    <>
      <div class="pw-frame">
        <div
          ref={box}
          class={isWhole ? "pw-box pw-box-whole" : "pw-box"}
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
        {!isFollowing && !isWhole && !wasOver && (
          <Button class="pw-button pw-jump" onClick={() => view.follow?.jump()}>
            {words.jump}
          </Button>
        )}
      </div>
      <div class="pw-foot">
        {foot}
        {isTall && (
          <Button class="pw-quiet pw-whole" aria-expanded={isWhole} onClick={toggle}>
            {isWhole ? words.scrollAgain : words.showAll}
          </Button>
        )}
      </div>
    </>
  );
}
