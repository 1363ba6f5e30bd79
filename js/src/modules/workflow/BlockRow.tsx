// One block: a line, and when opened what went into it and what came out.
import {
  Button,
  countOf,
  hasPicture,
  oneLine,
  parseJson,
  peek,
  pure,
  sizeOf,
  useKeys,
  useMemo,
  useToggle,
  Visible,
} from "../../core";
import type { Block } from "../../state/wire";
import { settled } from "../../text/terminal";
import * as words from "../../text/words";
import type { View } from "../../view/view";
import type { Axis } from "./axis";
import { BlockBody } from "./BlockBody";
import { inWords } from "./inWords";
import { StateSign, TypeSign } from "./signs";
import { Timing } from "./Timing";

interface Props {
  view: View;
  index: number;
  from: Axis["from"];
  span: Axis["span"];
}

export const BlockRow = pure(function BlockRow({ view, index, from, span }: Props) {
  useKeys(view, `blocks/${index}`, "status", "kernel");
  const block = view.store.state.blocks[index] as Block;
  const status = statusOf(view, block);
  const opensItself = status === "failed" || (status === "running" && block.text !== "");
  const [isOpen, toggle] = useToggle(view, `block/${index}`, opensItself);
  const glance = useMemo(() => glanceOf(block.output, block.error), [block.output, block.error]);
  const hasRun = status !== "pending" && status !== "skipped" && status !== "not_reached";
  const isPlain = status === "done" || status === "running" || status === "pending";
  const line = (
    <>
      <StateSign status={status} />
      <TypeSign type={block.type} />
      <span class="pw-unseen">{words.BLOCK_STATUS[status]}: </span>
      <Visible kind="pw-block-name" text={oneLine(block.name || block.type || block.id)} />
      <Visible kind="pw-block-glance" text={isOpen ? "" : glance} />
      {isPlain ? (
        <Visible kind="pw-block-type" text={block.name === "" ? "" : oneLine(block.type)} />
      ) : (
        <span class="pw-block-type pw-word" aria-hidden>
          {words.BLOCK_STATUS[status]}
        </span>
      )}
      <Timing view={view} block={block} status={status} axis={{ from, span }} />
    </>
  );
  return (
    <li class={`pw-block pw-is-${status}`} data-pw={index}>
      {hasRun ? (
        <Button class="pw-row" aria-expanded={isOpen} onClick={toggle}>
          {line}
        </Button>
      ) : (
        <div class="pw-row">{line}</div>
      )}
      {hasRun && isOpen && <BlockBody view={view} index={index} block={block} status={status} />}
    </li>
  );
});

/** What the kernel's end makes of a block: what ran was cut, what waited is never reached. */
function statusOf(view: View, block: Block): Block["status"] {
  if (view.store.isAbandoned && block.status === "pending") return "not_reached";
  return view.store.statusOf(block);
}

/** What came out, in a few words. */
function glanceOf(output: string | null, error: string | null): string {
  if (error !== null) return oneLine(settled(error));
  if (output === null) return "";
  const value = parseJson(output);
  if (value?.kind === "text") return oneLine(value.text).replace(/[*`]+|(?:^|\s)#+(?=\s)/g, "");
  const isPlain = value?.kind === "object" && sizeOf(value) === words.object(countOf(value));
  if (isPlain && !hasPicture(output)) return inWords(value);
  return peek({ result: output, status: "done", full: true });
}
