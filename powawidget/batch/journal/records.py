"""What a journal holds, as plain values.

A journal holds of each row its key, its place and a digest, and what came of it: a message
stands in it only within the run that it led to, and the API key nowhere.
"""

from typing import Any, Literal, NamedTuple

import msgspec

from powawidget.state.model import Kind

RowState = Literal["waiting", "claimed", "accepted", "done", "failed", "unknown"]
Changed = Literal["keep", "new"]


class RowInput(msgspec.Struct, frozen=True, kw_only=True):
    """One row, as it is sent.

    Attributes:
        key: What names the row within its batch; unique there.
        position: Its place among the rows, from 0.
        body: What is posted, checked, without `session_id`. The journal keeps its digest.
        digest: Of the message and the options: another one means another question.
    """

    key: str
    position: int
    body: dict[str, Any]
    digest: str


class RowOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a row stands, and what came of it.

    Attributes:
        state: `waiting` to be sent (or to be sent again), `claimed` before its run is known to have
            begun, `accepted` while it runs, and the three ends: `done`, `failed`, `unknown`.
        error: Why it failed, why nobody knows what became of it, or why it waits; else empty.
        note: What is to be known of a result beside it, such as that a word may be missing.
        run_id: The server's id of its run.
        session_id: The conversation that the run stands in.
        tokens: What it used; None where that isn't known.
        seconds: How long it took.
        calls: How many tool calls it made.
        text: The answer. Kept of a row whose schema doesn't fit as well.
        output: Of a workflow what its response block gave, decoded.
        sent_at: When it was sent, in seconds since the epoch.
        ended_at: When it was over.
        tries: How often a run may have begun for it.
    """

    state: RowState = "waiting"
    error: str = ""
    note: str = ""
    run_id: str | None = None
    session_id: str | None = None
    tokens: int | None = None
    seconds: float | None = None
    calls: int | None = None
    text: str | None = None
    output: Any = None
    sent_at: float | None = None
    ended_at: float | None = None
    tries: int = 0


WAITING = RowOutcome()


class Spent(NamedTuple):
    """What one run of a batch has cost.

    Attributes:
        is_over: Whether it is over; else it is still to be found out what became of it.
        is_bad: Whether it stands as failed or unknown. One that was sent again doesn't.
        tokens: What it used, where that is known.
    """

    is_over: bool
    is_bad: bool
    tokens: int | None


class BatchRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch runs.

    Attributes:
        name: Its name; unique in its journal.
        project: The base URL of the project, without anything secret.
        kind: agent, orchestration or workflow.
        target_id: The id of what runs.
        target_name: Its name.
        definition: The parts of the target's definition, each as a digest or a short text, by what
            a person calls them: model, prompt, settings, tools, hooks, knowledge bases. None where
            the key may not read it.
        definition_digest: Of all of it; empty where it can't be read.
        made_at: When the batch was first begun, in seconds since the epoch.
    """

    name: str
    project: str
    kind: Kind
    target_id: str
    target_name: str
    definition: dict[str, str] | None = None
    definition_digest: str = ""
    made_at: float = 0.0


class BatchSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A batch of a journal at a glance.

    Attributes:
        id: Its number in the journal.
        record: What it runs.
        counts: How many rows stand in which state.
        tokens: What all attempts used together, as far as that is known.
        bytes: What its runs take in the journal, compressed.
    """

    id: int
    record: BatchRecord
    counts: dict[RowState, int]
    tokens: int = 0
    bytes: int = 0
