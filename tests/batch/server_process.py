"""The embedded server in a process of its own, which counts what it was sent.

As a program it prints where it listens, and answers each line of its input with a line of JSON.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from powawidget.local.agents.script import Agent, Call, Calls, Say, Tool

if TYPE_CHECKING:
    from powawidget.local.agents.script import Script, Turn

PLAIN, TOOLS = "Echo", "Echo (tools)"


def echo(turn: Turn) -> Script:
    """Answer with the message."""
    yield Say(f"You said: {turn.message}")


def look(turn: Turn) -> Script:
    """Call a tool, then answer."""
    yield Calls(Call("look", {"at": turn.message}))
    yield Say(f"You said: {turn.message}")


AGENTS = (
    Agent(PLAIN, echo),
    Agent(TOOLS, look, tools=(Tool("look", lambda _: "seen", seconds=(0.01, 0.02)),)),
)


class ServerProcess:
    """The server, while it serves.

    Args:
        **settings: As for `Settings`.
    """

    def __init__(self, **settings: Any) -> None:
        arguments = [sys.executable, "-m", "tests.batch.server_process", json.dumps(settings)]
        self._process = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        told = self._read()
        self.url: str = told["url"]
        self.key: str = told["key"]

    def posts(self) -> list[dict[str, Any]]:
        """The bodies of the requests that start a run, in the order in which they were whole."""
        return self._ask("posts")

    def count(self) -> int:
        """How many of those there were."""
        return self._ask("count")

    def load(self) -> dict[str, float]:
        """What it refused, and the share of its `runs_at_once` that was used from then on."""
        return self._ask("load")

    def starts(self) -> list[float]:
        """When it began each run, in seconds of a clock that never goes back."""
        return self._ask("starts")

    def stored(self) -> dict[str, str]:
        """How each agent's run stands, by its message; a second run of a message fails."""
        return self._ask("stored")

    def close(self) -> None:
        """End it."""
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()  # type: ignore[union-attr]  # a pipe
        self._process.wait(30)
        self._process.stdout.close()  # type: ignore[union-attr]  # a pipe

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, what: str) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the server's process has ended"
        return json.loads(line)


class Load(dict[Any, Any]):
    """What is at work in an engine, and for how long.

    Args:
        engine: The engine of a server that has begun nothing yet.
        most: How many runs it allows at once.
    """

    def __init__(self, engine: Any, most: int) -> None:
        super().__init__()
        self.starts: list[float] = []
        self._most = most
        self._refused = 0
        self._busy = self._busy_at_last = 0.0  # the seconds of all runs since the first refusal
        self._first = self._last = self._at = 0.0
        inner = engine._load.check

        def check() -> None:
            try:
                inner()
            except Exception:
                self._refused += 1
                self._count()
                self._first = self._first or self._at
                raise

        engine._load.check = check
        engine._running = self

    def told(self) -> dict[str, float]:
        """What there is to say of it."""
        seconds = self._last - self._first
        used = self._busy_at_last / seconds / self._most if self._first and seconds > 0 else 0.0
        return {"refused": self._refused, "used": used}

    def _count(self) -> None:
        now = time.monotonic()
        self._busy += len(self) * (now - self._at) if self._first else 0.0
        self._at = now

    def __setitem__(self, task: Any, channel: Any) -> None:
        self.starts.append(time.monotonic())
        self._count()
        super().__setitem__(task, channel)
        self._last, self._busy_at_last = self._at, self._busy

    def __delitem__(self, task: Any) -> None:
        self._count()
        super().__delitem__(task)


def main() -> None:
    """Serve until the input ends."""
    from tests.counterpart import start  # noqa: PLC0415  # what only the other process needs

    settings = json.loads(sys.argv[1])
    rate = settings.pop("agents_tokens_per_second", 20_000.0)
    agents = [replace(agent, tokens_per_second=rate) for agent in AGENTS]
    server = start(agents=agents, **settings)
    load = Load(server.engine, settings.get("runs_at_once") or 1)

    def say(value: Any) -> None:
        sys.stdout.write(json.dumps(value) + "\n")
        sys.stdout.flush()

    say({"url": server.url, "key": server.key})
    for line in sys.stdin:
        if line.strip() == "count":
            say(sum(path.endswith("/stream") for _, path, _ in server.requests))
        elif line.strip() == "posts":
            say([body for _, path, body in server.requests if path.endswith("/stream")])
        elif line.strip() == "load":
            say(load.told())
        elif line.strip() == "starts":
            say(load.starts)
        else:
            runs = list(server.engine.agents.runs.values())
            stored = {run.message: run.status for run in runs}
            assert len(stored) == len(runs)
            say(stored)
    server.stop()


if __name__ == "__main__":
    main()
