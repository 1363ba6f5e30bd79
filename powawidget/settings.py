"""Settings of the whole process."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

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


options = Options()


def file_share(hundredths: int) -> int:
    """Divide what `options.file_limit` leaves once the front end's core has its place."""
    return (max(options.file_limit, _LEAST) - _CORE) * hundredths // 100
