"""The errors a caller may meet. Each message says what to do.

    PowawidgetError
    ├─ ConfigurationError           called or set up wrongly; nothing was sent
    │  ├─ UnknownNameError          is a LookupError as well
    │  ├─ InvalidValueError         is a ValueError as well
    │  ├─ WrongTypeError            is a TypeError as well
    │  ├─ FileError                 is an OSError as well
    │  └─ MissingPackageError       is an ImportError as well
    ├─ RequestError                 the server refused: status, code, body, hint
    ├─ ConnectionLost               not reached, or the line went down
    ├─ ProtocolError                the server answered with something else
    │  └─ AnswerTooLargeError
    ├─ RunFailed                    what `result()` and `await run` raise: run
    ├─ RunInterrupted               likewise
    ├─ ApprovalNeeded               the run waits where nobody can click: run
    ├─ DecisionRefused              nothing waits, too late, or decided already
    ├─ ChatPaused                   the message waits for `chat.resume()`
    └─ ExpectationFailed            is an AssertionError as well: differences

They are raised in worker processes too, where an error that can't be pickled breaks a pool, or
leaves it waiting for ever: so each crosses with its attributes and its notes. A run is left where
it is, with its connection and its key; what arrives in its place is the run as it would be saved.
"""

import copy
import pickle
import warnings
from collections.abc import Sequence
from typing import Any, Protocol, Self, TypeVar

__all__ = [
    "AnswerTooLargeError",
    "ApprovalNeeded",
    "ChatPaused",
    "ConfigurationError",
    "ConnectionLost",
    "DecisionRefused",
    "ExpectationFailed",
    "FileError",
    "InvalidValueError",
    "MissingPackageError",
    "PowawidgetError",
    "ProtocolError",
    "RequestError",
    "RunFailed",
    "RunInterrupted",
    "UnknownNameError",
    "WrongTypeError",
]

_RUN = "run"
_Error = TypeVar("_Error", bound="PowawidgetError")


class PowawidgetError(Exception):
    """The base of all errors of this package.

    An error can be copied and pickled. In another process, an attribute that can't be pickled is
    missing, and `run` is a run that is over: it can be read as ever, nothing can be decided in it.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        kept = {name: one for name, one in vars(self).items() if _crosses(one)}
        if _RUN in vars(self):
            kept.setdefault(_RUN, None)
        args = tuple(one if _crosses(one) else repr(one) for one in self.args)
        return _made, (type(self), args, kept)

    def __copy__(self) -> Self:
        return self._like(dict(vars(self)))

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self._like(copy.deepcopy(vars(self), memo))

    def _like(self, own: dict[str, Any]) -> Self:
        made = _made(type(self), self.args, own)
        made.__traceback__, made.__context__ = self.__traceback__, self.__context__
        made.__cause__, made.__suppress_context__ = self.__cause__, self.__suppress_context__
        return made


class ConfigurationError(PowawidgetError):
    """Something was set up or called wrongly; nothing was sent.

    What Python has an error for is that too: `except LookupError` finds an unknown name.
    """


class UnknownNameError(ConfigurationError, LookupError):
    """Nothing has that name or id."""


class InvalidValueError(ConfigurationError, ValueError):
    """A value can't be used: an argument, a setting, what a file holds."""


class WrongTypeError(ConfigurationError, TypeError):
    """An argument is of another type than the one that is asked for."""


class FileError(ConfigurationError, OSError):
    """A file can't be read or written; `__cause__` is the system's own error, where it gave one."""


class MissingPackageError(ConfigurationError, ImportError):
    """A package that only this call needs isn't installed."""


class RequestError(PowawidgetError):
    """The server refused a request (docs/protocol.md#refusals).

    Attributes:
        status: The HTTP status.
        code: The server's error code, where it sent one.
        body: At most 500 characters of what the server answered, as text.
        message: What happened, without the hint.
        hint: What to do next, where that is known.
        temporary: Whether the same request may be sent again (docs/protocol.md#retries).
        retry_after: How long the server asks to wait before that, in seconds.
        maybe_accepted: Whether a gateway refused the start of a run that it may have passed on
            before: it isn't sent again (docs/protocol.md#no-repeat).
    """

    def __init__(  # noqa: PLR0913  # one for each attribute
        self,
        message: str,
        *,
        status: int,
        code: str | None = None,
        body: str = "",
        hint: str = "",
        temporary: bool = False,
        retry_after: float | None = None,
        maybe_accepted: bool = False,
    ) -> None:
        super().__init__(f"{message} {hint}".rstrip())
        self.status = status
        self.code = code
        self.body = body
        self.message = message
        self.hint = hint
        self.temporary = temporary
        self.retry_after = retry_after
        self.maybe_accepted = maybe_accepted

    @property
    def said(self) -> str:
        """The old name of `message`."""
        warnings.warn("error.said is error.message now.", DeprecationWarning, stacklevel=2)
        return self.message


