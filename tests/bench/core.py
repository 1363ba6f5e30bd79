"""What one event costs on its way through the pure core."""

import json
import statistics
import time
from collections.abc import Callable

from powawidget.protocol import events
from powawidget.sse import SSEDecoder
from powawidget.state.model import RunState
from powawidget.state.ops import apply
from powawidget.state.reduce import reduce
from tests.bench.answers import prose, stream

TOKENS = 20_000
READ = 4096
ROUNDS = 9


def measure() -> list[str]:
    """Time sse + events + reduce against `json.loads` of the same payloads."""
    data = stream(prose(6 * TOKENS)[:TOKENS])
    reads = _cut(data)
    deltas = _cut(data[: data.index(b'data: {"event": "chunk"')])
    payloads = [frame[6:] for frame in data.decode().split("\n\n") if frame]

    def way() -> None:
        state, decoder = RunState(), SSEDecoder()
        for read in reads:
            for frame in decoder.feed(read):
                apply(state, reduce(state, events.read(frame.data), 1.0))

    def floor() -> None:
        for payload in payloads:
            json.loads(payload)

    def first_and_last() -> tuple[float, float]:
        state, decoder = RunState(), SSEDecoder()
        tenth = len(deltas) // 10
        marks = [time.perf_counter()]
        for part in (deltas[:tenth], deltas[tenth:-tenth], deltas[-tenth:]):
            for read in part:
                for frame in decoder.feed(read):
                    apply(state, reduce(state, events.read(frame.data), 1.0))
            marks.append(time.perf_counter())
        return marks[1] - marks[0], marks[3] - marks[2]

    pairs = [(_seconds(way), _seconds(floor)) for _ in range(ROUNDS)]
    ratio = statistics.median(a / b for a, b in pairs)
    tenths = [first_and_last() for _ in range(ROUNDS)]
    growth = statistics.median(last / first for first, last in tenths)
    each = statistics.median(a for a, _ in pairs) / len(payloads) * 1e6
    return [
        f"sse + events + reduce for one event, against json.loads: {ratio:.2f} (goal: at most 4)",
        f"  {each:.1f} us an event, {len(payloads):,} events",
        f"  last tenth of the answer against the first: {growth:.2f}",
    ]


def _cut(data: bytes) -> list[bytes]:
    return [data[start : start + READ] for start in range(0, len(data), READ)]


def _seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
