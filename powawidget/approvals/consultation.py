"""A policy that decides in place of a person: when it is asked, and what its answer leads to."""

import asyncio
import collections
import logging
import traceback
from collections.abc import Callable, Sequence
from typing import Protocol

from powawidget.approvals.policy import Choice, PolicyFunction, Verdict, name_of, verdict_of
from powawidget.approvals.requests import Requests
from powawidget.live.run import Live
from powawidget.live.subscribers import log
from powawidget.protocol import events as ev
from powawidget.state import values

# How often a decision of which nothing could be sent is made again, and after how long.
_TRIES = 3
_PAUSE = 1.0


class Decides(Protocol):
    """What a policy needs of what decides on a run's requests."""

    @property
    def is_on_the_way(self) -> bool:
        """Whether the server could apply a decision to an earlier request."""

    def decide(
        self, choice: Choice, by: str, reason: str | None, digests: Sequence[str]
    ) -> str | None:
        """Decide on all requests that are open; returns why it is refused, where it is."""


class Consultation:
    """One policy and one run. Everything is called on the loop thread.

    Args:
        requests: The run's requests.
        decider: What decides on them.
        live: The run.
        policy: Decides in place of a person.
        changed: Called when it has left something to a person.
    """

    def __init__(
        self,
        requests: Requests,
        decider: Decides,
        live: Live,
        policy: PolicyFunction,
        changed: Callable[[], None],
    ) -> None:
        self._asks_person = False
        self._tell_changed = changed
        self._requests = requests
        self._decider = decider
        self._live = live
        self._policy = policy
        self._verdicts: dict[str, Verdict] = {}
        self._changed = asyncio.Event()
        self._is_open = False
        self._is_retired = False

    @property
    def asks_person(self) -> bool:
        """Whether the policy has left to a person what is open."""
        return self._asks_person

    def _leave_to_person(self) -> None:
        self._asks_person = True
        self._tell_changed()

    def note_event(self, event: ev.Event) -> None:
        """Note that something has come of the run: a further request is the policy's at first."""
        if isinstance(event, ev.ApprovalRequested):
            self._asks_person = False
        self._changed.set()

    def retire(self) -> None:
        """Let the policy decide on nothing any more: what it is still thinking about included."""
        self._is_retired = True

    async def decide(self) -> None:
        """Have the policy decide on what is open; it is asked once about each request."""
        if self._is_open:
            return  # what is new is decided there
        self._is_open, self._asks_person = True, False
        try:
            await self._decide_all()
        except Exception as error:  # noqa: BLE001  # whatever it is, somebody has to decide
            self._leave_to_person()
            self._live.report("asked the approval policy", error)
        finally:
            self._is_open = False

    async def _decide_all(self) -> None:
        """Let the policy decide until nothing is open; what it leaves open, a person does."""
        tries: collections.Counter[frozenset[str]] = collections.Counter()
        while await self._until_decidable():
            asked = self._open()
            for part in self._requests.pending():
                if part.digest not in self._verdicts:
                    self._verdicts[part.digest] = await self._verdict(values.approval_of(part))
            if self._is_retired or asked != self._open():
                continue  # while the policy thought
            verdicts = {self._verdicts[digest] for digest in asked}
            verdict = verdicts.pop() if len(verdicts) == 1 else "ask"
            if verdict == "ask" or tries[asked] == _TRIES:
                self._leave_to_person()
                return
            tries[asked] += 1
            name = name_of(self._policy)
            by = f"policy: {name}" if name else "policy"
            refused = self._decider.decide(verdict, by, None, sorted(asked))
            if refused is not None:
                self._notify(f"The approval policy's decision came to nothing: {refused}")
                self._leave_to_person()
                return
            while self._requests.is_sending(asked) and not self._requests.is_asking:
                await self._change()
            if asked <= self._open():
                await asyncio.sleep(_PAUSE)  # nothing could be sent

    async def _until_decidable(self) -> bool:
        """Wait until a decision can be made; returns False where nothing asks for one."""
        while True:
            await self._requests.until_quiet()
            if self._live.ended or self._is_retired or not self._requests.is_asking:
                return False
            if not self._decider.is_on_the_way:
                return True
            await self._change()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _open(self) -> frozenset[str]:
        return frozenset(part.digest for part in self._requests.pending())

    async def _verdict(self, approval: values.Approval) -> Verdict:
        try:
            return await verdict_of(self._policy, [approval])
        except BaseException as error:
            # Whatever a caller's code raises: an exit would end the loop thread with all runs.
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            text = self._live.redact(traceback.format_exc())
            log(logging.WARNING, "An approval policy failed, so a person is asked\n%s", text)
            self._notify(f"The approval policy failed: {type(error).__name__}: {error}")
            return "ask"

    def _notify(self, text: str) -> None:
        if not self._live.ended and not self._is_retired:
            self._live.receive(ev.Noticed(code="policy_failed", text=text))
