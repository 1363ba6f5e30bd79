// Text of a model or a tool, with a mark for each character that cannot be seen.
import type { ComponentChildren } from "preact";
import { MOST_IN_LINE, MOST_LENGTH, MOST_MARKS, markOf, reach, visible } from "../text/visible";
import { hiddenCharacter, leftOut, notAsItLooks } from "../text/words";
import { useModule } from "../view/hooks";
import type { AnyView } from "../view/view";

interface NameProps {
  view: AnyView;
  name: string;
}

/** The name of a tool or an argument, with a mark also for what looks like other characters. */
export const Named = ({ view, name }: NameProps) =>
  /^(?:[!-~]+(?: [!-~]+)*)?$/.test(name) ? name : <Odd view={view} name={name} />;

/** A name that isn't plain: until a module has looked at it, all of it is marked. */
function Odd({ view, name }: NameProps) {
  const names = useModule(view, "names");
  const text = name.slice(0, reach(name));
  const parts = names?.lookalikes(text) ?? [{ text, label: text }];
  let left = name.length;
  const shown = parts.slice(0, MOST_MARKS).map((part) => {
    left -= (typeof part === "string" ? part : part.text).length;
    if (typeof part === "string") return <Visible text={part} exact />;
    return (
      <span class="pw-hidden-char" title={notAsItLooks}>
        <Visible text={part.label} exact />
      </span>
    );
  });
  if (left > 0) shown.push(<LeftOut count={left} />);
  return <>{shown}</>;
}

/** A name in mono; the server's part of an MCP tool's name is there, but steps back. */
export function ToolName({ view, name }: NameProps) {
  const prefix = /^mcp__.+?__(?=.)/.exec(name)?.[0] ?? "";
  return (
    <span class="pw-name">
      {prefix !== "" && (
        <span class="pw-prefix">
          <Named view={view} name={prefix} />
        </span>
      )}
      <Named view={view} name={name.slice(prefix.length)} />
    </span>
  );
}

const LeftOut = ({ count }: { count: number }) => <span class="pw-cut"> … {leftOut(count)}</span>;

/* A browser lays out a run of text as one: a long one of many scripts would stop it for minutes. A
   piece ends between words where it can, and never within a letter. */
const PIECE = /.{1,1000}(?<=\s)|.{1,1000}(?!\p{M})|./gsu;

const pieces = (text: string): ComponentChildren =>
  text.length > 1_000 ? text.match(PIECE)?.map((piece) => <span>{piece}</span>) : text;

interface Props {
  text: string;
  kind?: string;
  /** How many characters there may be, and how many marks. */
  most?: number;
  marks?: number;
  /** Mark every hidden character, also one that its script needs: where a person decides on it. */
  exact?: boolean;
}

/**
 * Text of a model or a tool, with a mark for each character that can't be seen or that would
 * change how others are seen; in a span of this class, if one is given. What would be too many of
 * them for a page is left out, and counted.
 */
export function Visible({ text, kind, marks, exact = false, ...rest }: Props) {
  const { most = exact ? MOST_LENGTH : MOST_IN_LINE } = rest;
  const end = reach(text, most, marks);
  const parts = visible(text.slice(0, end), { strict: exact }).map((part) =>
    typeof part === "string" ? (
      pieces(part)
    ) : (
      <span class="pw-hidden-char" title={hiddenCharacter(part.code)}>
        {markOf(part)}
      </span>
    ),
  );
  if (end < text.length) parts.push(<LeftOut count={text.length - end} />);
  return kind === undefined ? parts : <span class={kind}>{parts}</span>;
}
