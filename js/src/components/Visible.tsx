import { hiddenTitle, visible } from "../visible";

/**
 * Text of a model or a tool, with a mark for each character that can't be seen or that would
 * change how others are seen.
 */
export function Visible({ text }: { text: string }) {
  return (
    <>
      {visible(text, { strict: true }).map((part) =>
        typeof part === "string" ? (
          part
        ) : (
          <span class="pw-hidden-char" title={hiddenTitle(part.code)}>
            {part.code}
          </span>
        ),
      )}
    </>
  );
}
