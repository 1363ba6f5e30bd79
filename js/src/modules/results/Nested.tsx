// A value that holds others: pictures, a table where it is a list of records, else a tree.
import { useMemo } from "preact/hooks";
import { Value } from "../../core";
import type { Json } from "../../text/json";
import { useSheet } from "../../view/sheet";
import type { AnyView } from "../../view/view";
import { contentOf } from "./content";
import { recordsOf } from "./records";
import { resultsCss } from "./style";
import { Table } from "./Table";
import { Tree } from "./Tree";
import * as words from "./words";

export function Nested({ view, value }: { view: AnyView; value: Json }) {
  const host = useSheet<HTMLDivElement>(resultsCss);
  const pieces = useMemo(() => contentOf(value), [value]);
  const records = useMemo(() => recordsOf(value), [value]);
  return (
    <div ref={host} class="pw-pieces">
      {pieces?.map((piece, index) =>
        "picture" in piece ? (
          <img
            key={index}
            class="pw-image"
            src={piece.picture}
            alt={words.picture}
            decoding="async"
          />
        ) : (
          <Value key={index} view={view} value={piece.value} />
        ),
      ) ?? (records === null ? <Tree value={value} /> : <Table {...records} />)}
    </div>
  );
}
