// An answer with the words marked in which it differs from the baseline's. What is only here is
// underlined, what is only there is struck through: colour isn't needed to tell them apart.
import { useLayoutEffect, useState } from "preact/hooks";
import { pure, Visible } from "../../core";
import { textAt } from "../../state/run";
import type { View } from "../../view/view";
import { differences, type Piece } from "./diff";
import * as words from "./words";

interface Props {
  view: View;
  base: number;
  part: number;
}

export const Differences = pure(function Differences({ view, base, part }: Props) {
  const { state } = view.store;
  const one = textAt(state, `parts/${base}/text`);
  const other = textAt(state, `parts/${part}/text`);
  // undefined while they are looked for.
  const [pieces, set] = useState<Piece[] | null>();
  useLayoutEffect(() => {
    let isWanted = true;
    set(undefined);
    differences(one, other).then((found) => isWanted && set(found));
    return () => {
      isWanted = false;
    };
  }, [one, other]);
  if (pieces === undefined) return <p class="pw-note">{words.comparing}</p>;
  if (pieces === null) return <p class="pw-note">{words.tooDifferent}</p>;
  const isSame = pieces.every(({ kind }) => kind === "same");
  return (
    <>
      {isSame && <p class="pw-note">{words.sameWords}</p>}
      <p class="pw-diff" dir="auto">
        {pieces.map(({ kind, text }, at) => {
          const shown = <Visible text={text} />;
          if (kind === "same") return <span key={at}>{shown}</span>;
          const Mark = kind === "added" ? "ins" : "del";
          return (
            <Mark key={at}>
              <span class="pw-unseen">{kind === "added" ? words.added : words.removed} </span>
              {shown}
            </Mark>
          );
        })}
      </p>
    </>
  );
});
