"""A process that drives a batch and is killed, at a moment or at an exact point.

It is forked off one that has everything imported, so that a start costs nothing; what is killed is
a whole process, with the threads of its own.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import traceback
from contextlib import closing
from typing import TYPE_CHECKING, Any

import msgspec

import powawidget
from powawidget.batch.attempt import Attempt
from powawidget.batch.course import Course
from powawidget.batch.find import Asking
from powawidget.batch.journal import attempts
from powawidget.batch.journal.journal import Journal
from powawidget.batch.journal.records import RowInput
from powawidget.batch.journal.writer import Writer
from powawidget.errors import FileError
from powawidget.resources.batching import orchestration_target, workflow_target
from tests.batch.driving import WATCHDOG, driver_of, finish, rows_of, target_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from powawidget.batch.target import Target

# Long enough for a busy server to take in what was sent to it.
ASKING = Asking(minute=4.0, lost=30.0, at_once=64)
LONG = 5 * WATCHDOG  # a thousand rows on a busy machine

# Where a process kills itself, by what it is about to do there, or has just done.
POINTS: dict[str, tuple[Any, str, bool]] = {
    "before the claim": (attempts, "claim", False),
    "inside the claim's transaction": (attempts, "claim", True),
    "after the claim": (Course, "_attempt", False),
    "before the mark": (attempts, "mark", False),
    "inside the mark's transaction": (attempts, "mark", True),
    "after the mark, before the last byte": (Attempt, "_note_mark", True),
    "after the last byte, when the server answers": (Attempt, "note_open", False),
    "before the run's id is written": (attempts, "accept", False),
    "inside the transaction of the run's id": (attempts, "accept", True),
    "at the end of the stream": (Attempt, "ended", False),
    "before the result is written": (attempts, "settle", False),
    "inside the result's transaction": (attempts, "settle", True),
    "after the result is written": (Course, "_set", True),
    "while the journal is opened": (Writer, "__init__", False),
}


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(point: str, turn: int) -> None:
    """Have this process kill itself when it comes to a point for the so-manieth time."""
    owner, name, is_after = POINTS[point]
    inner: Callable[..., Any] = getattr(owner, name)
    come = 0

    def count() -> None:
        nonlocal come
        come += 1
        if come == turn:
            _die()

    def outer(*args: Any, **named: Any) -> Any:
        if not is_after:
            count()
        result = inner(*args, **named)
        if is_after and hasattr(result, "__await__"):
            return _then(result, count)
        if is_after:
            count()
        return result

    setattr(owner, name, outer)


async def _then(work: Any, count: Callable[[], None]) -> Any:
    result = await work
    count()
    return result


def work_of(told: dict[str, Any]) -> tuple[Target, list[RowInput]]:
    """What runs, and the rows: their messages, or numbers that tell them apart."""
    name, count, kind = told["name"], told["rows"], told.get("kind", "agent")
    if kind == "agent":
        return target_at(told["url"], told["key"], told["agent"]), rows_of(count, name)
    project = powawidget.connect(told["url"], api_key=told["key"])
    if kind == "orchestration":
        target = orchestration_target(project.orchestration(told["agent"]))
        return target, rows_of(count, name)
    rows = [
        RowInput(key=f"k{i}", position=i, body={"variables": {"week": f"{name} {i}"}}, digest="d")
        for i in range(count)
    ]
    return workflow_target(project.workflow(told["agent"])), rows


def drive(told: dict[str, Any]) -> dict[str, Any]:
    """Drive a batch to its end."""
    target, rows = work_of(told)
    with closing(Journal.open(told["journal"])) as journal:
        at_once = told["at_once"]
        try:
            driver = driver_of(
                target,
                journal,
                rows,
                concurrency=at_once,
                name=told.get("batch", "batch"),
                asking=msgspec.structs.replace(ASKING, lost=told.get("lost", ASKING.lost)),
            )
        except FileError as error:
            return {"refused": str(error)}
        finish(driver, LONG)
        if told.get("retry"):
            driver.retry([told["retry"]])
            assert driver.done.wait(LONG)
        return {"reason": driver.reason}


class Clients:
    """Starts clients, one after the other, and tells what became of each."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.batch.client_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._pid = 0

    def start(self, told: dict[str, Any]) -> None:
        """Start one.

        Args:
            told: What it is to do: url, key, agent, journal, rows, name, at_once; kind, where
                it is no agent's; die_at and turn; retry; batch, its name; lost, in seconds.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(f"{json.dumps(told)}\n")
        self._process.stdin.flush()
        self._pid = self._read()

    def kill(self) -> None:
        """Kill the one that was started, wherever it is."""
        os.kill(self._pid, signal.SIGKILL)

    def result(self) -> dict[str, Any] | None:
        """What it came to; None where it was killed."""
        told = self._read()
        assert told is None or "error" not in told, told["error"]
        return told

    def run(self, told: dict[str, Any]) -> dict[str, Any] | None:
        """Start one, and wait for its end."""
        self.start(told)
        return self.result()

    def close(self) -> None:
        """End the process that starts them."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(WATCHDOG)
        self._process.stdout.close()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        assert select.select([self._process.stdout], [], [], 2 * LONG)[0], "it hangs"
        line = self._process.stdout.readline()
        assert line, "the process that starts clients has ended"
        return json.loads(line)


def main() -> None:
    """Fork a client for each line of the input, and say its number and then what it came to."""
    earlier = 0
    for line in sys.stdin:
        if earlier:
            # Only now: until then its number is nobody else's, and can be killed.
            os.waitpid(earlier, 0)
        reading, writing = os.pipe()
        pid = earlier = os.fork()
        if pid == 0:
            os.close(reading)
            be(json.loads(line), writing)
        os.close(writing)
        say(pid)
        with os.fdopen(reading) as pipe:
            answer = pipe.read()
        # One that was killed has written nothing.
        say(json.loads(answer) if answer else None)


def say(value: Any) -> None:
    """Answer with a line."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def be(told: dict[str, Any], writing: int) -> None:
    """Be a client: what remains of it is what it writes at its end."""
    sys.stdin.close()
    try:
        if "die_at" in told:
            die_at(told["die_at"], told["turn"])
        answer = drive(told)
    except BaseException:  # noqa: BLE001  # told to the test, which raises it
        answer = {"error": traceback.format_exc()}
    with os.fdopen(writing, "w") as pipe:
        json.dump(answer, pipe)
    os._exit(0)


if __name__ == "__main__":
    main()
