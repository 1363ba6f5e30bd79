import { hiddenCharacter, leftOut } from "../strings";
import { markOf, reach, visible } from "../visible";

interface Props {
  text: string;
  kind?: string;
  /** How many marks there may be. */
  marks?: number;
}

/**
 * Text of a model or a tool, with a mark for each character that can't be seen or that would
 * change how others are seen; in a span of this class, if one is given. What would be too many of
 * them for a page is left out, and counted.
 */
export function Visible({ text, kind, marks }: Props) {
  const end = reach(text, undefined, marks);
  const parts = visible(text.slice(0, end), { strict: true }).map((part) =>
    typeof part === "string" ? (
      part
    ) : (
      <span class="pw-hidden-char" title={hiddenCharacter(part.code)}>
        {markOf(part)}
      </span>
    ),
  );
  if (end < text.length) parts.push(<span class="pw-cut"> … {leftOut(text.length - end)}</span>);
  return kind === undefined ? parts : <span class={kind}>{parts}</span>;
}
