"""Settings of the whole process."""

from dataclasses import dataclass

_LEAST = 130_000
# The packed core, with what the widget says of itself beside its state.
_CORE = 76_000


@dataclass
class Options:
    """Settings that hold for every run; change them on `powawidget.options`.

    Attributes:
        file_limit: The most bytes that one run or chat puts into the notebook's file, its
            transcript and, where widget state is saved, its state and the front end's core
            together; at least 130,000.
        replay_limit: The most bytes of a recording that `powawidget.replay` reads. A saved run or
            chat is read up to 256 MB, whatever this says.

    Example:
        >>> powawidget.options.file_limit = 1_000_000
    """

    file_limit: int = 256_000
    replay_limit: int = 256_000_000


options = Options()


def file_share(hundredths: int) -> int:
    """Divide what `options.file_limit` leaves once the front end's core has its place."""
    return (max(options.file_limit, _LEAST) - _CORE) * hundredths // 100
