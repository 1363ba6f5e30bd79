"""A stored run of an orchestration: its agents' parts, and all of it told again as events.

Wire protocol, sections 6 and 9. The server keeps everybody's text in one and the frames without
their text, but each agent's run with all of it: so the one can be divided by the others.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from powawidget import events as ev

_DELEGATE = "delegate_to_"


def children_of(stored: Mapping[str, Any]) -> ev.StoredChildren:
    """Read the agents' runs of what `GET /api/orchestrations/runs/{id}` answers.

    Args:
        stored: The decoded answer.

    Returns:
        An event that gives each delegation its full results and its clean text.
    """
    runs = stored.get("child_runs")
    return ev.StoredChildren(
        children=[_child(run) for run in (runs if isinstance(runs, list) else []) if _is_run(run)]
    )


def retell_orchestration(stored: Mapping[str, Any]) -> Iterator[ev.Event]:
    """Turn what `GET /api/orchestrations/runs/{id}` answers into events.

    Args:
        stored: The decoded answer.

    Yields:
        Events that fold to the run; the last one ends it, where the server has ended it.
    """
    yield ev.read_frame({"event": "start", **_picked(stored, "run_id", "session_id")})
    frames = [ev.read_frame(dict(one)) for one in _frames(stored)]
    if any(_takes_back(frame) for frame in frames):
        yield from frames  # what the hook took back stands in the agents' parts as well
    else:
        children = children_of(stored)
        yield from _Retelling(stored, children.children).tell(frames)
        yield children
    if stored.get("status") in {"completed", "failed"}:
        told = _picked(stored, "run_id", "status", "error", "content", "usage")
        yield ev.read_frame({"event": "complete", **told})


class _Retelling:
    """Puts the texts back between the stored frames, which have lost them.

    Args:
        stored: The stored run.
        children: Its agents' runs.
    """

    def __init__(self, stored: Mapping[str, Any], children: list[ev.Child]) -> None:
        content = stored.get("content")
        self._content = content if isinstance(content, str) else ""
        self._by_id = {child.child_id: child for child in children}
        self._children = children
        runs = stored.get("child_runs")
        self._events = {
            run.get("run_id"): [ev.read_frame(dict(one)) for one in _frames(run)]
            for run in (runs if isinstance(runs, list) else [])
            if _is_run(run)
        }

    def tell(self, frames: list[ev.Event]) -> Iterator[ev.Event]:
        """Tell the frames with their texts."""
        started = [one for one in frames if isinstance(one, ev.OrchestrationStarted)]
        strategy = started[0].strategy if started else ""
        if strategy == "parallel" and (started[0].agent_count or 0) != 1:
            yield from self._parallel(frames, started[0].agent_count)
        elif strategy in {"sequential", "parallel"}:
            yield from self._sequence(frames)
        else:
            yield from self._supervisor(frames)

    def _sequence(self, frames: list[ev.Event]) -> Iterator[ev.Event]:
        """Tell each agent's own frames, which hold its text, in place of the run's."""
        begins = (ev.SequentialStep, ev.OrchestrationStarted)
        alone = not any(isinstance(one, ev.SequentialStep) for one in frames)
        left = list(self._children)
        skipping = False
        for frame in frames:
            if isinstance(frame, ev.OrchestrationCompleted):
                skipping = False
            if isinstance(frame, ev.SequentialStep) or not skipping:
                yield frame
            if isinstance(frame, begins[:1] if not alone else begins) and left:
                own = self._own(left.pop(0))
                skipping = bool(own)
                yield from own

    def _supervisor(self, frames: list[ev.Event]) -> Iterator[ev.Event]:
        """Tell each delegation with its text, and the supervisor's own text between them."""
        delegated = [
            self._by_id.get(one.child_id) for one in frames if isinstance(one, ev.DelegationStarted)
        ]
        said = _between(self._content, ["".join(c.texts) if c else "" for c in delegated])
        child: str | None = None
        for frame in frames:
            last = isinstance(frame, ev.OrchestrationCompleted)
            if child is not None:
                over = isinstance(frame, ev.DelegationCompleted) and frame.child_id == child
                if not over and not last:
                    continue
                child = None
            asks = isinstance(frame, ev.ToolCallStarted) and frame.tool_name.startswith(_DELEGATE)
            if (last or asks) and said and (last or len(said) > 1) and said[0]:
                yield ev.TextDelta(text=said[0])
                said[0] = ""
            yield frame
            if isinstance(frame, ev.DelegationStarted):
                said = said[1:] if len(said) > 1 else said
                known = self._by_id.get(frame.child_id)
                own = self._own(known) if known is not None else []
                child = frame.child_id if own else None
                yield from own
        if said and said[-1]:
            yield ev.TextDelta(text=said[-1])

    def _parallel(self, frames: list[ev.Event], count: int | None) -> Iterator[ev.Event]:
        """Tell how much the agents said, and the merge's text as the answer."""
        together = sum(len(text) for child in self._children for text in child.texts)
        begun = 0
        merged = False
        for frame in frames:
            yield frame
            if isinstance(frame, ev.StepReset) and frame.step == 1 and not merged:
                begun -= 1
            if not isinstance(frame, ev.StepStarted) or frame.step != 1 or merged:
                continue
            begun += 1
            if begun == 1 and together:
                yield ev.TextDelta(text=self._content[:together])
            merged = count is not None and begun > count
            # Everybody's text comes first, whatever its order: the merge waits for them.
            if merged and self._content[together:]:
                yield ev.TextDelta(text=self._content[together:])

    def _own(self, child: ev.Child) -> list[ev.Event]:
        return self._events.get(child.child_id, [])


