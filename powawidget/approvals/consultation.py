"""A policy that decides in place of a person: when it is asked, and what becomes of its word."""

import asyncio
import collections
import logging
import traceback
from typing import TYPE_CHECKING

from powawidget.approvals.policy import PolicyFunction, Verdict, name_of, verdict_of
from powawidget.live.run import Live
from powawidget.live.subscribers import log
from powawidget.protocol import events as ev
from powawidget.state import values

if TYPE_CHECKING:
    from powawidget.approvals.decider import Decider

# How often a decision of which nothing could be sent is made again, and after how long.
_TRIES = 3
_PAUSE = 1.0


class Consultation:
    """One policy and one run. Everything is called on the loop thread.

    Attributes:
        asks_person: Whether the policy has left to a person what is open.

    Args:
        decider: What decides on the run's requests.
        live: The run.
        policy: The policy.
    """

    def __init__(self, decider: "Decider", live: Live, policy: PolicyFunction) -> None:
        self.asks_person = False
        self._decider = decider
        self._live = live
        self._policy = policy
        self._verdicts: dict[str, Verdict] = {}
        self._news = asyncio.Event()
        self._is_open = False

    def notice(self) -> None:
        """See that something has happened to the run."""
        self._news.set()

    async def hold(self) -> None:
        """Have the policy decide on what is open; it is asked once about each request."""
        if self._is_open:
            return  # what is new is decided there
        self._is_open, self.asks_person = True, False
        try:
            await self._decide()
        except Exception as error:  # noqa: BLE001  # whatever it is, somebody has to decide
            self.asks_person = True
            self._live.trouble("asked the approval policy", error)
        finally:
            self._is_open = False

    async def _decide(self) -> None:
        """Let the policy decide until nothing is open; what it leaves open, a person does."""
        tries: collections.Counter[frozenset[str]] = collections.Counter()
        while await self._until_decidable():
            asked = self._open()
            for part in self._decider.pending():
                if part.digest not in self._verdicts:
                    self._verdicts[part.digest] = await self._verdict(values.approval_of(part))
            if asked != self._open():
                continue  # while the policy thought
            verdicts = {self._verdicts[digest] for digest in asked}
            verdict = verdicts.pop() if len(verdicts) == 1 else "ask"
            if verdict == "ask" or tries[asked] == _TRIES:
                self.asks_person = True
                return
            tries[asked] += 1
            name = name_of(self._policy)
            by = f"policy: {name}" if name else "policy"
            refused = self._decider.decide(verdict, by, None, sorted(asked))
            if refused is not None:
                self._say(f"The approval policy's decision came to nothing: {refused}")
                self.asks_person = True
                return
            while self._decider.is_sending(asked) and not self._decider.is_asking:
                await self._news_come()
            if asked <= self._open():
                await asyncio.sleep(_PAUSE)  # nothing could be sent

    async def _until_decidable(self) -> bool:
        """Wait until a decision can be made; returns False where nothing asks for one."""
        while True:
            await self._decider.until_quiet()
            if self._live.ended or not self._decider.is_asking:
                return False
            if not self._decider.is_on_the_way:
                return True
            await self._news_come()

    async def _news_come(self) -> None:
        self._news.clear()
        await self._news.wait()

    def _open(self) -> frozenset[str]:
        return frozenset(part.digest for part in self._decider.pending())

    async def _verdict(self, approval: values.Approval) -> Verdict:
        try:
            return await verdict_of(self._policy, [approval])
        except BaseException as error:
            # Whatever a caller's code raises: an exit would end the loop thread with all runs.
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            told = self._live.redact(traceback.format_exc())
            text = "An approval policy failed, so a person is asked\n%s"
            log(logging.WARNING, text, told)
            self._say(f"The approval policy failed: {type(error).__name__}: {error}")
            return "ask"

    def _say(self, text: str) -> None:
        if not self._live.ended:
            self._live.receive(ev.Noticed(code="policy_failed", text=text))
