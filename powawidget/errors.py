"""The errors a caller may meet. Each message says what to do."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from powawidget.run import Run


class PowawidgetError(Exception):
    """The base of all errors of this package."""


class ConfigurationError(PowawidgetError):
    """Something was set up or called wrongly; nothing was sent."""


class RequestError(PowawidgetError):
    """The server refused a request.

    Attributes:
        status: The HTTP status.
        code: The server's error code, where it sent one.
        body: At most 500 characters of what it said, as text.
        said: What happened, without the hint.
        hint: What to do next, where that is known.
        temporary: Whether the same request may be sent again (wire protocol, section 8).
        retry_after: How long the server asks to wait before that, in seconds.
    """

    def __init__(  # noqa: PLR0913  # what a refusal tells
        self,
        message: str,
        *,
        status: int,
        code: str | None = None,
        body: str = "",
        hint: str = "",
        temporary: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{message} {hint}".rstrip())
        self.status = status
        self.code = code
        self.body = body
        self.said = message
        self.hint = hint
        self.temporary = temporary
        self.retry_after = retry_after


class ConnectionLost(PowawidgetError):  # noqa: N818  # the public name
    """The server could not be reached, or the line went down.

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
    """The server answered with something that isn't its protocol."""


class AnswerTooLargeError(ProtocolError):
    """The server answered with more than is read at once; asking again gives the same."""


class _RunError(PowawidgetError):
    def __init__(self, run: "Run") -> None:
        failure = run.error
        self.run = run
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
        run: The run; its text up to the failure was kept.
    """


class RunInterrupted(_RunError):  # noqa: N818  # the public name
    """The run was stopped, or its stream ended without its terminal event.

    Attributes:
        run: The run; what came of it was kept.
    """


class ChatPaused(PowawidgetError):  # noqa: N818  # the public name
    """A message waits in a chat that goes on only when somebody says so."""

    def __init__(self) -> None:
        super().__init__(
            "This message wasn't sent: the answer before it failed or was stopped. "
            "chat.resume() sends it all the same, chat.discard() takes it back."
        )


class DecisionRefused(PowawidgetError):  # noqa: N818  # the public name
    """A decision can't be made: nothing is waiting, it is too late, or it was made already."""


class ApprovalNeeded(PowawidgetError):  # noqa: N818  # the public name
    """A run waits for a decision where nobody can click.

    Attributes:
        run: The waiting run.
    """

    def __init__(self, run: "Run", asked: str) -> None:
        super().__init__(
            f"The run waits for approval of {asked}, and nobody can click here. "
            "Pass a policy: run(..., on_approval=powawidget.policy(allow=[...], deny=[...])), "
            "or decide by code with run.approve() or run.deny()."
        )
        self.run = run
