"""What an interrupt of a cell that waits does to the run."""

from powawidget.errors import InvalidValueError


def checked_choice(on_interrupt: object) -> None:
    """Check what an interrupt of the kernel is to do.

    Raises:
        InvalidValueError: If it is neither "stop" nor "detach".
    """
    if on_interrupt not in {"stop", "detach"}:
        raise InvalidValueError(f'on_interrupt is "stop" or "detach", not {on_interrupt!r}.')
