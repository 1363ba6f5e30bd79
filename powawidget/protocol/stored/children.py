"""The agents' runs of a stored orchestration, and which step or delegation each of them is.

Rules: docs/protocol.md#child-runs and #child-order. The server lists them in no order and without
names, so their positions in the list say nothing: when each began and what it said shows which is
which.
"""

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from powawidget.protocol import events as ev
from powawidget.protocol import times
from powawidget.protocol.characters import harmless

# Steps of the search for an order by texts: where very many are alike, only times do.
_TRIES = 10_000


def children_of(stored: Mapping[str, Any]) -> ev.StoredChildren:
    """Read the agents' runs of what `GET /api/orchestrations/runs/{id}` answers.

    Returns:
        An event that gives each delegation its full results and its clean text; the agents stand
        in the order in which they worked, as far as that is known.
    """
    runs = runs_of(stored)
    children = [_child(run) for run in runs]
    frames = [ev.read_frame(dict(one)) for one in frames_of(stored)]
    if strategy_of(frames) == "parallel" and len(children) > 1:
        return ev.StoredChildren(children=children)
    content = stored.get("content")
    positions = _positions(
        frames,
        children,
        [_first(map(time_of, frames_of(run))) for run in runs],
        harmless(content) if isinstance(content, str) else "",
    )
    placed = [
        msgspec.structs.replace(child, position=position)
        for child, position in zip(children, positions, strict=True)
    ]
    last = len(placed)
    placed.sort(key=lambda child: last if child.position is None else child.position)
    return ev.StoredChildren(children=placed)


