// Generated from powawidget/widget/messages.py and state/model.py: do not edit.
// To make it anew: `python -m tests.wire`.

export type Path = (string | number)[];
export type Op = ["set", Path, unknown] | ["append", Path, string];

export interface TextPart {
  kind: "text";
  text: string;
  within: number | null;
}

export interface TooLarge {
  size: number;
  digest: string;
}

export interface ToolPart {
  kind: "tool";
  name: string;
  arguments: string;
  asked: string | null;
  call_id: string | null;
  step: number;
  status: "denied" | "done" | "failed" | "interrupted" | "running" | "waiting";
  result: string | null;
  full: boolean;
  json: boolean;
  size: number | null;
  seconds: number | null;
  waited: number;
  started: number;
  order: number | null;
  within: number | null;
  withheld: TooLarge | null;
  withheld_asked: TooLarge | null;
}

export interface ApprovalPart {
  kind: "approval";
  tool_name: string;
  arguments: string;
  digest: string;
  message: string;
  covers: "answer" | "call" | "start";
  call: number | null;
  decision: "approved" | "denied" | "expired" | "pending" | "sending" | "superseded" | "undecided" | "unknown";
  choice: "approve" | "deny" | null;
  by: string | null;
  reason: string | null;
  asked_at: number;
  decided_at: number | null;
  deadline: number | null;
  closes: number | null;
  waited: number | null;
  outcome: string | null;
  delivery: "again" | "sending" | "taken" | null;
  withheld: TooLarge | null;
}

export interface NoticePart {
  kind: "notice";
  code: string;
  text: string;
  count: number;
  within: number | null;
  details: string | null;
}

export interface DelegationPart {
  kind: "delegation";
  agent: string;
  task: string;
  child_id: string | null;
  call: number | null;
  status: "done" | "failed" | "interrupted" | "running";
  step: number;
  steps: number | null;
  usage: Record<string, number> | null;
  started: number;
  seconds: number | null;
  stored: boolean;
  within: number | null;
}

export interface ParallelPart {
  kind: "parallel";
  agents: string[];
  count: number | null;
  begun: number;
  characters: number;
  status: "done" | "failed" | "interrupted" | "running";
  started: number;
  seconds: number | null;
  within: number | null;
}

export interface Thought {
  step: number;
  text: string;
  whole: boolean;
  within: number | null;
}

export interface Reasoning {
  thoughts: Thought[];
  seconds: number;
  since: number | null;
}

export interface Citation {
  key: string;
  source: string;
  excerpt: string;
}

export interface Failure {
  title: string;
  message: string;
  code: string | null;
  hint: string | null;
  details: string | null;
}

export interface Block {
  id: string;
  name: string;
  type: string;
  status: "done" | "failed" | "interrupted" | "not_reached" | "pending" | "running" | "skipped";
  input: string | null;
  output: string | null;
  error: string | null;
  text: string;
  started: number | null;
  seconds: number | null;
}

export interface Wait {
  purpose: "look_up" | "retry";
  why: string;
  until: number;
  attempt: number;
}

export interface Span {
  kind: "block" | "delegate" | "hook" | "human" | "model" | "tool" | "wait";
  name: string;
  of: number | null;
  within: number | null;
  start: number;
  end: number | null;
  seen: number;
  clock: "here" | "placed" | "server";
  status: "done" | "failed" | "interrupted" | "running";
}

export interface Clocks {
  first: number;
  latest: number;
  skew: number;
  shift: number;
}

export interface RunState {
  kind: "agent" | "orchestration" | "workflow";
  name: string;
  message: string;
  origin: "live" | "replay" | "stored";
  status: "completed" | "connecting" | "failed" | "interrupted" | "reconnecting" | "running" | "stopped" | "waiting";
  run_id: string | null;
  session_id: string | null;
  step: number;
  streamed: boolean;
  edited: "blocked" | "modified" | null;
  parts: Part[];
  reasoning: Reasoning;
  citations: Citation[];
  usage: Record<string, number> | null;
  error: Failure | null;
  started: number | null;
  ended: number | null;
  on_stop: string;
  strategy: string;
  answer: number | null;
  blocks: Block[];
  graph: boolean;
  output: string | null;
  wait: Wait | null;
  restored: boolean;
  halves: Record<string, number>;
  spans: Span[];
  clocks: Clocks | null;
}

