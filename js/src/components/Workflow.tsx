// The blocks of a workflow, by the module that shows them or plainly without it.
import { answerOf } from "../text/answer";
import * as words from "../text/words";
import { BLOCK_STATUS } from "../text/words";
import { pure, useKeys, useModule } from "../view/hooks";
import type { View } from "../view/view";
import { LongText } from "./LongText";
import { StreamedText } from "./StreamedText";
import { Visible } from "./Visible";

/** How far a workflow is: above its blocks, in sight however long the list is. */
export function Progress({ view }: { view: View }) {
  const Shown = useModule(view, "workflow")?.Progress;
  return Shown === undefined ? null : <Shown view={view} />;
}

/** The blocks of a workflow; a plain list of them where the module that shows them isn't here. */
export function Blocks({ view }: { view: View }) {
  const Shown = useModule(view, "workflow")?.Blocks;
  return Shown === undefined ? <PlainBlocks view={view} /> : <Shown view={view} />;
}

const PlainBlocks = pure(function PlainBlocks({ view }: { view: View }) {
  useKeys(view, "blocks", "root", "kernel");
  const { state } = view.store;
  return (
    <>
      {state.blocks.map((block, index) => {
        const { id, name, type, output: given, error, text } = block;
        return (
          <div key={index}>
            <strong>
              <Visible text={name || type || id} />
            </strong>{" "}
            <span class="pw-note">{BLOCK_STATUS[view.store.statusOf(block)]}</span>
            <StreamedText view={view} kind="pw-text" path={`blocks/${index}/text`} />
            {error && <LongText text={error} kind="pw-bad" />}
            {given && text === "" && <LongText text={given} />}
          </div>
        );
      })}
      {state.output && (
        <div>
          <strong>{words.output}</strong>
          <LongText text={answerOf(state)} />
        </div>
      )}
    </>
  );
});
