"""A model of the service's approvals, and the way of a decision to it, on a virtual clock."""

import asyncio
import functools
import json
from collections.abc import Callable, Coroutine
from typing import Any

from powawidget.approvals.decider import Decider
from powawidget.errors import RequestError
from powawidget.kernel.cells import Place
from powawidget.live.run import Live
from powawidget.protocol import events as ev
from powawidget.state.model import ApprovalPart, RunState

TIMEOUT = 20.0
PARALLEL = 0.25


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose clock jumps to the next timer whenever nothing is ready.

    While a thread works, as a policy does, it stands still.
    """

    def __init__(self) -> None:
        self.now = 1_000.0
        self.threads: set[asyncio.Future[Any]] = set()
        super().__init__()

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        future = super().run_in_executor(executor, func, *args)
        self.threads.add(future)
        future.add_done_callback(self.threads.discard)
        return future

    async def shutdown_default_executor(self, *_: Any) -> None:
        # The limit of time that Python 3.12 and later give here would be over at once.
        await super().shutdown_default_executor()

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        due = [timer.when() for timer in self._scheduled if not timer.cancelled()]
        if not self._ready and due and not self.threads:
            self.now = max(self.now, min(due))
        super()._run_once()


def virtual(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test on a loop with a virtual clock; whatever is under way at its end is cancelled."""

    @functools.wraps(test)
    def timed(*args: Any, **kwargs: Any) -> None:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(test(*args, **kwargs))

    return timed


class Server:
    """The service's one slot, and the requests that wait for it (docs/protocol.md#one-slot)."""

    def __init__(self, live: Live, run_id: str) -> None:
        self.live = live
        self.run_id = run_id
        self.loop = asyncio.get_running_loop()
        self.waiting: list[dict[str, Any]] = []
        self.stored: bool | None = None
        self.ran: list[str] = []
        self.posts: list[tuple[bool, list[str]]] = []
        self.refuse = 0
        self.fault: Callable[[], Exception] | None = None
        self.refuses: Callable[[], Exception] | None = None
        self.calls = 0
        self.asked = 0.0
        self.tool_seconds = 0.0
        self.proof_seconds = 0.0

    def request(self, path: str) -> None:
        """Ask for approval of a call, perhaps while one that was approved still runs.

        Parallel calls are requested a few milliseconds apart; any other call waits for the one
        before it. (A request that came while a decision is on the wire would take it: that can't
        be prevented from this side, which is why a decision waits for the quiet.)
        """
        now = self.loop.time()
        if self.waiting and now - self.asked > PARALLEL:
            return
        self.asked = now
        self.calls += 1
        call_id = f"call-{self.calls}"
        arguments = {"path": path}
        self.say(
            event="tool_call",
            type="tool_call",
            step=1,
            tool_name="read",
            call_id=call_id,
            arguments=arguments,
        )
        self.say(
            event="approval_requested",
            type="approval_requested",
            tool_name="read",
            tool_input=arguments,
            message="?",
        )
        self.stored = None
        entry = {"id": call_id, "path": path}
        entry["timer"] = self.loop.call_later(TIMEOUT, self.time_out, entry)
        self.waiting.append(entry)

    def say(self, **frame: Any) -> None:
        self.live.receive(json.dumps(frame))

    def time_out(self, entry: dict[str, Any]) -> None:
        if entry not in self.waiting:
            return
        if self.stored is None:
            self.finish(entry, "Error: Blocked by hook — Approval timed out")
        else:
            self.answer(entry, approved=self.stored)

    def answer(self, entry: dict[str, Any], *, approved: bool) -> None:
        if approved:
            self.ran.append(entry["id"])
        result = "content" if approved else "Error: Blocked by hook — Denied by user"
        self.finish(entry, result, self.tool_seconds if approved else self.proof_seconds)

    def finish(self, entry: dict[str, Any], result: str, seconds: float = 0.0) -> None:
        self.waiting.remove(entry)
        entry["timer"].cancel()
        if seconds:
            self.loop.call_later(seconds, self.tell, entry, result)
        else:
            self.tell(entry, result)

    def tell(self, entry: dict[str, Any], result: str) -> None:
        self.say(
            event="tool_result",
            type="tool_result",
            step=1,
            tool_name="read",
            call_id=entry["id"],
            result_preview=result,
            duration_ms=1,
        )

    async def post(self, run_id: str, body: Any, limit: float) -> None:
        assert run_id == self.run_id
        assert limit > 0
        await asyncio.sleep(0.01)
        if self.refuses is not None:
            raise self.refuses()
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault()
        if self.refuse:
            self.refuse -= 1
            raise RequestError("not waiting", status=404)
        self.posts.append((body["approved"], [entry["id"] for entry in self.waiting]))
        if not self.waiting:
            raise RequestError("not waiting", status=404)
        self.stored = body["approved"]
        latest = self.waiting[-1]
        self.answer(latest, approved=self.stored)


class GatedRun:
    """A run that waits for decisions: what is shown of it, who decides, and the server.

    Args:
        policy: The policy that decides, if one does.
        run_id: The server's name of the run.
    """

    def __init__(self, policy: Any = None, run_id: str = "run_1") -> None:
        self.time = asyncio.get_running_loop().time
        self.live = Live(RunState(), clock=self.time)
        self.live.receive(ev.Started(run_id=run_id, session_id=None))
        self.server = Server(self.live, run_id)
        self.decider = Decider(
            self.live, self.server.post, self._hooks, policy, monotonic=self.time
        )
        self.live.observe = self.decider.note_event
        self.place = Place()

    def shown(self) -> list[str]:
        """What a page shows as pending."""
        return [part.digest for part in self._approvals() if part.decision == "pending"]

    def ledger(self) -> list[tuple[str, str | None]]:
        """What was decided on each request, and by whom."""
        return [(part.decision, part.by) for part in self._approvals()]

    def delivery(self) -> str | None:
        """How far the decision on the first request is on its way."""
        return self._approvals()[0].delivery

    def click(self, choice: str) -> str | None:
        """Decide on all that is shown; returns why it was refused."""
        return self.decider.decide(choice, "click", None, self.shown())

    async def approved(self, count: int) -> None:
        """Wait until so many requests, and no others, have been approved."""
        await until(lambda: [one for one, _ in self.ledger()] == ["approved"] * count)

    def _approvals(self) -> list[ApprovalPart]:
        return [part for part in self.live.state.parts if isinstance(part, ApprovalPart)]

    async def _hooks(self) -> Any:
        hook = {"type": "approval", "event": "PreToolUse", "config": {"timeout": TIMEOUT}}
        return {"hooks": [hook]}


async def until(condition: Callable[[], Any]) -> None:
    while not condition():  # noqa: ASYNC110  # what is looked at has no event
        await asyncio.sleep(0.01)
