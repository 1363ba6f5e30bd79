// A value that holds others: pictures, a table where it is a list of records, else a tree.
import { useMemo } from "preact/hooks";
import { Rows, Value } from "../../core";
import type { Json } from "../../text/json";
import { useSheet } from "../../view/sheet";
import type { AnyView } from "../../view/view";
import { piecesOf } from "./pictures";
import resultsCss from "./style.css?inline";
import { Table } from "./Table";
import { Tree } from "./Tree";
import { type Records, recordsOf } from "./tables";
import * as words from "./words";

const ROWS = 100; // more keys than these are paged

export function Nested({ view, value }: { view: AnyView; value: Json }) {
  const host = useSheet<HTMLDivElement>(resultsCss);
  const pieces = useMemo(() => piecesOf(value), [value]);
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
      ) ?? <Whole view={view} value={value} records={records} />}
    </div>
  );
}

interface WholeProps {
  view: AnyView;
  value: Json;
  records: Records | null;
}

function Whole({ view, value, records }: WholeProps) {
  if (records !== null) return <Table {...records} />;
  const isRows = value.kind === "object" && value.entries.length <= ROWS;
  return isRows ? <Rows view={view} value={value} /> : <Tree value={value} />;
}