def _between(content: str, texts: list[str]) -> list[str]:
    """Divide everybody's text into what the supervisor said before, between and after others."""
    said: list[str] = []
    end = 0
    for text in texts:
        place = content.find(text, end)
        if place < 0:
            said.append("")
            continue
        said.append(content[end:place])
        end = place + len(text)
    return [*said, content[end:]]


def _child(run: Mapping[str, Any]) -> ev.Child:
    texts: list[str] = []
    asked: list[str] = []
    thoughts: list[str] = []
    fresh = True
    frames = [ev.read_frame(dict(one)) for one in _frames(run)]
    for frame in frames:
        if isinstance(frame, ev.TextDelta) and frame.text:
            if fresh:
                texts.append("")
            texts[-1] += frame.text
            fresh = False
        elif isinstance(frame, ev.ToolCallStarted | ev.Noticed):
            fresh = True
        if isinstance(frame, ev.ToolCallStarted) and frame.call_id is not None:
            asked.append(frame.call_id)
        elif isinstance(frame, ev.ReasoningWhole):
            thoughts.append(frame.text)
    told = ev.read_frame({"event": "complete", **_picked(run, "status", "usage", "tool_calls")})
    content, steps = run.get("content"), run.get("steps")
    return ev.Child(
        child_id=run["run_id"] if isinstance(run.get("run_id"), str) else None,
        status=str(run.get("status") or ""),
        texts=texts,
        thoughts=thoughts,
        asked=asked,
        steps=steps if isinstance(steps, int) and not isinstance(steps, bool) else None,
        usage=told.usage if isinstance(told, ev.Completed) else None,
        seconds=_seconds(run),
        tool_calls=told.tool_calls if isinstance(told, ev.Completed) else [],
        answer=content if isinstance(content, str) else "",
    )


def _takes_back(event: ev.Event) -> bool:
    if not isinstance(event, ev.HookResult) or event.hook_event != "PreResponse":
        return False
    return event.modified or event.blocked


def _is_run(run: Any) -> bool:
    return isinstance(run, Mapping)


def _frames(run: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    frames = run.get("events")
    return [one for one in (frames if isinstance(frames, list) else []) if isinstance(one, Mapping)]


def _seconds(run: Mapping[str, Any]) -> float | None:
    """Tell how long an agent worked by its first frame and its last."""
    times = [one["ts"] for one in _frames(run) if isinstance(one.get("ts"), str)]
    try:
        first, last = (dt.datetime.fromisoformat(times[place]) for place in (0, -1))
        return round(max(0.0, (last - first).total_seconds()), 3)
    except (ValueError, TypeError, IndexError):
        return None


def _picked(stored: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: stored[name] for name in names if stored.get(name) is not None}
