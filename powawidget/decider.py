"""Deciding on a run's requests for approval: once, for exactly what was shown.

The server has one decision slot for a run, and a decision that comes too late or too early hits
another request (wire protocol, section 5). So everything that decides (a click, code, a policy, a
stop) goes through `decide`, on the loop thread, and one POST at most leaves for each request.
"""

import asyncio
import contextlib
import fnmatch
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Literal

from powawidget import events as ev
from powawidget import views
from powawidget.errors import ConnectionLost, PowawidgetError, RequestError
from powawidget.live import Live
from powawidget.policy import PolicyFunction, name_of, verdict_of
from powawidget.state import ApprovalPart

_log = logging.getLogger("powawidget")

# Parallel calls are requested a few milliseconds apart: before this time without another one
# nobody knows what a decision would cover.
QUIET = 0.3
DEFAULT_TIMEOUT = 300.0
_MARGIN = 5.0
_MARGIN_SHARE = 0.1
_RETRIES = (0.15, 0.3, 0.6, 1.0, 1.5, 2.0, 3.0)
_NOT_WAITING = HTTPStatus.NOT_FOUND
# What rounding leaves of a wait is too short to move a clock.
_LEAST_SLEEP = 0.001
_HOOK_EVENTS = {"call": "PreToolUse", "answer": "PreResponse", "start": "OnRunStart"}

Choice = Literal["approve", "deny"]
Post = Callable[[str, Mapping[str, Any], float], Awaitable[Any]]
Hooks = Callable[[], Awaitable[Any]]


class Decider:
    """Decides for one run. Everything but the constructor is called on the loop thread.

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
        self._post = post
        self._hooks = hooks
        self._policy = policy
        self._hook_rows: list[Mapping[str, Any]] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._monotonic = monotonic
        self._last_request = float("-inf")
        self.asks_person = policy is None

    def notice(self, event: ev.Event) -> None:
        """See what the stream brings.

        Args:
            event: Each event of the run, after it was folded in.
        """
        if not isinstance(event, ev.ToolCallStarted | ev.ApprovalRequested):
            return
        self._last_request = self._monotonic()
        if isinstance(event, ev.ApprovalRequested):
            newest = self.pending()
            if newest:
                self._start(self._learn_deadline(newest[-1]))
            self.asks_person = self._policy is None
            if self._policy is not None:
                self._start(self._ask_policy(self._policy))

    def pending(self) -> list[ApprovalPart]:
        """List the requests that wait for a decision, oldest first."""
        return [
            part
            for part in self._live.state.parts
            if isinstance(part, ApprovalPart) and part.decision == "pending"
        ]

    @property
    def quiet(self) -> bool:
        """Whether long enough no call or request has come."""
        return self._monotonic() - self._last_request >= QUIET

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
        asked = self.pending()
        if not asked:
            return _why_not(self._live)
        names = [part.digest for part in asked]
        if digests is not None and set(digests) != set(names):
            return "What is asked has changed since it was shown: look at it again."
        now = self._live.clock()
        if any(part.closes is not None and now >= part.closes for part in asked):
            return "It is too late: the server is about to block the call."
        if any(
            isinstance(part, ApprovalPart) and part.decision == "sending"
            for part in self._live.state.parts
        ):
            return "A decision on an earlier request is still on its way."
        self._take(ev.DecisionMade(digests=names, choice=choice, by=by, reason=reason))
        self._start(self._send(names, choice, reason))
        return None

    async def deny_to_stop(self, limit: float) -> None:
        """Before a stop: deny what is open, so that nothing runs after it.

        Args:
            limit: How long it may take, in seconds.
        """
        if self.decide("deny", "stop", "The run was stopped.") is not None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit):
                await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        """Cancel what is under way."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _take(self, event: ev.Event) -> None:
        if not self._live.ended:
            self._live.take(event)

    async def _until_quiet(self) -> None:
        # Not an event: each further request moves the moment on.
        while (left := QUIET - (self._monotonic() - self._last_request)) > 0:  # noqa: ASYNC110
            await asyncio.sleep(max(left, _LEAST_SLEEP))

    async def _send(self, digests: list[str], choice: Choice, reason: str | None) -> None:
        await self._until_quiet()
        if self.pending():
            # The one slot would have answered a request that nobody has seen.
            self._note(digests, "pending", "Another request has come: decide on all of them.")
            return
        sending = self._sending(digests)
        run_id = self._live.state.run_id
        if not sending:
            return
        if run_id is None:
            self._note(digests, "pending", "The server hasn't named this run, so nothing was sent.")
            return
        body: dict[str, Any] = {"approved": choice == "approve"}
        if reason and choice == "deny":
            body["reason"] = reason
        for delay in (*_RETRIES, None):
            refusal = await self._post_once(run_id, body, digests)
            if refusal is None:
                return
            if delay is None or not self._sending(digests):
                break
            await asyncio.sleep(delay)
            # The first frame about the call ends the tries: the next request isn't this one.
            if not self._sending(digests):
                return
        self._note(
            digests,
            "unknown",
            "The server says that this run doesn't wait for an answer.",
        )

    async def _post_once(
        self, run_id: str, body: Mapping[str, Any], digests: list[str]
    ) -> RequestError | None:
        """Send the decision; returns the refusal after which the same may be sent again."""
        left = self._time_left(digests)
        if left <= 0:
            self._note(digests, "unknown", "The deadline passed before the server took it.")
            return None
        try:
            async with asyncio.timeout(left):
                await self._post(run_id, body, left)
        except RequestError as error:
            if error.status == _NOT_WAITING:
                return error
            self._note(digests, "unknown", f"It isn't known whether it counted: {error}")
        except ConnectionLost as error:
            if error.maybe_accepted:
                self._note(digests, "unknown", f"It isn't known whether it arrived: {error}")
            else:
                self._note(digests, "pending", f"Nothing was sent: {error}")
        except TimeoutError:
            self._note(digests, "unknown", "The server didn't answer before the deadline.")
        except PowawidgetError as error:
            # A 2xx that isn't JSON: it was taken, as far as anybody can tell.
            self._note(digests, "unknown", f"It isn't known whether it counted: {error}")
        else:
            self._note(digests, "sending", "The server has it; the stream will show what it did.")
        return None

    def _sending(self, digests: Sequence[str]) -> list[ApprovalPart]:
        if self._live.ended:
            return []
        return [
            part
            for part in self._live.state.parts
            if isinstance(part, ApprovalPart)
            and part.digest in digests
            and part.decision == "sending"
        ]

    def _time_left(self, digests: Sequence[str]) -> float:
        now = self._live.clock()
        deadlines = [
            part.asked_at + DEFAULT_TIMEOUT if part.deadline is None else part.deadline
            for part in self._sending(digests)
        ]
        return min(deadlines, default=now) - now

    def _note(
        self, digests: list[str], decision: Literal["pending", "sending", "unknown"], outcome: str
    ) -> None:
        self._take(ev.DecisionNoted(digests=digests, decision=decision, outcome=outcome))

    async def _learn_deadline(self, part: ApprovalPart) -> None:
        rows = await self._hook_list()
        timeout = timeout_of(rows, part, self._gates_before(part))
        deadline = part.asked_at + timeout
        margin = min(_MARGIN, timeout * _MARGIN_SHARE)
        self._take(
            ev.DeadlineKnown(digest=part.digest, deadline=deadline, closes=deadline - margin)
        )

    def _gates_before(self, part: ApprovalPart) -> int:
        parts = self._live.state.parts
        same = [other for other in parts if isinstance(other, ApprovalPart)]
        same = [other for other in same if part.call is not None and other.call == part.call]
        return next((i for i, other in enumerate(same) if other.digest == part.digest), 0)

    async def _hook_list(self) -> list[Mapping[str, Any]]:
        if self._hook_rows is None:
            rows: Any = None
            if self._hooks is not None:
                # A key that may not read the hooks can still decide: the default holds then.
                with contextlib.suppress(PowawidgetError):
                    answer = await self._hooks()
                    rows = answer.get("hooks") if isinstance(answer, dict) else None
            listed = rows if isinstance(rows, list) else []
            self._hook_rows = [row for row in listed if isinstance(row, dict)]
        return self._hook_rows

    async def _ask_policy(self, policy: PolicyFunction) -> None:
        await self._until_quiet()
        asked = self.pending()
        digests = [part.digest for part in asked]
        shown = [
            approval
            for approval in views.approvals_of(self._live.state)
            if approval.decision == "pending"
        ]
        if not asked:
            return
        try:
            verdict = await verdict_of(policy, shown)
        except Exception as error:  # noqa: BLE001  # whatever a caller's code raises
            _log.warning("An approval policy failed, so a person is asked", exc_info=True)
            said = f"The approval policy failed: {type(error).__name__}: {error}"
            self._take(ev.Noticed(code="policy_failed", text=said))
            verdict = "ask"
        if verdict == "ask":
            self.asks_person = True
            return
        name = name_of(policy)
        by = f"policy: {name}" if name else "policy"
        self.decide(verdict, by, None, digests)


