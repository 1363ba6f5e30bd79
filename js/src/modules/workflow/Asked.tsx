// What a workflow was asked: named values, not the JSON that they were sent as.
import { Button, Chevron, parseJson, pure, useMemo, useToggle, Value, Visible } from "../../core";
import { question } from "../../text/words";
import type { View } from "../../view/view";
import { inWords } from "./inWords";

export const Asked = pure(function Asked({ view, message }: { view: View; message: string }) {
  const value = useMemo(() => parseJson(message), [message]);
  const [isOpen, toggle] = useToggle(view, "message", false);
  const said = value ? inWords(value) : message;
  return (
    <div>
      <Button class="pw-question pw-pill" aria-expanded={isOpen} onClick={toggle}>
        <Chevron />
        <span class="pw-unseen">{question}: </span>
        <span class="pw-question-text" dir="auto">
          <Visible text={said} />
        </span>
      </Button>
      {isOpen && value && <Value view={view} value={value} />}
    </div>
  );
});
