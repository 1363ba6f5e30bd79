"""Hooks of a person's own: functions that are told what a run does, and can't hurt it.

They are called on a thread of their own, which reads the run's recording: neither the stream nor
whoever waits for the run waits for them, whatever they raise and however long they take.
"""

import asyncio
import atexit
import contextlib
import contextvars
import inspect
import itertools
import re
import threading
import time
import typing
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

from powawidget.errors import UnknownNameError, WrongTypeError
from powawidget.kernel import loop
from powawidget.live.run import Live
from powawidget.live.subscribers import Rest
from powawidget.protocol import events as ev
from powawidget.state.ops import Op

END = "end"
EVERY = "event"
_AT_EXIT = 2.0  # seconds that the process's end waits for hooks of runs that are over

# The words of the protocol (docs/protocol.md#agent-frames); every event has one of its own beside.
_WORDS: dict[str, type[Any]] = {
    "start": ev.Started,
    "content_delta": ev.TextDelta,
    "tool_call": ev.ToolCallStarted,
    "complete": ev.Completed,
    "error": ev.Errored,
    "block_start": ev.BlockStarted,
    "block_complete": ev.BlockCompleted,
    "block_error": ev.BlockFailed,
    "done": ev.WorkflowCompleted,
}
_EVENTS: dict[str, type[Any]] = {
    **{
        re.sub(r"(?<=[a-z])(?=[A-Z])", "_", one.__name__).lower(): one
        for one in typing.get_args(ev.Event)
    },
    **_WORDS,
}
_threads: "WeakSet[threading.Thread]" = WeakSet()


class _Hook:
    """One function, and how far it has been told."""

    def __init__(self, name: str, function: Callable[[Any], Any]) -> None:
        self.name = name
        self.function = function
        self.at = 0
        self.is_ended = False
        self.is_off = False
        # As the caller has it: what is printed belongs to the cell that asked.
        self.context = contextvars.copy_context()

    def takes(self, event: ev.Event) -> bool:
        return self.name == EVERY or (self.name != END and isinstance(event, _EVENTS[self.name]))


class Hooks:
    """The hooks of one run.

    Args:
        live: The run's state and its recording.
        run: What the hooks of its end are given.
    """

    doing = "told the hooks"

    def __init__(self, live: Live, run: object) -> None:
        self._live = live
        self._run = run
        self._hooks: list[_Hook] = []
        self._recording = live.recording
        self._news = threading.Condition()
        self._is_news = False
        self._is_working = False
        with live.lock:
            live.subscribers.append(self)

    def on(self, name: str, function: Callable[[Any], Any]) -> Callable[[], None]:
        """Have a function called; as `Run.on` says.

        Returns:
            What ends that.

        Raises:
            UnknownNameError: If there is no such event.
            WrongTypeError: If it isn't a function that can be called so.
        """
        if not isinstance(name, str) or name not in {END, EVERY, *_EVENTS}:
            raise UnknownNameError(
                f"A run has no event {name!r}. It has tool_call, tool_result, approval_requested, "
                f"{EVERY}, {END}, and one for each class of powawidget.events, such as hook_result."
            )
        if (
            not callable(function)
            or inspect.isgeneratorfunction(function)
            or inspect.isasyncgenfunction(function)
        ):
            raise WrongTypeError(
                "run.on takes a function of one argument, sync or async, and no generator."
            )
        hook = _Hook(name, function)
        with self._news:
            self._hooks.append(hook)
        self._note_news()

        def off() -> None:
            hook.is_off = True
            with self._news, contextlib.suppress(ValueError):
                self._hooks.remove(hook)

        return off

    def changed(self, ops: list[Op]) -> None:  # noqa: ARG002  # the recording says more
        """Note that there is something to tell."""
        self._note_news()

    def ended(self) -> Rest | None:
        """Note that the run is over.

        Returns:
            Nothing: nobody waits for hooks.
        """
        self._note_news()
        return None

    def recovered(self) -> Rest | None:
        """Note that nothing more is found out.

        Returns:
            Nothing: nobody waits for hooks.
        """
        self._note_news()
        return None

    def _note_news(self) -> None:
        with self._news:
            self._is_news = True
            self._news.notify()
            if self._is_working or not self._hooks:
                return
            self._is_working = True
        thread = threading.Thread(target=self._work, name="powawidget-hooks", daemon=True)
        _threads.add(thread)
        thread.start()

    def _work(self) -> None:
        """Tell the hooks what there is, until the run is over and each has been told."""
        runner: asyncio.Runner | None = None
        try:
            while True:
                with self._news:
                    while not self._is_news:
                        if self._is_told():
                            self._is_working = False
                            return
                        self._news.wait()
                    self._is_news = False
                for hook, told in itertools.chain.from_iterable(iter(self._next, None)):
                    if hook.is_off:
                        continue
                    answer = self._call(hook, hook.function, told)
                    if inspect.isawaitable(answer):
                        runner = runner or asyncio.Runner()
                        self._call(hook, runner.run, _awaited(answer))
        finally:
            if runner is not None:
                with contextlib.suppress(Exception):
                    runner.close()

    def _next(self) -> list[tuple[_Hook, object]] | None:
        """Give what is to be called now: for the earliest event all hooks that haven't been told.

        The event is read outside of the lock, for which the stream waits, and once for all hooks.
        """
        with self._news:
            if self._recording is not self._live.recording:  # the run was run anew
                self._recording = self._live.recording
                for hook in self._hooks:
                    hook.at, hook.is_ended = 0, False
            is_over = self._live.finished
            recording, known = self._recording, len(self._recording)
            at = min((hook.at for hook in self._hooks if hook.name != END), default=known)
            if at >= known:
                due = [hook for hook in self._hooks if is_over and not hook.is_ended]
                for hook in due:
                    hook.is_ended = True
                return [(hook, self._run) for hook in due if hook.name == END] if due else None
            behind = [hook for hook in self._hooks if hook.name != END and hook.at == at]
            for hook in behind:
                hook.at += 1
        event = recording[at]
        return [(hook, event) for hook in behind if hook.takes(event)]

    def _is_told(self) -> bool:
        known = len(self._live.recording)
        return self._live.finished and all(
            one.is_ended and (one.name == END or one.at >= known) for one in self._hooks
        )

    def _call(self, hook: _Hook, function: Callable[[Any], Any], told: Any) -> Any:
        try:
            return hook.context.run(function, told)
        except BaseException as error:  # noqa: BLE001  # an exit or an interrupt, too, is theirs
            if inspect.iscoroutine(told):
                told.close()
            with contextlib.suppress(RuntimeError):  # at the process's end the loop is gone
                loop.call_soon(
                    self._live.report, f"called your hook of {hook.name!r}", _logged(error)
                )
            return None


async def _awaited(answer: Any) -> None:
    await answer


def _logged(error: BaseException) -> BaseException:
    """Leave out of a traceback what is ours."""
    own = error.__traceback__
    return error.with_traceback(own.tb_next if own is not None else None)


def _finish() -> None:
    """Give hooks a moment at the process's end: a script may end with its run."""
    until = time.monotonic() + _AT_EXIT
    for thread in list(_threads):
        if thread.is_alive():
            thread.join(max(0.0, until - time.monotonic()))


atexit.register(_finish)
