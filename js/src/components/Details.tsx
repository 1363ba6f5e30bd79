// What only few want to read: the words of a server's database, a text that another one replaced.
import * as words from "../text/words";
import { LongText } from "./LongText";

export const Details = ({ text }: { text: string }) => (
  <details>
    <summary class="pw-note">{words.details}</summary>
    <LongText text={text} />
  </details>
);
