"""Dask, as far as a table on many machines needs it; it is imported only where it is there."""

import asyncio
import concurrent.futures
import contextlib
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from powawidget.batch.board.away import AwayBoard
from powawidget.batch.board.moment import Content
from powawidget.batch.shared import Places
from powawidget.kernel import cells
from powawidget.schema.packages import needed

TOPIC = "powawidget"
_TAKING = 5.0  # seconds of one try for a place
_log = logging.getLogger("powawidget")


def worker() -> Any:
    """Give Dask's worker that runs this task; None anywhere else."""
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return None
    try:
        return distributed.get_worker()
    except ValueError:
        return None


def tell(nonce: str, event: Mapping[str, Any]) -> None:
    """Tell whoever listens how a part of a table stands.

    Args:
        nonce: Names the call by which the table is run. A client has one handler for each topic:
            the board has that of its call alone.
        event: Counts and names, and nothing of what a row holds.
    """
    here = worker()
    if here is not None:
        here.log_event([TOPIC, f"{TOPIC}-{nonce}"], dict(event))


def watch(client: Any, nonce: str, content: Content) -> None:
    """Show a board in the running cell, which reads what the workers tell.

    Args:
        client: Dask's.
        nonce: Names the call.
        content: What runs.
    """
    topic = f"{TOPIC}-{nonce}"

    def close() -> None:
        with contextlib.suppress(Exception):  # the client may be closed
            client.unsubscribe_topic(topic)

    board = AwayBoard(content, close)
    client.subscribe_topic(topic, lambda event: board.note(event[1]))
    cells.adopt(board)
    board.show()


@contextlib.contextmanager
def shared_places(claims: str, most: int) -> Iterator[Places | None]:
    """Give the places that all machines share; None where one machine decides that alone.

    Args:
        claims: The folder of the claims, by whose name all know them.
        most: How many there are.
    """
    if worker() is None:
        yield None
        return
    distributed = needed("distributed", "A task of Dask")
    name = f"{TOPIC}-{os.path.basename(claims)}-{most}"  # noqa: PTH119  # a text
    places = _Places(distributed.Semaphore(max_leases=most, name=name))
    try:
        yield places
    finally:
        places.close()


class _Places:
    """Places as leases of Dask's semaphore: those of a worker that dies become free by themselves.

    Args:
        semaphore: The semaphore.
    """

    def __init__(self, semaphore: Any) -> None:
        self._semaphore = semaphore
        self._turn: asyncio.Lock | None = None
        # Its own thread: many tasks that wait would use up those by which others give back.
        self._thread = concurrent.futures.ThreadPoolExecutor(1, "powawidget-places")

    async def take(self) -> None:
        running = asyncio.get_running_loop()
        self._turn = self._turn or asyncio.Lock()
        async with self._turn:  # one at a time asks the scheduler
            while not await running.run_in_executor(self._thread, self._acquire):
                pass

    async def give_back(self) -> None:
        try:
            await asyncio.to_thread(self._semaphore.release)
        except Exception as error:  # noqa: BLE001  # the row is over; a lost lease ends by itself
            _log.warning("A place couldn't be given back: %s", type(error).__name__)

    def close(self) -> None:
        """Let the leases be refreshed no more."""
        self._thread.shutdown(wait=False)
        self._semaphore.refresh_callback.stop()

    def _acquire(self) -> bool:
        return bool(self._semaphore.acquire(timeout=_TAKING))
