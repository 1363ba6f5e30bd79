"""Settings of the whole process."""

import numbers
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from powawidget.errors import InvalidValueError

_LEAST = 130_000
# What one run's saved widget state has beside the run itself: the front end's core, as text, which
# a notebook holds once however many runs it has, the loader, and what a widget says of itself.
_CORE = 84_000


@dataclass
class Options:
    """Settings that hold for every run; change them on `powawidget.options`.

    Attributes:
        file_limit: The most bytes that one run, chat or batch puts into the notebook's file, its
            transcript and, where widget state is saved, its state and the front end's core
            together; at least 130,000. All runs of a notebook share one core.
        replay_limit: The most bytes of a recording that `powawidget.replay` reads. A saved run or
            chat is read up to 256 MB, whatever this says.
        max_height: How tall the box of a run or a chat may be, in pixels, before it scrolls; None
            lets it grow with what is in it. It holds for what is shown from then on; `run.show` and
            `chat.show` set it for one, and a person drags the lower edge of the box.
        ask_above: How many runs a batch may start without a further word; None asks never. One
            that would start more waits for `batch.start(confirm=True)`, or is made with
            `confirm=True`.
        compare_above: How many runs a comparison may start without a further word; None asks
            never. More need `confirm=True`.
        reuse: The journal in which runs of agents and orchestrations are kept, so that the same
            message to the same agent with the same options isn't paid again, as by `reuse=` of
            `agent.run`; None keeps none.
        ratings: Whether a run that is over can be rated, by thumbs and a note in its view or by
            `run.rate`. True keeps ratings in the journal of `reuse`, or without that in this kernel
            only; a name is that of the journal. False, at first: nothing is offered.
        keep_alive: For how many hours from its start a run, a chat's turn or a batch keeps the
            kernel from being taken for idle, by a server or a hub that stops idle ones; 0 or None
            leaves it to them. It holds for what is under way, too.
        notices: Whether the title of a page says how many runs wait for a person, and its browser
            may notify. A person lets the browser do so by a click: see `powawidget.notices`.
        read_only_tools: The names of tools that only read, beside the service's own, as globs
            (`mcp__docs__*`): a run that called another one isn't reused.

    Example:
        >>> powawidget.options.file_limit = 1_000_000
        >>> powawidget.options.reuse = "runs.powa"
    """

    file_limit: int = 256_000
    replay_limit: int = 256_000_000
    max_height: int | None = 640
    ask_above: int | None = 10_000
    compare_above: int | None = 24
    reuse: "str | os.PathLike[str] | None" = None
    ratings: "bool | str | os.PathLike[str]" = False
    read_only_tools: Sequence[str] = ()
    keep_alive: float | None = 6.0
    notices: bool = True

    def __setattr__(self, name: str, value: object) -> None:
        check = _CHECKS.get(name)
        if check is not None:
            check(value)
        super().__setattr__(name, value)
        for hearer in _hearers.get(name, ()):
            hearer()


def _check_hours(value: object) -> None:
    if value is None:
        return
    if not _is_hours(value):
        raise InvalidValueError(
            "keep_alive is a number of hours, 0 or None for not at all, and math.inf for ever, "
            f"not {value!r}."
        )


def _is_hours(value: object) -> bool:
    # numpy's numbers are such too, and its truth values aren't.
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return False
    try:
        return float(value) >= 0
    except OverflowError:  # an integer that is longer than any number of hours
        return False


def _check_switch(value: object) -> None:
    if not isinstance(value, bool):
        raise InvalidValueError(f"notices is True or False, not {value!r}.")


_CHECKS: dict[str, Callable[[object], None]] = {
    "keep_alive": _check_hours,
    "notices": _check_switch,
}
_hearers: dict[str, list[Callable[[], object]]] = {}

options = Options()


def hear(name: str, hearer: Callable[[], object]) -> None:
    """Call a function whenever an option is set, on the thread that sets it."""
    _hearers.setdefault(name, []).append(hearer)


def file_share(hundredths: int) -> int:
    """Divide what `options.file_limit` leaves once the front end's core has its place."""
    return (max(options.file_limit, _LEAST) - _CORE) * hundredths // 100