def runs_of(stored: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """List the agents' runs of a stored orchestration, as they come."""
    runs = stored.get("child_runs")
    return [run for run in (runs if isinstance(runs, list) else []) if isinstance(run, Mapping)]


def frames_of(run: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """List the frames that are stored of a run."""
    frames = run.get("events")
    return [one for one in (frames if isinstance(frames, list) else []) if isinstance(one, Mapping)]


def strategy_of(frames: Sequence[ev.Event]) -> str:
    """Read an orchestration's strategy from its frames; empty where they don't have it."""
    started = (one.strategy for one in frames if isinstance(one, ev.OrchestrationStarted))
    return next(started, "")


def time_of(frame: Mapping[str, Any]) -> dt.datetime | None:
    """Read when a frame was made."""
    return times.time_of(frame.get("ts"))


def text_of_child(child: ev.Child) -> str:
    """Join what an agent said, as far as it is stored."""
    return "".join(child.texts) or child.answer


def _positions(
    frames: Sequence[ev.Event],
    children: Sequence[ev.Child],
    begun: Sequence[dt.datetime | None],
    content: str,
) -> list[int | None]:
    """Tell for each agent's run which step or delegation of the orchestration it is.

    The texts are asked first: they are what was streamed, and a clock may be set back.

    Returns:
        For each a position, from 0; None where nothing shows it.
    """
    steps: list[ev.Event] = [one for one in frames if isinstance(one, ev.SequentialStep)]
    marks = steps or [one for one in frames if isinstance(one, ev.DelegationStarted)]
    positions = _by_time([time_of(one.raw) for one in marks], begun)
    if steps or not marks:
        texts = [text_of_child(child) for child in children]
        order = _by_text(texts, content, positions)
        if order is not None:
            return order
        last = [number for number, text in enumerate(texts) if content.endswith(text)]
        end = max(len(steps), len(texts)) - 1
        # One that said nothing, as one that failed, may be the last: then the end is another's.
        if all(texts) and len(last) == 1 and positions[last[0]] is None and end not in positions:
            positions[last[0]] = end
    left = [
        position for position in range(len(marks) or len(children)) if position not in positions
    ]
    if len(left) == positions.count(None) == 1:
        positions[positions.index(None)] = left[0]
    return positions


def _by_time(
    marks: Sequence[dt.datetime | None], begun: Sequence[dt.datetime | None]
) -> list[int | None]:
    """Find the step that each agent began in; where that isn't known, sort them by time."""
    begins = [at for at in marks if at is not None]
    times = [at for at in begun if at is not None]
    if begins and len(begins) == len(marks):
        positions = [None if at is None else sum(mark <= at for mark in begins) - 1 for at in begun]
        known = [position for position in positions if position is not None]
        if min(known, default=0) >= 0 and len({*known}) == len(known):
            return positions
    if len({*times}) == len(begun):
        rank = {at: position for position, at in enumerate(sorted(times))}
        return [None if at is None else rank[at] for at in begun]
    return [None for _ in begun]


def _by_text(
    texts: Sequence[str], content: str, positions: Sequence[int | None]
) -> list[int | None] | None:
    """Find the one order in which the texts come to everybody's text.

    Args:
        texts: What each agent said.
        content: Everybody's text.
        positions: Those by time: by them equal texts are ordered, and agents that said nothing.

    Returns:
        For each text its position, for all None where the times contradict the texts and nothing
        else tells where one said nothing; None where no order or more than one gives the whole.
    """
    written = [one for one, text in enumerate(texts) if text]
    if not written or sum(map(len, texts)) != len(content):
        return None
    found: list[list[str]] = []
    for number, order in enumerate(_orders(Counter(texts[one] for one in written), content)):
        if order is not None:
            found.append(order)
        if number >= _TRIES or len(found) > 1:
            return None
    if not found:
        return None
    silent = {positions[one] for one in range(len(texts)) if not texts[one]}
    early = sorted(written, key=lambda one: (positions[one] is None, positions[one] or 0))
    if len(written) < len(texts):
        timed = [texts[one] for one in early if positions[one] is not None]
        rest = iter(found[0])
        if any(text not in rest for text in timed):  # `in` goes on where it found the last
            return [None] * len(texts)
        if None in silent or len(silent) < len(texts) - len(written):
            return None
    result = list(positions)
    free = (position for position in itertools.count() if position not in silent)
    for position, text in zip(free, found[0], strict=False):
        child = next(one for one in early if texts[one] == text)
        early.remove(child)
        result[child] = position
    return result


def _orders(left: Counter[str], content: str) -> Iterator[list[str] | None]:
    """Go through the ways to lay out the texts; None is a step that led to none yet."""
    todo: list[tuple[int, list[str]]] = [(0, [])]
    while todo:
        at, laid = todo.pop()
        if at == len(content):
            yield laid
            continue
        yield None
        used = Counter(laid)
        todo += [
            (at + len(text), [*laid, text])
            for text, count in left.items()
            if used[text] < count and content.startswith(text, at)
        ]


def _first(times: Iterator[dt.datetime | None]) -> dt.datetime | None:
    return next((at for at in times if at is not None), None)


def _child(run: Mapping[str, Any]) -> ev.Child:
    texts: list[str] = []
    asked: list[ev.Asked] = []
    thoughts: list[str] = []
    fresh = True
    frames = [ev.read_frame(dict(one)) for one in frames_of(run)]
    results = [one for one in frames if isinstance(one, ev.ToolResult)]
    for frame in frames:
        if isinstance(frame, ev.TextDelta) and frame.text:
            if fresh:
                texts.append("")
            texts[-1] += frame.text
            fresh = False
        elif isinstance(frame, ev.ToolCallStarted | ev.Noticed):
            fresh = True
        if isinstance(frame, ev.ToolCallStarted) and frame.call_id is not None:
            asked.append(_asked(frame, results))
        elif isinstance(frame, ev.ReasoningWhole):
            thoughts.append(frame.text)
    end = ev.read_frame({"event": "complete", **picked(run, "status", "usage", "tool_calls")})
    content, steps = run.get("content"), run.get("steps")
    return ev.Child(
        child_id=run["run_id"] if isinstance(run.get("run_id"), str) else None,
        status=str(run.get("status") or ""),
        texts=texts,
        thoughts=thoughts,
        asked=asked,
        steps=steps if isinstance(steps, int) and not isinstance(steps, bool) else None,
        usage=end.usage if isinstance(end, ev.Completed) else None,
        seconds=_seconds(run),
        tool_calls=end.tool_calls if isinstance(end, ev.Completed) else [],
        answer=harmless(content) if isinstance(content, str) else "",
    )


def _asked(call: ev.ToolCallStarted, results: list[ev.ToolResult]) -> ev.Asked:
    """Describe a call with its result: ids alone come again in other agents' runs."""
    same = (one for one in results if one.call_id == call.call_id and one.step in (None, call.step))
    result = next(same, None)
    if result is not None:
        results.remove(result)
    return ev.Asked(
        call_id=str(call.call_id),
        tool_name=call.tool_name,
        arguments=call.arguments,
        result=None if result is None else result.result,
        seconds=None if result is None else result.seconds,
    )


def _seconds(run: Mapping[str, Any]) -> float | None:
    """Tell how long an agent worked by its first frame and its last."""
    times = [time_of(one) for one in frames_of(run) if isinstance(one.get("ts"), str)]
    first, last = (times[0], times[-1]) if times else (None, None)
    if first is None or last is None:
        return None
    return round(max(0.0, (last - first).total_seconds()), 3)


def picked(stored: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Pick those of these fields that there are."""
    return {name: stored[name] for name in names if stored.get(name) is not None}
