"""The body of a request, checked before anything is sent."""

import json
from collections.abc import Mapping
from typing import Any

from powawidget.errors import InvalidValueError


def checked_message(message: object, noun: str) -> None:
    """Check what a run is asked.

    Args:
        message: What the caller gave.
        noun: agent or orchestration.

    Raises:
        InvalidValueError: If it says nothing.
    """
    if not isinstance(message, str) or not message.strip():
        raise InvalidValueError(f"The message is empty: say what the {noun} should do.")


def checked_json(body: Mapping[str, Any]) -> dict[str, Any]:
    """Check that a body can be sent.

    Args:
        body: What the caller gave.

    Returns:
        The same.

    Raises:
        InvalidValueError: If it can't be written as JSON.
    """
    try:
        json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidValueError(f"The request can't be written as JSON: {error}.") from error
    return dict(body)
