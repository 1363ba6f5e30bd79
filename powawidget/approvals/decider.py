"""Deciding on a run's requests for approval: once, for exactly what was shown.

The server has one decision slot for a run, and a decision that comes too late or too early hits
another request (docs/protocol.md#one-slot and #late-decision). So everything that decides (a click,
code, a policy, a stop) goes through `decide`, on the loop thread, and one POST at most leaves for
each request.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from typing import Any

from powawidget.approvals.consultation import Consultation
from powawidget.approvals.deadlines import margin_of, timeout_of
from powawidget.approvals.delivery import Decision, Delivery, Post
from powawidget.approvals.policy import Choice, PolicyFunction
from powawidget.approvals.requests import Requests
from powawidget.errors import PowawidgetError
from powawidget.live.run import Live
from powawidget.protocol import events as ev
from powawidget.protocol.characters import harmless
from powawidget.state.model import ApprovalPart
from powawidget.state.reduce import gates

_ON_THE_WAY = "A decision on an earlier request is still on its way."

Hooks = Callable[[], Awaitable[Any]]


class Decider:
    """Decides for one run. Everything but the constructor is called on the loop thread.

    Attributes:
        requests: The run's requests for approval, as they stand now.
        changed: Called when what is asked, or who is asked, has changed; it takes no time.

    Args:
        live: The run.
        post: Sends a decision: the run's id, the body, and how long it may take in seconds.
        hooks: Fetches the agent's hooks; None where there is no such way.
        policy: Decides in place of a person, where there is one.
        monotonic: Seconds of a clock that is never set back.
    """

    def __init__(
        self,
        live: Live,
        post: Post,
        hooks: Hooks | None = None,
        policy: PolicyFunction | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._live = live
        self.requests = Requests(live, monotonic)
        self.changed: Callable[[], None] = _nobody
        self._delivery = Delivery(live, self.requests, post, monotonic)
        self._hooks = hooks
        self._policy: PolicyFunction | None = None
        self._consultation: Consultation | None = None
        self._hook_rows: list[Mapping[str, Any]] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._monotonic = monotonic
        self._decisions: list[Decision] = []
        self._changed = asyncio.Event()
        self._to_prove: list[str] | None = None
        self.decide_by(policy)

    def decide_by(self, policy: PolicyFunction | None) -> None:
        """Have another policy decide from now on, on what is open too; or a person, without one.

        What the former one is still thinking about comes to nothing.
        """
        if policy is self._policy:
            return
        if self._consultation is not None:
            self._consultation.retire()
        self._policy, self._consultation = policy, None
        if policy is not None:
            self._consultation = Consultation(
                self.requests, self, self._live, policy, self._tell_changed
            )
            if self.requests.is_asking:
                self._start(self._consultation.decide())
        self.changed()

    def _tell_changed(self) -> None:
        self.changed()

    def note_event(self, event: ev.Event) -> list[ev.Event]:
        """Note an event that was applied; return what follows for earlier requests."""
        self._changed.set()
        self.requests.note_event(event)
        if self._consultation is not None:
            self._consultation.note_event(event)
        self.changed()
        if isinstance(event, ev.ApprovalRequested):
            newest = self.requests.latest
            if newest is not None:
                self._start(self._learn_deadline(newest))
            if self._consultation is not None:
                self._start(self._consultation.decide())
            return self._reopened()
        return []

    @property
    def asks_person(self) -> bool:
        """Whether a person has to decide on what is open."""
        return self._consultation is None or self._consultation.asks_person

    def decide(
        self, choice: Choice, by: str, reason: str | None, digests: Sequence[str] | None = None
    ) -> str | None:
        """Decide on all requests that are open.

        Args:
            choice: approve or deny.
            by: click, code or policy.
            reason: Why.
            digests: The requests that were shown to whoever decides; None where it was all.

        Returns:
            Why it is refused, in words; None where the decision is on its way.
        """
        asked = self.requests.pending()
        if not asked:
            return _why_not(self._live)
        names = [part.digest for part in asked]
        if digests is not None and set(digests) != set(names):
            return "What is asked has changed since it was shown: look at it again."
        now = self._live.clock()
        if any(part.closes is not None and now >= part.closes for part in asked):
            return "It is too late: the server is about to block the call."
        if self.is_on_the_way:
            return _ON_THE_WAY
        self._begin(names, choice, by, reason)
        return None

    def _begin(self, digests: list[str], choice: Choice, by: str, reason: str | None) -> None:
        self._live.note_sign()  # while a person took time, nothing was due
        # Half an emoji can't be sent, nor shown.
        by, reason = harmless(by), None if reason is None else harmless(reason)
        self.requests.receive(ev.DecisionMade(digests=digests, choice=choice, by=by, reason=reason))
        decision = Decision(digests, choice == "deny")
        self._forget_answered()
        self._decisions.append(decision)
        decision.task = self._start(self._delivery.deliver(decision, choice, reason))

    @property
    def has_to_deny(self) -> bool:
        """Whether a stop waits for a denial: one to be sent, or one that isn't proved yet."""
        return self.requests.is_asking or bool(self._unsent()) or bool(self._denials())

    def _denials(self) -> list[Decision]:
        return [
            one
            for one in self._decisions
            if one.is_denial and self.requests.sending(one.digests[-1:])
        ]

    def _unsent(self) -> list[Decision]:
        self._forget_answered()
        return [one for one in self._decisions if not one.is_posted]

    def _forget_answered(self) -> None:
        """Drop the decisions of which the stream has shown what became."""
        self._decisions = [one for one in self._decisions if self.requests.is_sending(one.known)]

    @property
    def is_on_the_way(self) -> bool:
        """Tell whether the server could apply a decision to an earlier request.

        The server answers its latest request at once; until that is so, or where a request came
        while the decision was under way, nobody knows which one was answered.
        """
        self._forget_answered()
        return any(one.accepted is None or one.is_crossed for one in self._decisions)

    def _reopened(self) -> list[ev.Event]:
        """List the earlier requests to decide again, since a new one has come.

        The server has one slot. Of a decision on several requests it answers the latest at once,
        the others when their time is over, and a request that comes first clears what is stored.
        """
        now = self._monotonic()
        reopened: list[str] = []
        noted: list[ev.Event] = []
        for one in self._decisions:
            if one.accepted is None or now - one.accepted < self.requests.QUIET:
                one.is_crossed = one.is_crossed or one.is_posted
                continue
            sending = [part.digest for part in self.requests.sending(one.digests[:-1])]
            older = [digest for digest in sending if digest not in reopened]
            if older and not one.is_crossed:
                reopened += older
                text = "A further request has come: decide on all of them."
                noted.append(ev.DecisionNoted(digests=older, decision="pending", outcome=text))
        return noted

    async def deny_to_stop(self, limit: float) -> None:
        """Deny what is open before a stop, so that nothing runs after it.

        The server's answer to a denial proves nothing; the stream does, a moment later.

        Args:
            limit: How long it may take, in seconds.
        """
        for one in self._unsent():
            await self._take_back(one)
        # Wait for the decision that was sent: a second one could overtake it on the way.
        end = self._monotonic() + limit
        await self._wait_for_tasks(self._decisions, limit / 2)
        asked = [part.digest for part in self.requests.pending()]
        if asked:
            self._begin(asked, "deny", "stop", "The run was stopped.")
        # Of several the latest is answered at once, the others when their time is over.
        to_prove = [one.digests[-1] for one in self._decisions if one.is_denial]
        self._to_prove = to_prove
        if asked:
            await self._wait_for_tasks(self._decisions[-1:], max(0.0, end - self._monotonic()))
        # A denial counts also where its answer says nothing, such as a gateway's error.
        await self._wait_for_proof(to_prove, end)

    @property
    def is_stop_proved(self) -> bool:
        """Whether the stream has shown that what was denied to stop the run was denied."""
        return self._to_prove is not None and not self.requests.is_unproved(self._to_prove)

    async def _wait_for_tasks(self, decisions: Sequence[Decision], limit: float) -> None:
        tasks = [one.task for one in decisions if one.task is not None and not one.task.done()]
        if tasks:
            await asyncio.wait(tasks, timeout=limit)

    async def _wait_for_proof(self, digests: Collection[str], end: float) -> None:
        """Wait until the stream shows what became of decisions that were sent."""
        while self.requests.is_unproved(digests) and (left := end - self._monotonic()) > 0:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._changed.wait()

    async def _take_back(self, decision: Decision) -> None:
        """Undo a decision of which nothing has been sent."""
        if decision.task is not None:
            decision.task.cancel()
            await asyncio.gather(decision.task, return_exceptions=True)
        if not decision.is_posted:
            self.requests.note(
                decision.digests, "pending", "The run was stopped before it was sent."
            )

    async def close(self) -> None:
        """Cancel what is under way."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._end_task)
        return task

    def _end_task(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._live.report("waited for a decision", error)

    async def _learn_deadline(self, part: ApprovalPart) -> None:
        try:
            timeout = timeout_of(
                await self._hook_list(), part, gates.gates_before(self._live.state, part)
            )
        except Exception as error:  # noqa: BLE001  # without a deadline nothing ever closes
            self._live.report("read when a decision is due", error)
            timeout = timeout_of([], part, 0)
        deadline = part.asked_at + timeout
        closes = deadline - margin_of(timeout)
        self.requests.receive(
            ev.DeadlineKnown(digest=part.digest, deadline=deadline, closes=closes)
        )

    async def _hook_list(self) -> list[Mapping[str, Any]]:
        if self._hook_rows is None:
            rows: Any = None
            if self._hooks is not None:
                # A key that may not read the hooks can still decide: the default holds then.
                with contextlib.suppress(PowawidgetError):
                    answer = await self._hooks()
                    rows = answer.get("hooks") if isinstance(answer, dict) else answer
            listed = rows if isinstance(rows, list) else []
            self._hook_rows = [row for row in listed if isinstance(row, dict)]
        return self._hook_rows


def _nobody() -> None:
    """Hear nothing."""


def _why_not(live: Live) -> str:
    if live.ended:
        return "The run is over."
    if any(True for _ in gates.sending(live.state)):
        return "A decision has been made already."
    return "This run doesn't wait for a decision."
