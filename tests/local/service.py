"""A started server, a client for it, and what the tests do with both."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from powawidget.local import LocalServer

Frame = dict[str, Any]


class Service:
    """A started server and a client for it."""

    def __init__(self, server: LocalServer) -> None:
        self.server = server
        self.http = httpx.Client(
            base_url=server.url,
            headers={"apikey": server.key, "Authorization": f"Bearer {server.key}"},
            timeout=30,
        )
        self.agents = {a["name"]: a["id"] for a in self.get("/api/agents?limit=99")["agents"]}

    def get(self, path: str) -> Any:
        answer = self.http.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def decide(self, run_id: str, **body: Any) -> httpx.Response:
        return self.http.post(f"/api/agents/runs/{run_id}/approve", json=body)

    @contextmanager
    def stream(self, agent: str, message: str, **body: Any) -> Iterator[Iterator[Frame]]:
        """Run an agent; the frames come as they arrive, and leaving closes the connection."""
        path = f"/api/agents/{self.agents[agent]}/run/stream"
        with self.http.stream("POST", path, json={"message": message, **body}) as answer:
            assert answer.status_code == 200, answer.read()
            yield (json.loads(line[6:]) for line in answer.iter_lines() if line[:6] == "data: ")

    def run(
        self, agent: str, message: str, *decisions: dict[str, Any] | None, **body: Any
    ) -> list[Frame]:
        """Run an agent to its end, answering its requests for approval one by one."""
        waiting = list(decisions)
        frames = []
        with self.stream(agent, message, **body) as stream:
            for frame in stream:
                frames.append(frame)
                if frame["event"] == "approval_requested" and waiting:
                    decision = waiting.pop(0)
                    if decision is not None:
                        assert self.decide(frames[0]["run_id"], **decision).status_code == 200
        return frames

    def raw(self, agent: str, message: str, **body: Any) -> bytes:
        path = f"/api/agents/{self.agents[agent]}/run/stream"
        return self.http.post(path, json={"message": message, **body}).content


def of(frames: list[Frame], *events: str) -> list[Frame]:
    """Choose the frames of some events."""
    return [frame for frame in frames if frame["event"] in events]


def until(true: Callable[[], Any]) -> Any:
    """Wait until something is true; the test's own timeout ends a vain wait."""
    while not (value := true()):
        time.sleep(0.005)
    return value
