"""The body of a request, checked before anything is sent."""

import json
from collections.abc import Mapping
from typing import Any

from powawidget.errors import ConfigurationError


def checked_message(message: object, noun: str) -> None:
    """Check what a run is asked.

    Args:
        message: What the caller gave.
        noun: agent or orchestration.

    Raises:
        ConfigurationError: If it says nothing.
    """
    if not isinstance(message, str) or not message.strip():
        raise ConfigurationError(f"The message is empty: say what the {noun} should do.")


def checked_json(body: Mapping[str, Any]) -> dict[str, Any]:
    """Check that a body can be sent.

    Args:
        body: What the caller gave.

    Returns:
        The same.

    Raises:
        ConfigurationError: If it can't be written as JSON.
    """
    try:
        json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"The request can't be written as JSON: {error}.") from None
    return dict(body)
