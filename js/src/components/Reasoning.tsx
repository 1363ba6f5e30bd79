import { useRef } from "preact/hooks";
import { pure, useKeys, useToggle } from "../hooks";
import * as words from "../strings";
import type { View } from "../view";
import { Button } from "./Button";
import { Chevron } from "./Glyph";
import { StreamedText } from "./StreamedText";

/**
 * What the model thought. Open while it first thinks, it closes itself once; thinking again in a
 * later step doesn't open it, since by then there is something else to read.
 */
export const Reasoning = pure(function Reasoning({ view }: { view: View }) {
  useKeys(view, "reasoning", "kernel", "status");
  const { reasoning, parts } = view.store.state;
  const isThinking = reasoning.since !== null && !view.isAbandoned;
  const hasClosed = useRef(parts.length > 0);
  if (reasoning.thoughts.length > 0 && !isThinking) hasClosed.current = true;
  const [isOpen, toggle] = useToggle(view, "reasoning", isThinking && !hasClosed.current);
  const steps = reasoning.thoughts.length;
  if (steps === 0) return null;
  return (
    <div class="pw-thinking">
      <Button class="pw-pill" aria-expanded={isOpen} onClick={toggle}>
        <Chevron />
        <span class={isThinking ? "pw-live" : ""}>
          {isThinking ? words.thinking(steps) : words.thought(reasoning.seconds, steps)}
        </span>
      </Button>
      {isOpen && (
        <div class="pw-thoughts">
          {reasoning.thoughts.map((thought, index) => (
            <div key={index}>
              {steps > 1 && <div class="pw-label">{words.step(thought.step)}</div>}
              {thought.text === "" && !(isThinking && index === steps - 1) ? (
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
