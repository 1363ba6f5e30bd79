// What was asked, in one quiet line; a long question opens.
import { oneLine } from "../text/glance";
import * as words from "../text/words";
import { pure, useKeys, useModule, useToggle } from "../view/hooks";
import type { View } from "../view/view";
import { Button } from "./Button";
import { Chevron } from "./Glyph";
import { Visible } from "./Visible";

const SHORT = 90; // characters that need no opening

export const Question = pure(function Question({ view }: { view: View }) {
  useKeys(view, "root");
  const { message, kind } = view.store.state;
  const [isOpen, toggle] = useToggle(view, "message", false);
  if (message.trim() === "") return null;
  if (kind === "workflow" && /^\s*\{/.test(message)) return <Named view={view} />;
  const said = <span class="pw-unseen">{words.question}: </span>;
  if (message.length <= SHORT && !message.includes("\n")) {
    return (
      <p class="pw-question" dir="auto">
        {said}
        <Visible text={message} />
      </p>
    );
  }
  return (
    <Button
      class={`pw-question pw-pill ${isOpen ? "pw-question-open" : ""}`}
      aria-expanded={isOpen}
      onClick={toggle}
    >
      <Chevron />
      {said}
      <span class="pw-question-text" dir="auto">
        <Visible text={isOpen ? message : oneLine(message)} />
      </span>
    </Button>
  );
});

/** The values that a workflow was given, by their names. */
function Named({ view }: { view: View }) {
  const workflow = useModule(view, "workflow");
  return workflow ? <workflow.Asked view={view} message={view.store.state.message} /> : null;
}
