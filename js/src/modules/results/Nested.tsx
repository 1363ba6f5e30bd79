// A value that holds others: pictures, a table where it is a list of records, else a tree.
import { useMemo } from "preact/hooks";
import { isScalar, Rows, Value, Visible } from "../../core";
import type { Json } from "../../text/json";
import { useSheet } from "../../view/sheet";
import type { AnyView } from "../../view/view";
import { type Piece, piecesOf } from "./content";
import { drawnOf } from "./drawn";
import { Picture } from "./Picture";
import resultsCss from "./style.css?inline";
import { Table } from "./Table";
import { Tree } from "./Tree";
import { type Records, type Row, recordsOf } from "./tables";
import * as words from "./words";

const ROWS = 100; // more keys than these are paged
const DRAWN = 6_000; // values of nested rows and tables that a page draws at once

export function Nested({ view, value }: { view: AnyView; value: Json }) {
  const host = useSheet<HTMLDivElement>(resultsCss);
  const pieces = useMemo(() => piecesOf(value), [value]);
  const records = useMemo(() => recordsOf(value), [value]);
  return (
    <div ref={host} class="pw-pieces">
      {pieces?.map((piece, index) => <Part key={index} view={view} piece={piece} />) ?? (
        <Whole view={view} value={value} records={records} />
      )}
    </div>
  );
}

function Part({ view, piece }: { view: AnyView; piece: Piece }) {
  if ("picture" in piece) return <Picture address={piece.picture} />;
  const size = "what" in piece && piece.length ? [words.size((piece.length * 3) / 4)] : [];
  return (
    <div class="pw-piece">
      {"what" in piece && (
        <div class="pw-label">
          <Visible text={`${piece.what} ${[...piece.facts, ...size].join(", ")}`} />
        </div>
      )}
      {piece.value && <Value view={view} value={piece.value} />}
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
  const isRows = value.kind === "object" && value.entries.length <= ROWS && isLittle(value);
  return isRows ? <Rows view={view} value={value} /> : <Tree value={value} />;
}

/** Whether all of an object can be drawn at once; where one key holds it all, that one is asked. */
const isLittle = (value: Row): boolean =>
  value.entries.filter(([, each]) => !isScalar(each)).length < 2 || drawnOf(value, DRAWN) < DRAWN;
