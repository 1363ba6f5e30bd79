"""Errors in plain words: what happened, and what to do next.

The service has no error codes of its own: it sends the text of the model library's exception.
It is classified by that library's class name (docs/protocol.md#model-errors); the rest is shown.
"""

import re
from collections.abc import Mapping
from typing import Any

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

    Args:
        message: The server's own words.
        code: Its code, where it sent one.

    Returns:
        A failure with a plain title, the server's message, the code and a hint.
    """
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
    return Failure(title="The run failed", message=message, code=code)


_REFUSED = {
    401: "The API key was refused",
    402: "Not enough credits",
    403: "The API key isn't allowed to do this",
    404: "Not found",
    429: "Too many requests",
}
_WHOLE = "Check that the whole key was copied, and that it is this project's."
# Why a 401, by the words of gateways and of the service: the same key goes in two headers.
_KEYS = (
    (
        re.compile(
            r"authorization header (?:is )?(?:required|missing)|(?:missing|no) (?:bearer )?token",
            re.IGNORECASE,
        ),
        "The header Authorization was sent, but the service didn't get it: a proxy or gateway on "
        "the way drops it, or the base URL isn't that of the project.",
    ),
    (
        re.compile(r"no api ?key|(?:missing|without) .{0,20}api ?key", re.IGNORECASE),
        "The header apikey was sent, but the gateway didn't get it: a proxy on the way drops it.",
    ),
    (
        re.compile(r"expired", re.IGNORECASE),
        "The key in the header Authorization has expired: make a new one in the project's "
        "settings, then connect with it.",
    ),
    (
        re.compile(r"token|bearer|jwt|authorization|signature", re.IGNORECASE),
        f"The service refused the key in the header Authorization. {_WHOLE}",
    ),
    (re.compile(r"api ?key", re.IGNORECASE), f"The gateway refused the header apikey. {_WHOLE}"),
)
_MONEY = {"balance": "Balance", "estimated_cost": "estimated cost", "renews_at": "renews at"}


# A 403 that isn't about the key: servers of one machine say so, and gateways of many names.
_HOST = re.compile(r"\bhost\b", re.IGNORECASE)


def title_of(status: int, said: str) -> str:
    """Say in a few words what a refusal before the stream means.

    Args:
        status: The HTTP status.
        said: The server's words.

    Returns:
        A title for a run that never began.
    """
    if status == 403 and _HOST.search(said):  # noqa: PLR2004  # a number everybody knows
        return "The server doesn't answer to this name"
    return _REFUSED.get(status, "The server refused the run")


def advice(status: int, said: str, details: Mapping[str, Any]) -> str:
    """Say what to do about a refusal before the stream (docs/protocol.md#refusal-json).

    Args:
        status: The HTTP status.
        said: The server's words.
        details: The whole body, where it was JSON.

    Returns:
        One or two sentences; empty where there is nothing to add.
    """
    if status == 401:  # noqa: PLR2004  # a number everybody knows
        either = f"The key goes in both headers, apikey and Authorization. {_WHOLE}"
        return next((why for words, why in _KEYS if words.search(said)), either)
    if status == 402:  # noqa: PLR2004  # said once, here
        told = [
            f"{label} {str(details[key])[:60]}" for key, label in _MONEY.items() if key in details
        ]
        return f"{', '.join(told)}. Add credits, then run the cell again.".removeprefix(". ")
    if status == 403 and _HOST.search(said):  # noqa: PLR2004  # a number everybody knows
        return (
            "It is about the name in the URL, not about the key. Where a proxy or a tunnel needs "
            'this URL, send the name that the server knows: connect(..., headers={"Host": "..."}).'
        )
    return _ADVICE.get(status, "")


_ADVICE = {
    403: "The key was read, but it hasn't the right to do this: use the project's service-role "
    "key, or one with the rights for it.",
    429: "Wait a little, then run the cell again.",
}
