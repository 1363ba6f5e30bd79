"""Very many rows: a row that is over keeps its result, and no more than that."""

import gc
import pathlib
import time
import tracemalloc
from typing import Any

from powawidget.batch.journal.journal import Journal
from powawidget.live.run import Live
from tests.batch.desk import Desk, target_of
from tests.batch.driving import driver_of, finish, rows_of, target_at
from tests.batch.server_process import PLAIN, ServerProcess
from tests.chaos import Chaos, Exchange
from tests.seeds import examples

PIECE = "x" * 1_000


async def talks(desk: Desk, exchange: Exchange, body: dict[str, Any]) -> None:
    """Stream 100 kB, of which a hook leaves a word."""
    run = desk.store(body)
    start = {"event": "start", "run_id": run["run_id"], "session_id": body["session_id"]}
    delta = {"event": "reasoning_delta", "type": "reasoning_delta", "step": 1, "delta": PIECE}
    end = {"event": "complete", "run_id": run["run_id"], "status": "completed", "content": "yes"}
    await exchange.stream(start, *([delta] * 100), end)


def test_a_row_that_is_over_keeps_its_result_and_not_its_frames(tmp_path: pathlib.Path) -> None:
    rows = 40
    desk = Desk(otherwise=talks)
    with Chaos(desk) as server, Journal.open(tmp_path / "batch.powa") as journal:
        driver = driver_of(target_of(server, tools=True), journal, rows_of(rows))
        gc.collect()
        before = sum(isinstance(one, Live) for one in gc.get_objects())
        tracemalloc.start()
        try:
            finish(driver)
            gc.collect()
            grown, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert {driver.outcome(f"k{i}").text for i in range(rows)} == {"yes"}
        # The requests that the server's side keeps are in this process too.
        assert grown < rows * 40_000 < rows * 100 * len(PIECE)
        assert sum(isinstance(one, Live) for one in gc.get_objects()) <= before + 1
        # What it held is in the file.
        run = journal.saved_run(1, "k5")
        assert run is not None
        assert run.count(PIECE.encode()) == 100


def memory() -> float:
    """What this process has in memory, in megabytes."""
    pages = int(pathlib.Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


def test_rows_cost_as_much_in_a_large_batch_as_in_a_small_one(tmp_path: pathlib.Path) -> None:
    """10,000 rows of a night; their number alone is smaller on each push."""
    rows = examples(80, 10_000)
    with ServerProcess(agents_tokens_per_second=1e6) as server:
        target = target_at(server.url, server.key, PLAIN)
        costs, grown = [], []
        for count in (rows // 10, rows // 2, rows):
            with Journal.open(tmp_path / f"{count}.powa") as journal:
                driver = driver_of(target, journal, rows_of(count, f"of {count}"), concurrency=32)
                before, used = memory(), time.process_time()
                finish(driver, 3_000)
                costs.append((time.process_time() - used) / count)
                grown.append(memory() - before)
                ended = [one.state for one in journal.outcomes(1).values()]
                assert ended == ["done"] * count
        assert grown[-1] < 300
        assert costs[-1] < 2.5 * costs[0]
