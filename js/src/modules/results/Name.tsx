// The name of a column or a key: of a very long one its beginning, and how much is left out.
import { Visible } from "../../core";
import { cutCharacters } from "../../text/words";

const LONGEST = 300; // characters, as of a cell

export function Name({ text, kind = "" }: { text: string; kind?: string }) {
  const left = text.length - LONGEST;
  return (
    <span class={kind}>
      <Visible text={text.slice(0, LONGEST)} />
      {left > 0 && <span class="pw-cut">{cutCharacters(left)}</span>}
    </span>
  );
}
