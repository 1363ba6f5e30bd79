"""A run as its test needs it: what it did, without results, ids, hosts and secrets. Pure.

It is made of the run's state, after withholding (docs/protocol.md#text-edited): what a hook took
back isn't there any more.
"""

import json
from collections.abc import Callable
from typing import Any

from powawidget.checks.hidden import hide, in_text
from powawidget.protocol.events import as_json
from powawidget.state import values
from powawidget.state.model import (
    ApprovalPart,
    Block,
    DelegationPart,
    Failure,
    NoticePart,
    ParallelPart,
    Part,
    Reasoning,
    RunState,
    TextPart,
    ToolPart,
    plain,
    typed,
)
from powawidget.state.parts import answer_parts
from powawidget.state.text import Text

_CUT = 200  # characters of what nothing is checked by
_LONGEST = 20_000  # characters of one text within arguments
# What each part has where nothing is said; its name, or what it is, is always said.
_DEFAULTS: dict[str, Any] = {
    one["kind"]: one
    for one in map(
        plain,
        (
            TextPart(),
            ToolPart(name=""),
            ApprovalPart(tool_name=""),
            DelegationPart(),
            ParallelPart(),
        ),
    )
}
_ALWAYS = frozenset({"kind", "name", "tool_name", "id", "status"})
_BAD = frozenset({"failed", "denied"})


def slimmed(state: RunState, redact: Callable[[str], str]) -> RunState:
    """Make of a run that is over what its test is to read.

    Args:
        state: The run.
        redact: Takes the connection's key out of a text.

    Returns:
        A run of its own, at the beginning of time: written twice it is the same.
    """
    whole: RunState = typed(plain(state), RunState)
    answer = frozenset(answer_parts(whole))
    kept = [
        (index, part)
        for index, part in enumerate(whole.parts)
        if not isinstance(part, NoticePart)
        and not (isinstance(part, TextPart) and index not in answer)
    ]
    places = {index: place for place, (index, _) in enumerate(kept)}
    seconds = values.seconds_of(whole)

    def clean(text: str | None) -> str | None:
        return None if text is None else in_text(redact(text))

    def cut(text: str | None) -> str | None:
        cleaned = clean(text)
        return None if cleaned is None else cleaned[:_CUT]

    parts = [_part(part, redact, clean, cut) for _, part in kept]
    for part in parts:
        _move(part, places)
    return RunState(
        kind=whole.kind,
        name=clean(whole.name) or "",
        message=clean(whole.message) or "",
        origin="replay",
        status=whole.status,
        step=whole.step,
        edited=whole.edited,
        parts=parts,
        reasoning=Reasoning(),
        usage=_usage(whole.usage, clean),
        error=_failure(whole.error, clean, cut),
        started=None if seconds is None else 0.0,
        ended=seconds,
        strategy=cut(whole.strategy) or "",
        answer=None if whole.answer is None else places.get(whole.answer),
        blocks=[_block(one, cut) for one in whole.blocks],
        graph=whole.graph,
        output=_json(whole.output, redact),
    )


def lean(saved: str) -> str:
    """Leave out of a saved run what reads the same without."""
    read = json.loads(saved)
    run = _without(read["run"], plain(RunState()))
    if "parts" in run:
        run["parts"] = [_without(part, _DEFAULTS[part["kind"]]) for part in run["parts"]]
    if "blocks" in run:
        run["blocks"] = [_without(block, plain(Block(id=""))) for block in run["blocks"]]
    whole = {"format": read["format"], "version": read["version"], "run": run}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def _without(value: dict[str, Any], default: dict[str, Any]) -> dict[str, Any]:
    return {
        name: one
        for name, one in value.items()
        if name in _ALWAYS or name not in default or one != default[name]
    }


def _part(
    part: Part,
    redact: Callable[[str], str],
    clean: Callable[[str | None], str | None],
    cut: Callable[[str | None], str | None],
) -> Part:
    match part:
        case TextPart():
            return TextPart(text=Text(clean(str(part.text)) or ""), within=part.within)
        case ToolPart():
            return ToolPart(
                name=clean(part.name) or "",
                arguments=_json(part.arguments, redact) or "{}",
                step=part.step,
                status=part.status,
                result=cut(part.result) if part.status in _BAD else None,
                seconds=part.seconds,
                waited=part.waited,
                within=part.within,
            )
        case ApprovalPart():
            return ApprovalPart(
                tool_name=clean(part.tool_name) or "",
                arguments=_json(part.arguments, redact) or "{}",
                message=cut(part.message) or "",
                covers=part.covers,
                call=part.call,
                decision=part.decision,
                by=cut(part.by),
            )
        case DelegationPart():
            return DelegationPart(
                agent=clean(part.agent) or "",
                call=part.call,
                status=part.status,
                steps=part.steps,
                usage=_usage(part.usage, clean),
                seconds=part.seconds,
                within=part.within,
            )
        case ParallelPart():
            return ParallelPart(
                agents=[clean(name) or "" for name in part.agents],
                count=part.count,
                begun=part.begun,
                status=part.status,
                seconds=part.seconds,
                within=part.within,
            )
        case NoticePart():
            return part


def _move(part: Part, places: dict[int, int]) -> None:
    """Put what names a part by its index to where that stands now."""
    if not isinstance(part, ApprovalPart) and part.within is not None:
        part.within = places.get(part.within)
    if isinstance(part, ApprovalPart | DelegationPart) and part.call is not None:
        part.call = places.get(part.call)


def _block(block: Block, cut: Callable[[str | None], str | None]) -> Block:
    return Block(
        id=cut(block.id) or "",
        name=cut(block.name) or "",
        type=cut(block.type) or "",
        status=block.status,
        error=cut(block.error),
        seconds=block.seconds,
    )


def _usage(
    usage: dict[str, int] | None, clean: Callable[[str | None], str | None]
) -> dict[str, int] | None:
    return None if usage is None else {clean(name) or "": count for name, count in usage.items()}


def _failure(
    failure: Failure | None,
    clean: Callable[[str | None], str | None],
    cut: Callable[[str | None], str | None],
) -> Failure | None:
    if failure is None:
        return None
    return Failure(
        title=clean(failure.title) or "", message=cut(failure.message) or "", code=cut(failure.code)
    )


def _json(text: str | None, redact: Callable[[str], str]) -> str | None:
    """Hide secrets in JSON text by the names that they have there; other text as a text."""
    if not text:
        return text
    value = values.decoded(text)
    if isinstance(value, dict | list):
        return as_json(_bounded(hide(value, redact)))
    return in_text(redact(text))[:_LONGEST]


def _bounded(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= _LONGEST else f"{value[:_CUT]}…"
    if isinstance(value, list):
        return [_bounded(one) for one in value]
    if isinstance(value, dict):
        return {name: _bounded(one) for name, one in value.items()}
    return value
