"""How tall the box of a view may be."""

from powawidget.errors import InvalidValueError


def checked_height(height: object) -> int | None:
    """Check a height that a person has given.

    Returns:
        The same: pixels, or None for a box that grows with what is in it.

    Raises:
        InvalidValueError: If it is neither.
    """
    if height is None:
        return None
    if isinstance(height, bool) or not isinstance(height, int) or height <= 0:
        raise InvalidValueError(
            "max_height is a whole number of pixels above 0, or None for a box that grows with "
            f"what is in it, not {height!r}."
        )
    return height
