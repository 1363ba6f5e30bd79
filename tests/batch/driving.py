"""A batch of an agent at a server, driven without any table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import powawidget
from powawidget.batch.budget import Spending
from powawidget.batch.driver import Driver
from powawidget.batch.find import Asking
from powawidget.batch.journal.journal import Journal
from powawidget.batch.journal.records import BatchRecord, RowInput
from powawidget.batch.pace import Pace
from powawidget.resources.batching import agent_target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from powawidget.batch.target import Target

WATCHDOG = 60.0
# A minute of asking is a moment here; nothing that these tests hold depends on its length.
QUICK = Asking(minute=0.3, lost=2.0, unreachable=20.0, away=20.0, at_once=64)


def rows_of(count: int, name: str = "row", **more: Any) -> list[RowInput]:
    """Rows whose messages tell them apart."""
    return [
        RowInput(key=f"k{i}", position=i, body={"message": f"{name} {i}", **more}, digest=f"d{i}")
        for i in range(count)
    ]


def record_of(target: Target, name: str = "batch") -> BatchRecord:
    """What a batch of this target is written down as."""
    return BatchRecord(
        name=name,
        project=target.client.url,
        kind=target.kind,
        target_id=target.id,
        target_name=target.name,
        definition={"model": "scripted"},
        definition_digest="as it is",
        made_at=1.0,
    )


def driver_of(
    target: Target,
    journal: Journal,
    rows: Sequence[RowInput],
    *,
    concurrency: Any = 8,
    name: str = "batch",
    **more: Any,
) -> Driver:
    """A driver that isn't started yet."""
    batch = journal.begin(record_of(target, name), rows)
    settings = {
        "pace": Pace(concurrency, rows=len(rows)),
        "spending": Spending(),
        "asking": QUICK,
        **more,
    }
    return Driver(journal=journal, batch=batch, rows=rows, target=target, **settings)


def target_at(url: str, key: str, name: str, **more: Any) -> Target:
    """An agent at a server."""
    return agent_target(powawidget.connect(url, api_key=key).agent(name), **more)


def finish(driver: Driver, watchdog: float = WATCHDOG) -> None:
    """Start a driver, and wait until it is over."""
    driver.start()
    assert driver.done.wait(watchdog), driver.reason
