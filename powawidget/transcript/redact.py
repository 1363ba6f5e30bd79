"""Takes the key out of plain JSON values."""

from typing import Any

from powawidget.secret import Secret


def redacted(value: Any, secret: Secret) -> Any:
    """Replace the key wherever it is in the texts of a value.

    Args:
        value: Plain JSON values.
        secret: The key.

    Returns:
        The same, without the key.
    """
    if isinstance(value, str):
        return secret.redact(value)
    if isinstance(value, list):
        return [redacted(each, secret) for each in value]
    if isinstance(value, dict):
        return {secret.redact(key): redacted(each, secret) for key, each in value.items()}
    return value
