"""The way of one decision to the server: one POST, sent again only where it can't count twice."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any

from powawidget.approvals.policy import Choice
from powawidget.approvals.requests import Requests
from powawidget.errors import ConnectionLost, PowawidgetError, RequestError
from powawidget.live.run import Live

_RETRIES = (0.15, 0.3, 0.6, 1.0, 1.5, 2.0, 3.0)
_NOT_WAITING = HTTPStatus.NOT_FOUND

Post = Callable[[str, Mapping[str, Any], float], Awaitable[Any]]


@dataclass(eq=False)
class Decision:
    """One decision on its way: on which requests, and what is known of its POST.

    `accepted` is when the server took it, by the monotonic clock. `is_crossed` says that a request
    came while it was under way, so that nobody knows which one the server has answered.
    """

    digests: list[str]
    is_denial: bool
    task: asyncio.Task[None] | None = None
    is_posted: bool = False
    accepted: float | None = None
    is_crossed: bool = False

    @cached_property
    def known(self) -> frozenset[str]:
        """The same digests, to look one up."""
        return frozenset(self.digests)


class Delivery:
    """Sends the decisions of one run.

    Args:
        live: The run.
        requests: Its requests.
        post: Sends a decision: the run's id, the body, and how long it may take in seconds.
        monotonic: Seconds of a clock that is never set back.
    """

    def __init__(
        self,
        live: Live,
        requests: Requests,
        post: Post,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._live = live
        self._requests = requests
        self._post = post
        self._monotonic = monotonic

    async def deliver(self, decision: Decision, choice: Choice, reason: str | None) -> None:
        """Send a decision, and note what becomes of it; nothing is raised but a cancellation.

        Args:
            decision: The decision.
            choice: approve or deny.
            reason: Why; the model reads it where it is a denial.
        """
        note = self._requests.note
        try:
            await self._send(decision, choice, reason)
        except Exception as error:  # noqa: BLE001  # a card must not say for ever that it is on its way
            self._live.report("sent a decision", error)
            if decision.is_posted:
                note(decision.digests, "unknown", "It isn't known whether it arrived.")
            else:
                note(decision.digests, "pending", "Nothing was sent.")

    async def _send(self, decision: Decision, choice: Choice, reason: str | None) -> None:
        digests = decision.digests
        note = self._requests.note
        await self._requests.until_quiet()
        if self._requests.is_asking:
            # The one slot would have answered a request that nobody has seen.
            note(digests, "pending", "Another request has come: decide on all of them.")
            return
        run_id = self._live.state.run_id
        if not self._requests.is_sending(decision.known):
            return
        if run_id is None:
            note(digests, "pending", "The server hasn't named this run, so nothing was sent.")
            return
        body: dict[str, Any] = {"approved": choice == "approve"}
        if reason and choice == "deny":
            body["reason"] = reason
        decision.is_posted = True
        self._requests.note_delivery(digests, "sending")
        for delay in (*_RETRIES, None):
            refusal = await self._post_once(run_id, body, decision)
            if refusal is None:
                return
            if delay is None or not self._requests.is_sending(decision.known):
                break
            self._requests.note_delivery(digests, "again")
            await asyncio.sleep(delay)
            # The first frame about the call ends the tries: the next request isn't this one.
            if not self._requests.is_sending(decision.known):
                return
        note(
            digests,
            "unknown",
            "The server says that this run doesn't wait for an answer.",
        )

    async def _post_once(
        self, run_id: str, body: Mapping[str, Any], decision: Decision
    ) -> RequestError | None:
        """Send the decision; returns the refusal after which the same may be sent again."""
        digests = decision.digests
        note = self._requests.note
        left = self._requests.time_left(digests)
        if left <= 0:
            note(digests, "unknown", "The deadline passed before the server took it.")
            return None
        try:
            async with asyncio.timeout(left):
                await self._post(run_id, body, left)
        except RequestError as error:
            if error.status == _NOT_WAITING:
                return error
            if error.temporary:
                note(digests, "pending", f"The server didn't take it: {error}")
            else:
                note(digests, "unknown", f"It isn't known whether it counted: {error}")
        except ConnectionLost as error:
            if error.maybe_accepted:
                note(digests, "unknown", f"It isn't known whether it arrived: {error}")
            else:
                note(digests, "pending", f"Nothing was sent: {error}")
        except TimeoutError:
            note(digests, "unknown", "The server didn't answer before the deadline.")
        except PowawidgetError as error:
            # A 2xx that isn't JSON: it was taken, as far as anybody can tell.
            note(digests, "unknown", f"It isn't known whether it counted: {error}")
        else:
            decision.accepted = self._monotonic()
            self._requests.note_delivery(digests, "taken")
        return None