class ConnectionLost(PowawidgetError):  # noqa: N818  # the public name
    """The server could not be reached, or the line went down.

    Where `maybe_accepted` is true the request isn't sent again (docs/protocol.md#no-repeat).

    Attributes:
        maybe_accepted: Whether the server may have taken the request before the line went down.
        code: What went wrong, in a word.
        temporary: Whether connecting may work a little later; then nothing was sent.
    """

    def __init__(
        self,
        message: str,
        *,
        maybe_accepted: bool,
        code: str = "connection_lost",
        temporary: bool = False,
    ) -> None:
        super().__init__(message)
        self.maybe_accepted = maybe_accepted
        self.code = code
        self.temporary = temporary


class ProtocolError(PowawidgetError):
    """The server answered with something that isn't its protocol.

    Attributes:
        maybe_accepted: Whether it answered to the start of a run, which may have begun: it isn't
            sent again (docs/protocol.md#no-repeat).
    """

    def __init__(self, message: str, *, maybe_accepted: bool = False) -> None:
        super().__init__(message)
        self.maybe_accepted = maybe_accepted


class AnswerTooLargeError(ProtocolError):
    """The server answered with more than is read at once; asking again gives the same."""


class _Failure(Protocol):
    """Why a run ended as it did."""

    @property
    def title(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def hint(self) -> str | None: ...


class _Run(Protocol):
    """What an error reads of a run, which knows by itself how it crosses to another process."""

    @property
    def status(self) -> str: ...
    @property
    def error(self) -> _Failure | None: ...


class _RunError(PowawidgetError):
    def __init__(self, run: _Run) -> None:
        failure = run.error
        self.run: Any = run
        if failure is None:
            super().__init__(f"The run is {run.status}.")
            return
        lines = [f"{failure.title}: {failure.message}"]
        if failure.hint:
            lines.append(failure.hint)
        super().__init__("\n".join(lines))


class RunFailed(_RunError):  # noqa: N818  # the public name
    """The run ended as failed.

    Attributes:
        run: The run; its text up to the failure was kept. In another process the run as saved.
    """


class RunInterrupted(_RunError):  # noqa: N818  # the public name
    """The run was stopped, or its stream ended without its terminal event.

    Rule: docs/protocol.md#run-status.

    Attributes:
        run: The run; what came of it was kept. In another process the run as saved.
    """


class ChatPaused(PowawidgetError):  # noqa: N818  # the public name
    """A message waits in a chat that goes on only when somebody says so."""

    def __init__(self) -> None:
        super().__init__(
            "This message wasn't sent: the answer before it failed or was stopped. "
            "chat.resume() sends it all the same, chat.discard() takes it back."
        )


class DecisionRefused(PowawidgetError):  # noqa: N818  # the public name
    """A decision can't be made: nothing is waiting, it is too late, or it was made already.

    Rules: docs/protocol.md#one-slot and #late-decision.
    """


class ApprovalNeeded(PowawidgetError):  # noqa: N818  # the public name
    """A run waits for a decision where nobody can click, or would soon.

    Attributes:
        run: The waiting run. In another process the run as saved: only here it can be decided on.
            None where no row of a batch was sent yet.

    Args:
        run: The waiting run; None where no row of a batch was sent, since each may come to wait.
        asked: What it asks to do, in words; of a batch what asks.
        call: The method that started it.
        name: How a person has it at hand.
    """

    def __init__(
        self, run: _Run | None, asked: str, *, call: str = "run", name: str = "run"
    ) -> None:
        policy = f"{call}(..., on_approval=powawidget.policy(allow=[...], deny=[...]))"
        if run is None:
            super().__init__(
                f"{asked} asks for approvals, and nobody can click here, so nothing was sent. Pass "
                f"a policy: {policy}; or show the batch in a notebook's page, where it starts by "
                f"itself; or start it with on_approval=powawidget.policy(), and decide by code "
                f"with {name}.approve() or {name}.deny()."
            )
        else:
            super().__init__(
                f"The run waits for approval of {asked}, and nobody can click here. Pass a policy: "
                f"{policy}, or decide by code with {name}.approve() or {name}.deny()."
            )
        self.run: Any = run


class ExpectationFailed(PowawidgetError, AssertionError):  # noqa: N818  # the public name
    """A run didn't do what `powawidget.expect` says; its message is one line.

    Attributes:
        differences: What doesn't hold, a line each; the message is the first of them.

    Args:
        differences: As above.
    """

    def __init__(self, differences: Sequence[str]) -> None:
        more = len(differences) - 1
        super().__init__(f"{differences[0]} (and {more} more)" if more else differences[0])
        self.differences = list(differences)


def _made(kind: type[_Error], args: tuple[Any, ...], own: dict[str, Any]) -> _Error:
    """Make an error as it was, without what its class asks for where one is raised."""
    made = kind.__new__(kind, *args)
    made.args = args
    vars(made).update(own)
    return made


def _crosses(value: Any) -> bool:
    try:
        pickle.loads(pickle.dumps(value))  # noqa: S301  # what was written the moment before
    except Exception:  # noqa: BLE001  # whatever an attribute's own code raises
        return False
    return True
