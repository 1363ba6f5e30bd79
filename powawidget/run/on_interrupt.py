"""What an interrupt of a cell that waits does to the run."""

from powawidget.errors import InvalidValueError


def checked_choice(on_interrupt: object) -> None:
    """Check what an interrupt of the kernel is to do.

    Raises:
        InvalidValueError: If it is neither "stop" nor "detach".
    """
    if on_interrupt not in {"stop", "detach"}:
        raise InvalidValueError(f'on_interrupt is "stop" or "detach", not {on_interrupt!r}.')


def interrupted(what: str, on_interrupt: str, waits: str) -> KeyboardInterrupt:
    """Make what a person who has interrupted a wait reads: not the loops that it waited in.

    Args:
        what: What was waited for, in a word.
        on_interrupt: What the interrupt does to it.
        waits: The call that waits for it again.
    """
    if on_interrupt == "stop":
        return KeyboardInterrupt(f"The {what} was told to stop.")
    return KeyboardInterrupt(f"The {what} goes on: {waits} waits for it again.")
