"""A server that does what a test says, a run at it, and what must hold whatever happened.

The oracle of all rows: the events that were delivered are those that the server finished writing,
in order, once; the number of POSTs; the final state; no task, socket or exception left over.
"""

import asyncio
import gc
import json
import re
import threading
import time
from typing import Any

import powawidget
from powawidget.kernel import loop
from powawidget.protocol import events as ev
from powawidget.resources.connect import Agent, AgentInfo
from powawidget.state.model import ENDED, RunState, Wait, plain
from powawidget.state.ops import apply
from powawidget.state.reduce import reduce
from tests.chaos import WATCHDOG, Chaos, Script
from tests.planted import KEY, MESSAGE, leaks, shown
from tests.waiting import until

START = {"event": "start", "run_id": "run_1", "session_id": "sess_1"}
STEP = {"event": "step_started", "type": "step_started", "step": 1}
HALF = {"event": "content_delta", "type": "content_delta", "delta": "half "}
REST = {"event": "content_delta", "type": "content_delta", "delta": "rest"}
CALL = {"event": "tool_call", "step": 1, "tool_name": "t", "arguments": {}, "call_id": "c"}
ASK = {"event": "approval_requested", "tool_name": "t", "tool_input": {}, "message": ""}
RESULT = {
    "event": "tool_result",
    "step": 1,
    "tool_name": "t",
    "call_id": "c",
    "result_preview": "r",
}
DONE = {"event": "complete", "run_id": "run_1", "status": "completed", "content": "half rest"}
STORED = {"run_id": "run_1", "status": "completed", "content": "half rest", "error": None}
CUT_WITH_TOOLS = {
    "run_id": "run_1",
    "status": "failed",
    "content": "",
    "error": "Client disconnected before LLM streaming started",
}
# The pauses are small, the limits are wide: a slow machine changes no outcome.
QUICK: dict[str, Any] = {
    "connect": 5.0,
    "first_byte": 30.0,
    "idle": 30.0,
    "quiet_idle": 30.0,
    "reconnect": (0.01, 0.01),
    "retry": (0.01, 0.02, 0.03, 0.04),
    "look_up": (0.01, 0.02),
    "look_up_total": 60.0,
    "look_up_unreachable": 60.0,
}


class World:
    """Servers, connections and runs of one test."""

    def __init__(self) -> None:
        self._servers: list[Chaos] = []
        self._connections: list[powawidget.Powabase] = []
        self.runs: list[powawidget.Run] = []
        self._threads = {t for t in threading.enumerate() if t.name != "powawidget"}
        self.loose: list[Any] = []
        self._earlier = set(loop.run_sync(tasks()))
        self._watch()

    def _watch(self) -> None:
        """Hear of every exception that nobody retrieved."""

        async def watch() -> None:
            running = asyncio.get_running_loop()
            running.set_exception_handler(lambda _, told: self.loose.append(told))

        loop.run_sync(watch())

    def serve(self, script: Script, port: int = 0) -> Chaos:
        """Start a server."""
        self._servers.append(Chaos(script, port).__enter__())
        return self._servers[-1]

    def connect(self, url: str, **limits: Any) -> powawidget.Powabase:
        """Connect to a server, with quick limits of time."""
        timeouts = powawidget.Timeouts(**{**QUICK, **limits})
        connection = powawidget.connect(url, api_key=KEY, timeouts=timeouts)
        self._connections.append(connection)
        return connection

    def agent(self, url: str, *, tools: bool | None = True, **limits: Any) -> Agent:
        """Name an agent without asking the server for it."""
        return Agent(self.connect(url, **limits)._client, AgentInfo(id="a-1", name="A"), tools)

    def run(
        self, server: Chaos | str, *, tools: bool | None = True, **limits: Any
    ) -> powawidget.Run:
        """Start a run, which is asked about the key."""
        url = server if isinstance(server, str) else server.url
        self.runs.append(self.agent(url, tools=tools, **limits).run(MESSAGE))
        return self.runs[-1]

    def close(self) -> None:
        """Check that nothing is left: no task, no socket, no thread, no exception, no key."""
        for run in self.runs:
            assert not [text for text in shown(run) if leaks(text)]
        for run in self.runs:
            run.close()
        for connection in self._connections:
            connection.close()
        until(lambda: self._earlier.issuperset(loop.run_sync(tasks())), "the tasks are over")
        for server in self._servers:
            server.wait_until_left()
            server.__exit__()
        gc.collect()
        loop.run_sync(tasks())
        assert not self.loose, self.loose
        # What a thread did is told a moment before the thread is over.
        until(lambda: not self._strange_threads(), "the threads are over")

    def _strange_threads(self) -> list[str]:
        """Threads that came since, but for those that the loop keeps to look host names up."""
        names = [each.name for each in threading.enumerate() if each not in self._threads]
        return [name for name in names if not re.fullmatch(r"powawidget|asyncio_\d+", name)]


async def tasks() -> list[asyncio.Task[Any]]:
    """The tasks on the loop thread."""
    await asyncio.sleep(0)
    return [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


def came_to(run: powawidget.Run) -> tuple[str, str, str | None]:
    """The status, the text and the error's code of a run, once it is over and nothing is open."""
    assert run._live.done.wait(WATCHDOG), f"still {run.status}"
    assert run.status in ENDED
    assert {"running", "waiting"}.isdisjoint(call.status for call in run.tool_calls)
    assert {"pending", "sending"}.isdisjoint(asked.decision for asked in run.approvals)
    assert run._live.state.wait is None
    json.dumps(run._live.snapshot(), ensure_ascii=False, allow_nan=False).encode()
    assert folded(run) == run._live.snapshot() or _is_withheld(run)
    return run.status, run.text, run.error.code if run.error else None


def _is_withheld(run: powawidget.Run) -> bool:
    return any(isinstance(event, ev.Withheld) for event in run.events)


def folded(run: powawidget.Run) -> Any:
    """What the run's own events fold to: a run is no more than its recording."""
    state = run._live.state
    again = RunState(kind=state.kind, name=state.name, message=state.message, on_stop=state.on_stop)
    again.started = state.started
    recording = run.events
    for event, at in zip(recording, recording.times, strict=True):
        apply(again, reduce(again, event, at))
    return plain(again)


def delivered(run: powawidget.Run) -> list[Any]:
    """The frames that reached the run."""
    return [event.raw for event in run.events if event.raw is not None]


def waits(run: powawidget.Run) -> list[ev.Waiting]:
    """The pauses that a person saw."""
    return [event for event in run.events if isinstance(event, ev.Waiting)]


def seen(run: powawidget.Run) -> list[tuple[str, str | None]]:
    """How the run stood, and what it waited for, after each event that changed either."""
    again, told = RunState(), []
    for event in run.events:
        apply(again, reduce(again, event, 1.0))
        wait: Wait | None = again.wait
        now = (again.status, wait.purpose if wait else None)
        if not told or told[-1] != now:
            told.append(now)
    return told


def notices(run: powawidget.Run) -> list[str]:
    """The texts of the quiet lines."""
    parts = run._live.snapshot()["parts"]
    return [part["text"] for part in parts if part["kind"] == "notice"]


def act(run: powawidget.Run, action: str) -> str | None:
    """Do what a click on the page does."""

    async def click() -> str | None:
        return run._act({"action": action})

    return loop.run_sync(click())


def quiet(run: powawidget.Run) -> float:
    """How long the header would say that no data has come, in seconds."""
    return time.monotonic() - run._live.last_sign
