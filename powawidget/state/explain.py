"""Errors in plain words: what happened, and what to do next.

The service has no error codes of its own: it sends the text of the model library's exception.
It is classified by that library's class name (docs/protocol.md#model-errors); the rest is shown.
"""

import re

from powawidget.protocol.database_errors import database_error
from powawidget.protocol.stored.run import CLIENT_GONE, UNKNOWN_EFFECTS
from powawidget.state.model import Failure

_LITELLM = re.compile(r"litellm\.(\w+)")

# By exception class or documented code: code, title, what to do.
_KNOWN: dict[str, tuple[str, str, str]] = {
    "RateLimitError": (
        "rate_limited",
        "The model provider's rate limit was reached",
        "Wait a little, then run the cell again.",
    ),
    "AuthenticationError": (
        "model_key_refused",
        "The model provider refused its key",
        "Check the provider's key in the Powabase settings.",
    ),
    "ContextWindowExceededError": (
        "context_length_exceeded",
        "The conversation is too long for the model",
        "Start a new conversation, or give the agent less to read.",
    ),
    "InternalServerError": (
        "model_error",
        "The model provider had an internal error",
        "Run the cell again; if it stays, look at the provider's status page.",
    ),
    "ServiceUnavailableError": (
        "model_unavailable",
        "The model provider isn't available",
        "Run the cell again in a few minutes.",
    ),
    "Timeout": (
        "model_timeout",
        "The model provider didn't answer in time",
        "Run the cell again.",
    ),
    "MidStreamFallbackError": (
        "model_stream_broke",
        "The model's stream broke off",
        "Run the cell again; the text up to here was kept.",
    ),
}
_CODES = {code: known for known in _KNOWN.values() for code in (known[0],)}


def explain(message: str, code: str | None = None) -> Failure:
    """Say what an error of the server means.

    Returns:
        A failure with a plain title, the server's message, the code and a hint.
    """
    database = database_error(message)
    if database is not None:
        title, plain, own, hint = database
        return Failure(title=title, message=plain, code=code or own, hint=hint, details=message)
    found = _LITELLM.search(message)
    known = _CODES.get(code or "") or (_KNOWN.get(found[1]) if found else None)
    if known is None and code == "rate_limit_exceeded":
        known = _KNOWN["RateLimitError"]
    if known is not None:
        return Failure(title=known[1], message=message, code=code or known[0], hint=known[2])
    if code == "EXECUTION_TIMEOUT":
        return Failure(
            title="The workflow took too long",
            message=message,
            code=code,
            hint="The server ends an execution after its time limit. What its blocks gave until "
            "then is kept here.",
        )
    if message == "Execution aborted":
        return Failure(
            title="The run was aborted by the server",
            message=message,
            code=code,
            hint="It may have reached its time limit: pass a larger timeout_seconds.",
        )
    if message.startswith(CLIENT_GONE):
        return Failure(
            title="The server ended the run when its stream was closed",
            message=message,
            code=code,
            hint=UNKNOWN_EFFECTS,
        )
    return Failure(title="The run failed", message=message, code=code)
