// What was asked, in one quiet line; a long question opens.
import { oneLine } from "../text/glance";
import * as words from "../text/words";
import { pure, useKeys, useToggle } from "../view/hooks";
import type { View } from "../view/view";
import { Button } from "./Button";
import { Chevron } from "./Glyph";
import { Visible } from "./Visible";

const SHORT = 90; // characters that need no opening

export const Question = pure(function Question({ view }: { view: View }) {
  useKeys(view, "root");
  const { message } = view.store.state;
  const [isOpen, toggle] = useToggle(view, "message", false);
  if (message.trim() === "") return null;
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