def timeout_of(hooks: Sequence[Mapping[str, Any]], part: ApprovalPart, gates_before: int) -> float:
    """Tell how long the server waits for a decision.

    Args:
        hooks: The agent's hooks, as the server lists them.
        part: The request.
        gates_before: How many gates on the same call came before this one.

    Returns:
        The timeout in seconds: that of the hook, or 300 s where it says nothing.
    """
    fitting = [
        hook
        for hook in hooks
        if hook.get("type") == "approval"
        and hook.get("enabled") is not False
        and hook.get("event") == _HOOK_EVENTS[part.covers]
        and (part.covers != "call" or _matches(hook.get("matcher"), part.tool_name))
    ]
    fitting.sort(key=lambda hook: hook["position"] if isinstance(hook.get("position"), int) else 0)
    if not fitting:
        return DEFAULT_TIMEOUT
    config = fitting[min(gates_before, len(fitting) - 1)].get("config")
    timeout = config.get("timeout") if isinstance(config, dict) else None
    good = isinstance(timeout, int | float) and not isinstance(timeout, bool) and timeout > 0
    return float(timeout) if good and timeout is not None else DEFAULT_TIMEOUT


def _matches(matcher: Any, tool_name: str) -> bool:
    if not isinstance(matcher, str) or matcher in {"", "*"}:
        return True
    return any(fnmatch.fnmatchcase(tool_name, one.strip()) for one in matcher.split("|"))


def _why_not(live: Live) -> str:
    if live.ended:
        return "The run is over."
    decided = any(
        isinstance(part, ApprovalPart) and part.decision == "sending" for part in live.state.parts
    )
    if decided:
        return "A decision has been made already."
    return "This run doesn't wait for a decision."
