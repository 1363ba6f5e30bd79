"""Ids, checked before they become a part of a URL."""

import uuid

from powawidget.errors import InvalidValueError, WrongTypeError

_LONGEST = 500  # characters; an HTTP client takes no URL of any length


def is_uuid(text: str) -> bool:
    """Tell whether a text is an id rather than a name."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def as_text(given: object, what: str) -> str:
    """Check that a name or an id is a text.

    Args:
        given: What the caller gave.
        what: What it is the name or the id of, with its article.

    Raises:
        WrongTypeError: If it is anything else, such as a line of a list in place of its id.
    """
    if isinstance(given, str):
        return given.strip()
    has_id = isinstance(getattr(given, "id", None), str)
    raise WrongTypeError(
        f"{what} is named by a text, not by {type(given).__name__}."
        + (" Pass its id: the attribute .id." if has_id else "")
    )


def segment(text: str, noun: str = "run") -> str:
    """Check the id of a run or a conversation before it becomes a part of a URL.

    Raises:
        InvalidValueError: If it can't be an id.
        WrongTypeError: If it isn't a text.
    """
    trimmed = as_text(text, f"A {noun}")
    if not 0 < len(trimmed) <= _LONGEST or not all(
        char.isalnum() or char in "_-" for char in trimmed
    ):
        raise InvalidValueError(f"{trimmed[:80]!r} isn't the id of a {noun}.")
    return trimmed
