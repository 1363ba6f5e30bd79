"""What a refusal means and what to do about it, by its status and the server's words."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

_REFUSED: Mapping[int, str] = {
    HTTPStatus.UNAUTHORIZED: "The API key was refused",
    HTTPStatus.PAYMENT_REQUIRED: "Not enough credits",
    HTTPStatus.FORBIDDEN: "The API key isn't allowed to do this",
    HTTPStatus.NOT_FOUND: "Not found",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests",
    HTTPStatus.BAD_GATEWAY: "A gateway got no answer from the service",
    HTTPStatus.GATEWAY_TIMEOUT: "A gateway got no answer from the service in time",
}
# A gateway's own: it may have passed the request on before (docs/protocol.md#retries).
_GATEWAY = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT})
_START = "/stream"
MAYBE_STARTED = "The run may have started all the same; it wasn't sent again, since each one costs."
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
_ADVICE: Mapping[int, str] = {
    HTTPStatus.FORBIDDEN: "The key was read, but it hasn't the right to do this: use the "
    "project's service-role key, or one with the rights for it.",
    HTTPStatus.TOO_MANY_REQUESTS: "Wait a little, then run the cell again.",
}
# What a 404 is about, by the path that was asked for.
_NOT_FOUND = (
    (re.compile("/executions/"), "workflow.executions() lists those that the server has."),
    (
        re.compile("/sessions/"),
        "sessions() of the agent or orchestration lists the conversations that the server has.",
    ),
    (
        re.compile("/runs/"),
        "Check the id, and that the run is one of this project: sessions() lists the "
        "conversations, and messages() of each names its runs.",
    ),
    (
        re.compile("/(?:agents|orchestrations|workflows)/"),
        "It may have been deleted: pb.agents(), pb.orchestrations() and pb.workflows() list what "
        "there is.",
    ),
)
_MONEY = {"balance": "Balance", "estimated_cost": "estimated cost", "renews_at": "renews at"}
# A 403 about the host name, not the key: from local servers, and gateways of many hosts.
_HOST = re.compile(r"\bhost\b", re.IGNORECASE)


def title_of(status: int, text: str) -> str:
    """Make the title of a run that a refusal kept from beginning."""
    if status == HTTPStatus.FORBIDDEN and _HOST.search(text):
        return "The server doesn't answer to this name"
    return _REFUSED.get(status, "The server refused the run")


def advice(status: int, text: str, details: Mapping[str, Any], path: str = "") -> str:
    """Say what to do about a refusal before the stream (docs/protocol.md#refusal-json).

    Args:
        status: The HTTP status.
        text: What the server says.
        details: The whole body, where that is a JSON object.
        path: What was asked for.

    Returns:
        One or two sentences; empty where there is nothing to add.
    """
    if status == HTTPStatus.UNAUTHORIZED:
        either = f"The key goes in both headers, apikey and Authorization. {_WHOLE}"
        return next((why for words, why in _KEYS if words.search(text)), either)
    if status == HTTPStatus.PAYMENT_REQUIRED:
        amounts = [
            f"{label} {str(details[key])[:60]}" for key, label in _MONEY.items() if key in details
        ]
        return f"{', '.join(amounts)}. Add credits, then try again.".removeprefix(". ")
    if status == HTTPStatus.FORBIDDEN and _HOST.search(text):
        return (
            "It is about the name in the URL, not about the key. Where a proxy or a tunnel needs "
            'this URL, send the name that the server knows: connect(..., headers={"Host": "..."}).'
        )
    if status == HTTPStatus.NOT_FOUND:
        return next((what for asked, what in _NOT_FOUND if asked.search(path)), "")
    return _ADVICE.get(status, "")


def may_have_started(status: int, details: Mapping[str, Any] | None, path: str) -> bool:
    """Tell whether a refusal may hide a run that has begun (docs/protocol.md#retries).

    502 and 504 are a gateway's, whatever their form. Of the other errors of a server the service
    writes its own as JSON; a page, or nothing at all, is a gateway's again, which may have passed
    the request on before it gave up.

    Args:
        status: The HTTP status.
        details: The whole body, where that is a JSON object.
        path: What was asked for.
    """
    is_gateway = status in _GATEWAY or (
        status >= HTTPStatus.INTERNAL_SERVER_ERROR and details is None
    )
    return is_gateway and path.endswith(_START)
