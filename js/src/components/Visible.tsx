// Text of a model or a tool, with a mark for each character that cannot be seen.
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

/**
 * A name that isn't plain: until a module has looked at it, all of it is marked. Each of its
 * characters may be a mark, and the rest of a long one is counted.
 */
function Odd({ view, name }: NameProps) {
  const names = useModule(view, "names");
  const text = name.slice(0, reach(name, MOST_MARKS));
  const parts = names?.lookalikes(text) ?? [{ text, label: text }];
  const shown = parts.map((part) =>
    typeof part === "string" ? (
      <Visible text={part} exact />
    ) : (
      <span class="pw-hidden-char" title={notAsItLooks}>
        <Visible text={part.label} exact />
      </span>
    ),
  );
  return (
    <>
      {shown}
      <LeftOut count={name.length - text.length} />
    </>
  );
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

const LeftOut = ({ count }: { count: number }) =>
  count > 0 && <span class="pw-cut"> … {leftOut(count)}</span>;

/* A browser lays out a run of text as one, in a time that grows with its square. A long one is
   therefore a row of blocks, as in an answer: each ends with a line where it can, or between words,
   and never within a letter or among those that are one mark. */
const PIECE = /.{0,1999}\n|.{0,1999}\s|.{0,1999}\P{C}(?![\p{M}\p{C}])|.{0,1999}(.)\1*/gsu;

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
export function Visible({
  text,
  kind,
  marks,
  exact = false,
  most = exact ? MOST_LENGTH : MOST_IN_LINE,
}: Props) {
  const end = reach(text, most, marks);
  const draw = (piece: string) =>
    visible(piece, { strict: exact }).map((part) =>
      typeof part === "string" ? (
        part
      ) : (
        <span class="pw-hidden-char" title={hiddenCharacter(part.code)}>
          {markOf(part)}
        </span>
      ),
    );
  const now = text.slice(0, end);
  const parts = (
    <>
      {end > 2_000
        ? now.match(PIECE)?.map((piece) => <span class="pw-stretch">{draw(piece)}</span>)
        : draw(now)}
      <LeftOut count={text.length - end} />
    </>
  );
  return kind === undefined ? parts : <span class={kind}>{parts}</span>;
}
