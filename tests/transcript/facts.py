"""What a reader must find in the transcript of a run, however it is written."""

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

from powawidget.state.model import (
    ApprovalPart,
    DelegationPart,
    NoticePart,
    ParallelPart,
    RunState,
    TextPart,
    ToolPart,
)
from powawidget.transcript import exact_json, words
from powawidget.transcript.visible import readable, visible

DECIDED = {
    "approved": "Approved",
    "denied": "Denied",
    "expired": "Not answered",
    "superseded": "Superseded",
    "pending": "Not decided",
    "undecided": "Not decided",
    "unknown": "It isn't known",
    "sending": "It isn't known",
}


def facts(state: RunState) -> Iterator[str]:
    """All that has to be said of a run, each on one line."""
    for fact in _facts(state):
        said = " ".join(visible(fact.replace("\r\n", "\n")).split())
        if said:
            yield said


def _facts(state: RunState) -> Iterator[str]:
    yield from (state.kind, state.name, state.run_id or "", state.session_id or "")
    yield words.STATUS[state.status]
    yield from state.message.split("\n")
    if total := (state.usage or {}).get("total_tokens"):
        yield f"{total:,} token"
    refused = {
        part.call
        for part in state.parts
        if isinstance(part, ApprovalPart) and part.decision in {"denied", "expired"}
    }
    for index, part in enumerate(state.parts):
        yield from _of_part(part)
        if isinstance(part, ToolPart) and part.status != "done":
            unanswered = part.status == "failed" and index in refused
            yield words.EXPIRED if unanswered else words.STATUS[part.status]
    for thought in state.reasoning.thoughts:
        yield from prose(str(thought.text))
    for citation in state.citations:
        yield from (citation.key, citation.source, *citation.excerpt.split("\n"))
    for block in state.blocks:
        yield from (block.name or block.type or block.id, block.type, words.STATUS[block.status])
        yield from prose(str(block.text))
        yield from (block.error or "").split("\n")
        for value in (block.input, block.output):
            yield from leaves(value)
    yield from leaves(state.output)
    if state.error is not None:
        error = state.error
        yield from (error.title, error.code or "", error.hint or "", *error.message.split("\n"))


def _of_part(part: Any) -> Iterator[str]:
    match part:
        case TextPart():
            yield from prose(str(part.text))
        case ToolPart():
            yield part.name
            yield from leaves(part.arguments)
            yield from leaves(part.asked)
            result = (part.result or "").replace("\r\n", "\n")
            yield from leaves(result) if not result.startswith("data:image/") else ["PNG image"]
        case ApprovalPart():
            yield from (part.tool_name, DECIDED[part.decision], part.reason or "")
            yield from (part.message, part.outcome or "")
            yield from leaves(part.arguments)
            yield hashlib.sha256(part.arguments.encode()).hexdigest()
        case NoticePart():
            yield part.text
        case DelegationPart():
            yield from (part.agent, *part.task.split("\n"))
        case ParallelPart():
            yield from part.agents


def leaves(source: str | None) -> Iterator[str]:
    """The plain values and keys of JSON text, or the lines of another."""
    if not source:
        return
    value = exact_json.read(source)
    if value is exact_json.NO_JSON:
        yield from source.split("\n")
        return
    yield from _leaves(value)


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, exact_json.Object):
        for key, each in value:
            if key != "task":  # a delegation's stands beside its agent, without its name
                yield key
            yield from _leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each)
    elif exact_json.is_text(value):
        yield from value.split("\n")
    else:
        yield str(value) if isinstance(value, exact_json.Number) else json.dumps(value)


def prose(text: str) -> Iterator[str]:
    """What of markdown is text in any form: lines without marks, and the words of the others."""
    for line in readable(text).split("\n"):
        if re.fullmatch(r"[\w ,;:.?!()'\"⟦+⟧-]*", line) and not re.match(
            r"\s*([-+]|\d+[.)])", line
        ):
            yield line.strip()
        else:
            # A link's address is told as its host where its text says something else.
            yield from re.findall(r"[^\W_]{2,}", re.sub(r"\]\([^)]*\)|```\w*|&\w+;", " ", line))


def seen_of_markdown(document: str) -> str:
    """The text of a transcript in markdown, on one line."""
    said = "\n".join(re.sub(r"^[> ]+", "", line) for line in document.split("\n"))
    # In a fence nothing is escaped.
    return _on_one_line(re.sub(r"\\([!-/:-@\[-`{-~\n])", r"\1", said) + said)


def seen_of_text(document: str) -> str:
    """The text of a transcript in plain text, on one line."""
    return _on_one_line("\n".join(re.sub(r"^ *\| ?", "", line) for line in document.split("\n")))


def _on_one_line(said: str) -> str:
    return " ".join(said.split())


def unquoted(fact: str) -> str:
    """A fact as it stands where JSON quotes it."""
    return json.dumps(fact, ensure_ascii=False)[1:-1]
