"""A stored run of an orchestration: its agents' runs, and all of it as events again.

Rules: docs/protocol.md#child-runs and #stored-run. The server keeps one text of all agents
together, frames without text, and each agent's run with its own text, which divide the one text.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from powawidget.protocol import events as ev
from powawidget.protocol.stored.children import (
    children_of,
    frames_of,
    picked,
    runs_of,
    strategy_of,
    text_of_child,
)
from powawidget.protocol.stored.supervisor import supervisor_texts


def events_of_orchestration(stored: Mapping[str, Any]) -> Iterator[ev.Event]:
    """Turn what `GET /api/orchestrations/runs/{id}` answers into events.

    Yields:
        Events that fold to the run; the last one ends it, where the server has ended it.
    """
    yield ev.read_frame({"event": "start", **picked(stored, "run_id", "session_id")})
    frames = [ev.read_frame(dict(one)) for one in frames_of(stored)]
    fields = picked(stored, "run_id", "status", "error", "content", "usage")
    if any(_removes_answer(frame) for frame in frames):
        yield from frames  # what the hook took back stands in the agents' runs as well
    else:
        children = children_of(stored)
        yield from _Restoring(stored, children.children).events(frames)
        yield children
        steps = sum(isinstance(frame, ev.SequentialStep) for frame in frames)
        last = [text_of_child(child) for child in children.children if child.position == steps - 1]
        if last and last[0] and str(fields.get("content")).endswith(last[0]):
            fields["content"] = last[0]  # not everybody's text
    if stored.get("status") in {"completed", "failed"}:
        yield ev.read_frame({"event": "complete", **fields})


class _Restoring:
    """Puts the texts back between the stored frames, which have lost them."""

    def __init__(self, stored: Mapping[str, Any], children: list[ev.Child]) -> None:
        content = stored.get("content")
        self._content = content if isinstance(content, str) else ""
        self._by_id = {child.child_id: child for child in children}
        self._by_position = {
            child.position: child for child in children if child.position is not None
        }
        self._children = children
        self._own_events = {
            run.get("run_id"): [ev.read_frame(dict(one)) for one in frames_of(run)]
            for run in runs_of(stored)
        }

    def events(self, frames: list[ev.Event]) -> Iterator[ev.Event]:
        """Give the frames with their texts."""
        started = [one for one in frames if isinstance(one, ev.OrchestrationStarted)]
        strategy = strategy_of(frames)
        if strategy == "parallel" and (started[0].agent_count or 0) != 1:
            yield from self._parallel(frames, started[0].agent_count)
        elif strategy in {"sequential", "parallel"}:
            yield from self._sequence(frames)
        else:
            yield from self._supervisor(frames)

    def _sequence(self, frames: list[ev.Event]) -> Iterator[ev.Event]:
        """Give each agent's own frames, which hold its text, in place of the run's."""
        alone = not any(isinstance(one, ev.SequentialStep) for one in frames)
        begins = ev.OrchestrationStarted if alone else ev.SequentialStep
        position = 0
        skipping = False
        for frame in frames:
            if isinstance(frame, ev.OrchestrationCompleted):
                skipping = False
            if isinstance(frame, ev.SequentialStep) or not skipping:
                yield frame
            if isinstance(frame, begins):
                child = self._by_position.get(position)
                position += 1
                own = self._own(child) if child is not None else []
                skipping = bool(own)
                yield from own

    def _supervisor(self, frames: list[ev.Event]) -> Iterator[ev.Event]:
        """Give each delegation with its text, and the supervisor's own text between them."""
        calls = supervisor_texts(frames, self._by_id, self._content)
        texts = {(one.frame, one.after): one.text for one in calls if one.text}
        child: str | None = None
        for number, frame in enumerate(frames):
            if child is not None:
                over = isinstance(frame, ev.DelegationCompleted) and frame.child_id == child
                if not over and not isinstance(frame, ev.OrchestrationCompleted):
                    continue
                child = None
            yield from _text(texts.get((number, False)))
            yield frame
            yield from _text(texts.get((number, True)))
            if isinstance(frame, ev.DelegationStarted):
                known = self._by_id.get(frame.child_id)
                own = self._own(known) if known is not None else []
                child = frame.child_id if own else None
                yield from own
        yield from _text(texts.get((len(frames), False)))

    def _parallel(self, frames: list[ev.Event], count: int | None) -> Iterator[ev.Event]:
        """Give how much the agents said, and the merge's text as the answer."""
        together = sum(len(text_of_child(child)) for child in self._children)
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
        return self._own_events.get(child.child_id, [])


def _text(text: str | None) -> list[ev.Event]:
    return [ev.TextDelta(text=text)] if text else []


def _removes_answer(event: ev.Event) -> bool:
    if not isinstance(event, ev.HookResult) or event.hook_event != "PreResponse":
        return False
    return event.modified or event.blocked
