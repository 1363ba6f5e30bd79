import { hiddenCharacter } from "../strings";
import { markOf, visible } from "../visible";

/**
 * Text of a model or a tool, with a mark for each character that can't be seen or that would
 * change how others are seen; in a span of this class, if one is given.
 */
export function Visible({ text, kind }: { text: string; kind?: string }) {
  const parts = visible(text, { strict: true }).map((part) =>
    typeof part === "string" ? (
      part
    ) : (
      <span class="pw-hidden-char" title={hiddenCharacter(part.code)}>
        {markOf(part)}
      </span>
    ),
  );
  return kind === undefined ? parts : <span class={kind}>{parts}</span>;
}
