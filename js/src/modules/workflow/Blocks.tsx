// The blocks of a workflow in the order of its graph, and what came out in the end.
import { pure, useKeys } from "../../core";
import * as words from "../../text/words";
import { useSheet } from "../../view/sheet";
import type { View } from "../../view/view";
import { axisOf } from "./axis";
import { BlockRow } from "./BlockRow";
import { Output } from "./Output";
import workflowCss from "./style.css?inline";

export const Blocks = pure(function Blocks({ view }: { view: View }) {
  useKeys(view, "blocks", "root", "kernel");
  const { state, kernel, isLive, isAbandoned } = view.store;
  const ended = isAbandoned ? kernel.heardAt : state.ended;
  const { from, span } = axisOf({ ...state, ended }, isLive);
  const host = useSheet<HTMLOListElement>(workflowCss);
  const hasNoOutput = state.status === "completed" && state.output === null;
  return (
    <>
      <ol class="pw-blocks" ref={host}>
        {state.blocks.map((_, index) => (
          <BlockRow key={index} view={view} index={index} from={from} span={span} />
        ))}
      </ol>
      {state.output !== null && <Output view={view} source={state.output} />}
      {hasNoOutput && (
        <p class="pw-note">{state.blocks.length > 0 ? words.noOutput : words.noBlocks}</p>
      )}
    </>
  );
});
