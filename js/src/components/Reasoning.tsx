// What the model thought, or an agent in its delegation. Open while it first thinks, it closes
// itself once; thinking again in a later step doesn't open it, since by then there is something
// else to read.
import { useRef } from "preact/hooks";
import { TOP } from "../state/outline";
import * as words from "../text/words";
import { pure, useKeys, useToggle } from "../view/hooks";
import type { View } from "../view/view";
import { Button } from "./Button";
import { Chevron } from "./Glyph";
import { StreamedText } from "./StreamedText";

export const Reasoning = pure(function Reasoning({ view, parent }: { view: View; parent: number }) {
  useKeys(view, "reasoning", "kernel", "status");
  const { outline, state } = view.store;
  const { since, seconds, thoughts } = state.reasoning;
  const own = [...thoughts.entries()].filter(([, { within }]) => (within ?? TOP) === parent);
  const steps = own.length;
  const isLast = own.at(-1)?.[0] === thoughts.length - 1;
  const isThinking = since !== null && isLast && !view.store.isAbandoned;
  const hasClosed = useRef(outline.childrenOf(parent).length > 0);
  if (steps > 0 && !isThinking) hasClosed.current = true;
  const [isOpen, toggle] = useToggle(view, `reasoning/${parent}`, isThinking && !hasClosed.current);
  if (steps === 0) return null;
  // The time is that of all thinking, whoever thought.
  const spent = steps === thoughts.length ? seconds : 0;
  return (
    <div class="pw-thinking">
      <Button class="pw-pill" aria-expanded={isOpen} onClick={toggle}>
        <Chevron />
        <span class={isThinking ? "pw-live" : ""}>
          {isThinking ? words.thinking(steps) : words.thought(spent, steps)}
        </span>
      </Button>
      {isOpen && (
        <div class="pw-thoughts">
          {own.map(([index, thought]) => (
            <div key={index}>
              {steps > 1 && <div class="pw-label">{words.step(thought.step)}</div>}
              {thought.text === "" && !(isThinking && index === thoughts.length - 1) ? (
                <p class="pw-note">{words.noThought}</p>
              ) : (
                <StreamedText
                  view={view}
                  kind="pw-thought"
                  path={`reasoning/thoughts/${index}/text`}
                />
              )}
            </div>
          ))}
        </div>
      )}
    </div>
  );
});
