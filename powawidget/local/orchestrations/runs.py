"""An orchestration's run, from its first frame to its last.

Rules: docs/protocol.md#orchestration-answer and #cut-orchestration.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from powawidget.local.agents.emitter import DELTAS
from powawidget.local.endings import Stopped
from powawidget.local.orchestrations.strategies import run_strategy
from powawidget.local.orchestrations.work import Outcome, Work

if TYPE_CHECKING:
    from powawidget.local.agents.script import Turn
    from powawidget.local.channel import Channel
    from powawidget.local.dialects import Encode, Frame
    from powawidget.local.orchestrations.records import OrchestrationRun


@dataclass
class OrchestrationExecution:
    """One orchestration at work.

    Args:
        run: The stored run.
        turn: What the scripts get to know.
        channel: Where the frames go.
        encode: The dialect that they are sent in.
        rate: Tokens a second.
        new_id: Draws the id of a member's run.
    """

    run: OrchestrationRun
    turn: Turn
    channel: Channel
    encode: Encode
    rate: float
    new_id: Callable[[], str]

    def __post_init__(self) -> None:
        self._written: list[str] = []
        self._events: list[Frame] = []
        self._work = Work(
            self.run.orchestration,
            self.turn,
            self._store_and_send,
            self.channel,
            rate=self.rate,
            gone=lambda: self.run.lost,
            new_id=self.new_id,
            keep=self.run.children.append,
        )

    async def execute(self) -> None:
        """Run it to its end, and store how it ended; not if its client goes before."""
        try:
            self._send(
                {
                    "event": "start",
                    "run_id": self.run.run_id,
                    "session_id": self.run.session.session_id,
                    "reasoning_requested": False,
                }
            )
            self._finish(await run_strategy(self._work))
        except Stopped:
            self.run.lose()
        except Exception as failure:  # noqa: BLE001  # a faulty script mustn't end the server
            error = str(failure) or type(failure).__name__
            self.run.fail(error, self._events)
            self._send({"event": "error", "error": error})
        finally:
            self.channel.end()

    def _finish(self, outcome: Outcome) -> None:
        # What all agents wrote, in the order in which they wrote it.
        content = "".join(self._written)
        complete = {
            "event": "complete",
            "run_id": self.run.run_id,
            "session_id": self.run.session.session_id,
            "content": content,
            "status": outcome.status,
            "steps": outcome.steps,
            "usage": outcome.usage,
            "error": outcome.error,
        }
        self._send({"event": "chunk", "content": content})
        self.run.finish(complete, self._events, outcome.usage or None)
        self._send(complete)

    def _store_and_send(self, frame: Frame, more: Frame) -> None:
        if frame.get("event") == "content_delta":
            self._written.append(frame["delta"])
        if frame and frame["event"] not in DELTAS:
            self._events.append({key: frame[key] for key in frame if key != "event"})
        self._send(frame, more)

    def _send(self, frame: Frame, more: Frame | None = None) -> None:
        self.channel.put(self.encode(frame, more or {}))
