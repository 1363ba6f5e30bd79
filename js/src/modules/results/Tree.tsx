// A nested value, level by level: what is closed isn't drawn.
import { useEffect, useMemo, useState } from "preact/hooks";
import {
  Button,
  Chevron,
  CopyButton,
  compact,
  isImage,
  isScalar,
  LongText,
  pure,
  Scalar,
  Visible,
} from "../../core";
import { countOf, type Json } from "../../text/json";
import { characters, items, object } from "../../text/words";
import { Name } from "./Name";
import { Picture } from "./Picture";
import { startOf } from "./start";
import { Table } from "./Table";
import { recordsOf } from "./tables";
import * as words from "./words";

const PAGE = 100; // items of one level drawn at once
const MORE = 10; // pages more at a click
const SMALL = 30; // values of a tree that is open from the start
const LINE_HEIGHT = 24; // px, of one that is closed
const GLANCE = 80; // characters of what a closed node holds
const LINE = 160; // characters of a text that stands on its line

export function Tree({ value }: { value: Json }) {
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are its buttons'
    <div class="pw-tree" onKeyDown={onKey}>
      <Level value={value} isSmall={weight(value, SMALL) < SMALL} isTop />
    </div>
  );
}

/** How many values there are, counted no further than `most`. */
function weight(value: Json, most: number): number {
  let sum = 1;
  for (const [, each] of entriesOf(value, 0, most)) {
    if (sum >= most) break;
    sum += weight(each, most - sum);
  }
  return sum;
}

/** Some of the values that one holds, by their keys or their places in a list. */
function entriesOf(value: Json, from: number, most: number): (readonly [string, Json])[] {
  if (isScalar(value)) return [];
  if (value.kind === "object") return value.entries.slice(from, from + most);
  return value.items
    .slice(from, from + most)
    .map((each, index) => [`${from + index}`, each] as const);
}

interface LevelProps {
  value: Json;
  /** Whether all of the tree is open from the start. */
  isSmall: boolean;
}

function Level({ value, isSmall, isTop }: LevelProps & { isTop?: boolean }) {
  const records = useMemo(() => (isTop || isSmall ? null : recordsOf(value)), [value]);
  const [asked, ask] = useState(1);
  const [drawn, draw] = useState(1);
  // A page at a time: a thousand items at once would stop everything else.
  useEffect(() => {
    const timer = drawn < asked ? setTimeout(() => draw(drawn + 1)) : undefined;
    return () => clearTimeout(timer);
  }, [drawn, asked]);
  if (isScalar(value) && isImage(value.text))
    return <Picture address={value.text.replace(/\s+/g, "")} />;
  if (isScalar(value)) return <LongText text={value.text} />;
  if (records !== null) return <Table {...records} />;
  const length = countOf(value);
  const pages = Math.ceil(length / PAGE);
  return (
    <div class="pw-level">
      {Array.from({ length: Math.min(drawn, pages) }, (_, page) => (
        <Page key={page} value={value} isSmall={isSmall} from={page * PAGE} />
      ))}
      {asked < pages && (
        <Button class="pw-quiet pw-more" onClick={() => ask(asked + MORE)}>
          {words.moreItems(length - asked * PAGE)}
        </Button>
      )}
    </div>
  );
}

interface PageProps extends LevelProps {
  from: number;
}

/** A hundred items, never compared again when more are drawn. */
const Page = pure(function Page({ value, isSmall, from }: PageProps) {
  const entries = entriesOf(value, from, PAGE);
  return (
    <div
      class="pw-page"
      style={{ containIntrinsicHeight: `auto ${LINE_HEIGHT * entries.length}px` }}
    >
      {entries.map(([key, each], index) => (
        <Node
          key={index}
          name={key}
          value={each}
          isSmall={isSmall}
          isPlace={value.kind === "list"}
        />
      ))}
    </div>
  );
});

interface NodeProps extends LevelProps {
  name: string;
  /** Whether the name is a place in a list, and no key. */
  isPlace: boolean;
}

function Node({ name, value, isSmall, isPlace }: NodeProps) {
  const [isOpen, toggle] = useState(isSmall && !isScalar(value));
  const label = <Name kind={isPlace ? "pw-key pw-place" : "pw-key"} text={name} />;
  if (isLeaf(value)) {
    return (
      <div class="pw-leaf">
        {label}
        {isScalar(value) ? (
          <Scalar value={value} />
        ) : (
          <span class="pw-value">{compact(value)}</span>
        )}
      </div>
    );
  }
  return (
    <div class="pw-node">
      <div class="pw-node-head">
        <Button class="pw-branch" aria-expanded={isOpen} onClick={() => toggle((is) => !is)}>
          <Chevron />
          <span class="pw-unseen">{sizeOf(value)}: </span>
          {label}
          <span class="pw-size" aria-hidden>
            {sizeOf(value)}
          </span>
          {!isOpen && <Visible kind="pw-inside" text={startOf(value, GLANCE)} />}
        </Button>
        <CopyButton text={() => (isScalar(value) ? value.text : compact(value))} what={name} />
      </div>
      {isOpen && <Level value={value} isSmall={isSmall} />}
    </div>
  );
}

/** Whether a value needs no opening. */
const isLeaf = (value: Json): boolean =>
  isScalar(value) ? value.text.length <= LINE && !value.text.includes("\n") : countOf(value) === 0;

const sizeOf = (value: Json): string =>
  isScalar(value)
    ? characters(value.text.length)
    : (value.kind === "list" ? items : object)(countOf(value));

/** Arrows go from branch to branch, right opens one, left closes it or goes to the one around it. */
function onKey(event: KeyboardEvent): void {
  const tree = event.currentTarget as HTMLElement;
  const branches = [...tree.querySelectorAll<HTMLElement>(".pw-branch")];
  const branch = (event.target as Element).closest<HTMLElement>(".pw-branch");
  const at = branch === null ? -1 : branches.indexOf(branch);
  if (branch === null || at < 0) return;
  const isOpen = branch.getAttribute("aria-expanded") === "true";
  const around = branch
    .closest(".pw-level")
    ?.parentElement?.querySelector<HTMLElement>(".pw-branch");
  const goes: Record<string, HTMLElement | null | undefined> = {
    ArrowDown: branches[at + 1],
    ArrowUp: branches[at - 1],
    ArrowRight: isOpen ? branches[at + 1] : null,
    ArrowLeft: isOpen ? null : around,
  };
  if (!(event.key in goes)) return;
  event.preventDefault(); // the box would scroll
  event.stopPropagation(); // the notebook would go to another cell
  if (goes[event.key] === null) branch.click();
  else goes[event.key]?.focus();
}
