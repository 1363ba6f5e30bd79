"""A service that answers each row's start as a test says, and tells what it has stored."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

from powawidget.resources.agent import Agent, AgentInfo
from powawidget.resources.batching import agent_target
from powawidget.resources.connect import connect
from tests.planted import KEY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from powawidget.batch.target import Target
    from tests.chaos import Chaos, Exchange

    Answer = Callable[["Desk", Exchange, dict[str, Any]], Awaitable[None]]

PAGE = b"<html><body><p>Bad gateway</p></body></html>"


class Desk:
    """What the service knows, and how it answers starts.

    Attributes:
        starts: The bodies of the starts that came whole, in order.
        runs: What is stored of runs, by their sessions.
        sessions: The ids of the sessions there are.
        asked: The paths of all other requests.

    Args:
        answers: By the message, how its starts are answered: one after the other, the last again.
        otherwise: How the others are.
    """

    def __init__(
        self, answers: dict[str, list[Answer]] | None = None, otherwise: Answer | None = None
    ) -> None:
        self.starts: list[dict[str, Any]] = []
        self.runs: dict[str, dict[str, Any]] = {}
        self.sessions: set[str] = set()
        self.asked: list[str] = []
        self.lock = threading.Lock()
        self._answers = answers or {}
        self._otherwise = otherwise or done
        self._turns: dict[str, int] = {}

    async def __call__(self, exchange: Exchange) -> None:
        """Answer a request."""
        request = exchange.request
        if request.method == "POST" and request.path.endswith("/stream"):
            body = request.json
            with self.lock:
                self.starts.append(body)
                turn = self._turns.get(body["message"], 0)
                self._turns[body["message"]] = turn + 1
            answers = self._answers.get(body["message"]) or [self._otherwise]
            await answers[min(turn, len(answers) - 1)](self, exchange, body)
            return
        self.asked.append(f"{request.method} {request.path}")
        await self._look(exchange, request.path.split("?")[0])

    async def _look(self, exchange: Exchange, path: str) -> None:
        last = path.rpartition("/")[2]
        session = path.split("/")[3] if path.startswith("/api/sessions/") else ""
        if exchange.request.method == "POST" and last == "sessions":
            made = f"made_{len(self.sessions)}"
            self.sessions.add(made)
            await exchange.answer_json({"session_id": made}, "201 Created")
        elif session and session not in self.sessions:
            await exchange.answer_json({"error": "Session not found"}, "404 Not Found")
        elif session and last == "runs":
            runs = [self.runs[session]] if session in self.runs else []
            await exchange.answer_json({"runs": runs})
        elif session:
            await exchange.answer_json({"session_id": session})
        else:
            named = [run for run in self.runs.values() if run["run_id"] == last]
            if named:
                await exchange.answer_json(named[0])
            else:
                await exchange.answer_json({"error": "Run not found"}, "404 Not Found")

    def store(self, body: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Store a run, as completed where nothing else is said."""
        session = body["session_id"]
        self.sessions.add(session)
        run = {
            "run_id": f"run_{len(self.runs)}",
            "status": "completed",
            "content": f"stored {body['message']}",
            "error": None,
            "usage": {"total_tokens": 5},
            **more,
        }
        self.runs[session] = run
        return run

    def times(self, message: str) -> int:
        """How often a message came whole."""
        return sum(body["message"] == message for body in self.starts)


def target_of(server: Chaos, *, tools: bool | None = False, **more: Any) -> Target:
    """The agent at a desk, reached with a key that can be found wherever it is."""
    limits = {"timeouts": more.pop("timeouts")} if "timeouts" in more else {}
    connection = connect(server.url, api_key=KEY, **limits)
    agent = Agent(connection._client, AgentInfo(id="a-1", name="A"), tools)
    return agent_target(agent, **more)


async def done(desk: Desk, exchange: Exchange, body: dict[str, Any]) -> None:
    """Answer a run that goes well."""
    run = desk.store(body)
    start = {"event": "start", "run_id": run["run_id"], "session_id": body["session_id"]}
    text = f"answer to {body['message']}"
    end = {"event": "complete", "run_id": run["run_id"], "status": "completed", "content": text}
    await exchange.stream(start, end)


def status(
    code: str, body: object = None, headers: bytes = b""
) -> Callable[[Desk, Exchange, dict[str, Any]], Awaitable[None]]:
    """Refuse: with JSON, or with a page where bytes are given."""

    async def answer(_: Desk, exchange: Exchange, __: dict[str, Any]) -> None:
        if isinstance(body, bytes):
            await exchange.answer(code, body, headers + b"content-type: text/html\r\n")
        else:
            await exchange.answer_json(body or {"error": f"no: {code}"}, code, headers)

    return answer


async def reset(_: Desk, exchange: Exchange, __: dict[str, Any]) -> None:
    """Break off before any answer."""
    exchange.reset()


async def closed(_: Desk, __: Exchange, ___: dict[str, Any]) -> None:
    """Close before any answer."""


async def page(_: Desk, exchange: Exchange, __: dict[str, Any]) -> None:
    """Answer 200 with a login page."""
    await exchange.answer("200 OK", PAGE, b"content-type: text/html\r\n")


async def nothing(_: Desk, exchange: Exchange, __: dict[str, Any]) -> None:
    """Answer 204."""
    await exchange.answer("204 No Content", b"")


def stored(
    answer: Answer, **more: Any
) -> Callable[[Desk, Exchange, dict[str, Any]], Awaitable[None]]:
    """Answer so, though the run goes on: what is said of it is stored."""

    async def answered(desk: Desk, exchange: Exchange, body: dict[str, Any]) -> None:
        desk.store(body, **more)
        await answer(desk, exchange, body)

    return answered


async def cut(desk: Desk, exchange: Exchange, body: dict[str, Any]) -> None:
    """Break off in the middle of a stream that has named its run."""
    run = desk.runs[body["session_id"]]
    await exchange.head()
    start = {"event": "start", "run_id": run["run_id"], "session_id": body["session_id"]}
    await exchange.tell(start, {"event": "content_delta", "type": "t", "delta": "half "})
    exchange.reset()


async def failed(_: Desk, exchange: Exchange, body: dict[str, Any]) -> None:
    """Answer a run that fails in its stream."""
    start = {"event": "start", "run_id": "run_f", "session_id": body["session_id"]}
    end = {"event": "complete", "run_id": "run_f", "status": "failed", "content": "", "error": "no"}
    await exchange.stream(start, end)


def text_of(desk: Desk) -> str:
    """All that the service was sent."""
    return json.dumps([desk.starts, desk.asked])