export interface Snapshot {
  seq: number;
  now: number;
  state: RunState;
}

export interface Queued {
  id: string;
  text: string;
}

export interface ChatState {
  id: string;
  kind: "agent" | "orchestration" | "workflow";
  name: string;
  session_id: string | null;
  options: string;
  writable: boolean;
  turns: RunState[];
  order: number[];
  retried: number[];
  queued: Queued[];
  paused: string | null;
  earlier: number;
  missing: number;
  loading: boolean;
  notice: string | null;
}

export interface ChatSnapshot {
  seq: number;
  now: number;
  chat: ChatState;
}

export interface Brief {
  seq: number;
  now: number;
  brief: boolean;
}

export interface OpsMessage {
  kind: "ops";
  seq: number;
  ops: Op[];
}

export interface StateMessage {
  kind: "state";
  seq: number;
  now: number;
  state: RunState;
  nonce: string;
}

export interface ChatStateMessage {
  kind: "state";
  seq: number;
  now: number;
  chat: ChatState;
  nonce: string;
}

export interface CurrentMessage {
  kind: "current";
  seq: number;
  now: number;
  nonce: string;
}

export interface BeatMessage {
  kind: "beat";
  seq: number;
  now: number;
  quiet: number;
  alive: boolean;
}

export interface AckMessage {
  kind: "ack";
  id: string;
  refused: string | null;
}

export interface FileMessage {
  kind: "file";
  bytes: number;
  seq: number;
  cuts: unknown[];
}

export interface ModuleMessage {
  kind: "module";
  module: string;
  hash: string;
  packed: string;
}

export interface PieceMessage {
  kind: "piece";
  id: string;
  index: number;
  size: number;
  text: string;
}

export interface HelloMessage {
  kind: "hello";
  id: string;
  have: number;
  made: number | null;
  saves: boolean;
}

export interface SyncMessage {
  kind: "sync";
  id: string;
  have: number;
}

export interface WantMessage {
  kind: "want";
  id: string;
  module: string;
}

export interface ActMessage {
  kind: "act";
  id: string;
  nonce: string;
  action: "anew" | "approve" | "deny" | "discard" | "earlier" | "give_up" | "rate" | "resume" | "retry" | "send" | "stop" | "unqueue";
  digests: string[];
  reason: string | null;
  turn: number | null;
  text: string | null;
  item: string | null;
}

export interface Notice {
  id: string;
  what: "asks" | "ready";
}

export interface NoticesMessage {
  kind: "notices";
  source: string;
  waiting: number;
  notices: Notice[];
  used: boolean;
}

export interface Waiting {
  place: number;
  deadline: number;
}

export interface Figures {
  status: "done" | "held" | "opened" | "ready" | "running" | "stopped" | "stopping" | "waiting";
  rows: number;
  counts: Record<string, number>;
  rate: number | null;
  left: number | null;
  tokens: number | null;
  tokens_in_all: number | null;
  begun: number | null;
  ended: number | null;
  first: number | null;
  reason: string;
  paused_until: number | null;
  waiting: Waiting[];
}

export interface FiguresMessage {
  kind: "figures";
  figures: Figures;
  trouble: string;
}

export interface Line {
  place: number;
  key: string;
  cells: string[];
  standing: "done" | "failed" | "left" | "running" | "unknown" | "waiting";
  chip: string;
  why: string;
  seconds: number | null;
  since: number | null;
  deadline: number | null;
  sent: number | null;
  tokens: number | null;
  opens: boolean;
}

export interface BoardColumn {
  id: string;
  name: string;
  origin: "input" | "key" | "output";
  width: number;
}

export interface BoardAbout {
  target: string;
  columns: BoardColumn[];
  python: string;
  journal: string | null;
  starts: boolean;
  away: string;
}

export interface RowsMessage {
  kind: "rows";
  view: string;
  asked: string;
  total: number;
  first: number;
  rows: Line[];
  stale: boolean;
  about: BoardAbout | null;
}

