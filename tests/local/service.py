"""A started server, a client for it, and what the tests do with both."""

from __future__ import annotations

import http.client
import json
import socket
import time
from contextlib import closing, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tests.counterpart import Counterpart

Frame = dict[str, Any]


class Service:
    """A started server and a client for it."""

    def __init__(self, server: Counterpart) -> None:
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

    @cached_property
    def orchestrations(self) -> dict[str, str]:
        return {o["name"]: o["id"] for o in self.get("/api/orchestrations")["orchestrations"]}

    @cached_property
    def workflows(self) -> dict[str, str]:
        return {w["name"]: w["id"] for w in self.get("/api/workflows?limit=99")["workflows"]}

    def read(self, query: str) -> list[dict[str, Any]]:
        """Ask the server's database itself."""
        return self.server.database.read(query)

    @contextmanager
    def post(self, path: str, body: Any) -> Iterator[Iterator[Frame]]:
        """Post; the frames come as they arrive, and leaving closes the connection."""
        with self.http.stream("POST", path, json=body) as answer:
            assert answer.status_code == 200, answer.read()
            yield (json.loads(line[6:]) for line in answer.iter_lines() if line[:6] == "data: ")

    def stream(
        self, agent: str, message: str, **body: Any
    ) -> AbstractContextManager[Iterator[Frame]]:
        """Run an agent."""
        path = f"/api/agents/{self.agents[agent]}/run/stream"
        return self.post(path, {"message": message, **body})

    def orchestrate(
        self, name: str, message: str, **body: Any
    ) -> AbstractContextManager[Iterator[Frame]]:
        """Run an orchestration."""
        path = f"/api/orchestrations/{self.orchestrations[name]}/run/stream"
        return self.post(path, {"message": message, **body})

    def execute(self, name: str, **variables: Any) -> AbstractContextManager[Iterator[Frame]]:
        """Execute a workflow."""
        path = f"/api/workflows/{self.workflows[name]}/execute/stream"
        return self.post(path, {"variables": variables})

    def orchestrated(self, name: str, message: str = "Go", **body: Any) -> list[Frame]:
        """Run an orchestration to its end."""
        with self.orchestrate(name, message, **body) as stream:
            return list(stream)

    def executed(self, name: str, **variables: Any) -> list[Frame]:
        """Execute a workflow to its end."""
        with self.execute(name, **variables) as stream:
            return list(stream)

    def stored(self, frames: list[Frame]) -> dict[str, Any]:
        """Look an orchestration's run up."""
        return self.get(f"/api/orchestrations/runs/{frames[0]['run_id']}")

    def stored_agent(self, run_id: str, status: str) -> dict[str, Any] | None:
        """Look an agent's run up; None while it has another status."""
        run = self.get(f"/api/agents/runs/{run_id}")
        return run if run["status"] == status else None

    def logs(self, name: str, frames: list[Frame]) -> list[dict[str, Any]]:
        """Look up what an execution's blocks did; it is there a moment after the end."""
        execution = f"{self.workflows[name]}/executions/{frames[-1]['execution_id']}"
        return until(lambda: self.get(f"/api/workflows/{execution}/logs")["block_logs"])

    def blocks(self, name: str) -> dict[str, str]:
        """Look up the names of a workflow's blocks, by their ids."""
        graph = self.get(f"/api/workflows/{self.workflows[name]}")
        return {block["id"]: block["name"] for block in graph["blocks"]}

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
    return [frame for frame in frames if name_of(frame) in events]


def name_of(frame: Frame) -> str:
    """Name a frame's event: workflows have `type` only."""
    return frame.get("event") or frame["type"]


def said(frames: list[Frame]) -> str:
    """Put the deltas together."""
    return "".join(frame["delta"] for frame in of(frames, "content_delta"))


def until(true: Callable[[], Any]) -> Any:
    """Wait until something is true; the test's own timeout ends a vain wait."""
    while not (value := true()):
        time.sleep(0.005)
    return value


# Below HTTP: what no client library sends.


def connected(server: Counterpart) -> socket.socket:
    """Connect to a server, without a word."""
    return socket.create_connection(("127.0.0.1", server.port), timeout=60)


def head(server: Counterpart, request: str, *headers: str, key: bool = True) -> bytes:
    """Write the head of a request.

    Args:
        server: Whom it is for.
        request: Its method and path.
        *headers: Further headers; a Host among them takes the place of the right one.
        key: Whether it has the key.
    """
    lines = [f"{request} HTTP/1.1", *headers]
    if not any(line.lower().startswith("host:") for line in headers):
        lines.append(f"Host: 127.0.0.1:{server.port}")
    if key:
        lines += [f"Authorization: Bearer {server.key}", f"apikey: {server.key}"]
    return "\r\n".join([*lines, "", ""]).encode()


def answered(client: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Read one answer: its status, its headers in lower case, its body."""
    with closing(http.client.HTTPResponse(client)) as answer:
        answer.begin()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, headers, answer.read()


def is_closed(client: socket.socket) -> bool:
    """Wait until the server says something or closes; tell whether it closed."""
    try:
        return client.recv(1) == b""
    except ConnectionError:
        return True
