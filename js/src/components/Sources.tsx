// What an answer refers to.
import * as words from "../text/words";
import { pure, useKeys, useToggle } from "../view/hooks";
import type { View } from "../view/view";
import { Button } from "./Button";
import { Chevron } from "./Glyph";
import { LongText } from "./LongText";
import { Visible } from "./Visible";

export const Sources = pure(function Sources({ view }: { view: View }) {
  useKeys(view, "root");
  const { citations } = view.store.state;
  const [isOpen, toggle] = useToggle(view, "sources", false);
  if (citations.length === 0) return null;
  return (
    <div>
      <Button class="pw-pill" aria-expanded={isOpen} onClick={toggle}>
        <Chevron />
        {words.sources(citations.length)}
      </Button>
      {isOpen && (
        <ol class="pw-sources">
          {citations.map(({ key, source, excerpt }, index) => (
            <li key={index}>
              <span class="pw-source-key">
                [<Visible text={key} />]
              </span>
              <div>
                {source && (
                  <strong>
                    <Visible text={source} />
                  </strong>
                )}
                {excerpt && <LongText text={excerpt} kind="pw-excerpt" />}
              </div>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
});
