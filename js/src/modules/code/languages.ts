// The languages that are coloured, by their names.
import { diff } from "@codemirror/legacy-modes/mode/diff";
import { javascript, json, typescript } from "@codemirror/legacy-modes/mode/javascript";
import { python } from "@codemirror/legacy-modes/mode/python";
import { r } from "@codemirror/legacy-modes/mode/r";
import { shell } from "@codemirror/legacy-modes/mode/shell";
import { sql } from "@codemirror/legacy-modes/mode/sql";
import { html, xml } from "@codemirror/legacy-modes/mode/xml";
import { yaml } from "@codemirror/legacy-modes/mode/yaml";
import type { StreamParser } from "@codemirror/streamparser";

/** A grammar; what its state is only it knows. */
export type Grammar = StreamParser<unknown>;

const set = (words: string) => Object.fromEntries(words.split(" ").map((word) => [word, true]));

/** The words that the common dialects share: those of one would leave the others' queries plain. */
const anySql = sql({
  keywords: set(
    "add all alter analyze and any as asc begin between by cascade case cast check collate column commit conflict constraint create cross current database default delete desc describe distinct do drop each else end escape except exclude exec execute exists explain fetch filter first following for foreign from full function grant group having if ilike in index inner insert intersect interval into is join key last lateral left like limit materialized merge natural next no not nothing nulls of offset on only or order outer over partition pivot pragma preceding primary procedure qualify range recursive references replace returning returns revoke right rollback row rows savepoint schema select set similar some table temp temporary then ties to transaction trigger truncate unbounded union unique unpivot update upsert use using vacuum values view when where window with within without",
  ),
  builtin: set(
    "abs array_agg avg bigint blob bool boolean bytea ceil char coalesce concat count cume_dist current_date current_time current_timestamp date date_part date_trunc datediff datetime decimal dense_rank double extract first_value float floor generate_series greatest group_concat ifnull int integer json json_extract jsonb julianday lag last_value lead least length lower ltrim max median min mod now ntile nullif numeric nvarchar percent_rank percentile_cont position power precision printf random rank real regexp_replace replace round row_number rtrim serial sign smallint split_part sqrt stddev strftime string_agg substr substring sum text time timestamp timestamptz tinyint to_char to_date total trim trunc typeof unnest upper uuid varchar variance year",
  ),
  atoms: set("false true null unknown"),
  dateSQL: set("date time timestamp"),
  operatorChars: /^[*+\-%<>!=/^&|~:]/,
});

const grammars: Record<string, Grammar> = {
  python,
  sql: anySql,
  json: json as Grammar,
  javascript: javascript as Grammar,
  typescript: typescript as Grammar,
  shell,
  r,
  yaml: { ...yaml, token: (...at) => (yaml.token(...at) ?? "").replace("atom", "property") },
  html,
  xml,
  diff,
};

/** What else models call a language. */
const names: Record<string, string> = {
  py: "python",
  python3: "python",
  ipython: "python",
  jsonc: "json",
  json5: "json",
  jsonl: "json",
  ndjson: "json",
  js: "javascript",
  jsx: "javascript",
  mjs: "javascript",
  node: "javascript",
  ts: "typescript",
  tsx: "typescript",
  sh: "shell",
  bash: "shell",
  zsh: "shell",
  console: "shell",
  "shell-session": "shell",
  rscript: "r",
  yml: "yaml",
  svg: "xml",
  patch: "diff",
  ...Object.fromEntries(
    "postgres postgresql psql pgsql mysql mariadb sqlite sqlite3 tsql plsql bigquery snowflake duckdb spark-sql"
      .split(" ")
      .map((dialect) => [dialect, "sql"]),
  ),
};

/** The grammar of a language by any of its names; nothing for one that stays plain. */
export function grammar(label: string): Grammar | undefined {
  const asked = label.toLowerCase();
  const name = Object.hasOwn(names, asked) ? names[asked] : asked;
  return name !== undefined && Object.hasOwn(grammars, name) ? grammars[name] : undefined;
}