export interface ChangedMessage {
  kind: "changed";
  view: string;
  rows: Line[];
  stale: boolean;
}

export interface OpenedMessage {
  kind: "opened";
  view: string;
  place: number;
  model: string | null;
  why: string;
}

export interface RowsRequest {
  kind: "rows";
  id: string;
  view: string;
  standing: string;
  search: string;
  sort: string;
  descending: boolean;
  first: number;
  count: number;
  again: boolean;
  about: boolean;
}

export interface LeaveRequest {
  kind: "leave";
  id: string;
  view: string;
}

export interface OpenRequest {
  kind: "open";
  id: string;
  view: string;
  place: number;
}

export interface Figure {
  name: string;
  value: string;
  delta: string;
  verdict: "" | "better" | "worse";
  title: string;
}

export interface ComparedStep {
  row: number;
  kind: "agent" | "block" | "tool";
  name: string;
  status: "denied" | "done" | "failed" | "interrupted" | "running" | "waiting";
  seconds: number | null;
  since: number | null;
}

export interface ComparedCheck {
  name: string;
  holds: boolean | null;
  why: string;
}

export interface Column {
  name: string;
  about: string;
  part: number;
  status: "completed" | "connecting" | "failed" | "interrupted" | "reconnecting" | "running" | "stopped" | "waiting" | "left";
  since: number | null;
  seconds: number | null;
  error: string;
  figures: Figure[];
  steps: ComparedStep[];
  checks: ComparedCheck[];
}

export interface Voted {
  letters: string[];
  choice: number | null;
}

export interface ComparedMessage {
  kind: "compared";
  view: string;
  turn: number;
  rounds: number;
  hidden: boolean;
  whole: boolean;
  columns: Record<string, Column>;
  rows: number;
  cut: number;
  runs: Record<string, number>;
  over: number[];
  voted: number[];
  vote: Voted | null;
  message: string;
  trouble: string;
}

export interface OpenedSideMessage {
  kind: "opened_side";
  view: string;
  turn: number;
  place: number;
  model: string | null;
  why: string;
}

export interface CompareRequest {
  kind: "compare";
  id: string;
  view: string;
  turn: number;
}

export interface LeaveCompareRequest {
  kind: "leave_compare";
  id: string;
  view: string;
}

export interface OpenSideRequest {
  kind: "open_side";
  id: string;
  view: string;
  turn: number;
  place: number;
}

export interface VoteRequest {
  kind: "vote";
  id: string;
  view: string;
  turn: number;
  place: number | null;
}

export interface HideRequest {
  kind: "hide";
  id: string;
  view: string;
  hidden: boolean;
}

export interface WaitingRow {
  id: string;
  turn: number;
  name: string;
  cell: number | null;
  cell_id: string | null;
  hidden: boolean;
  ended: number | null;
  late: boolean;
  moved: boolean;
}

export interface WaitingMessage {
  kind: "waiting";
  rows: WaitingRow[];
  more: number;
  trouble: string;
}

export interface WaitingRequest {
  kind: "waiting";
  id: string;
  view: string;
}

export interface HideRowRequest {
  kind: "hide_row";
  id: string;
  view: string;
  row: string | null;
}

export type Part = TextPart | ToolPart | ApprovalPart | NoticePart | DelegationPart | ParallelPart;

export type KernelMessage = OpsMessage | StateMessage | ChatStateMessage | CurrentMessage | BeatMessage | AckMessage | FileMessage | ModuleMessage | PieceMessage;

export type PageMessage = HelloMessage | SyncMessage | WantMessage | ActMessage;

export type BoardMessage = FiguresMessage | RowsMessage | ChangedMessage | OpenedMessage;

export type BoardRequest = RowsRequest | LeaveRequest | OpenRequest;

export type CompareMessage = ComparedMessage | OpenedSideMessage;

export type CompareRequests = CompareRequest | LeaveCompareRequest | OpenSideRequest | VoteRequest | HideRequest;

export type WaitingRequests = WaitingRequest | HideRowRequest;
