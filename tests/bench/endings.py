"""How long another run is silent while a large one ends: its transcript is written just then.

In a real kernel. The other run gets a token every 5 ms; what is told is the longest time between
two of its changes, by the clock and by what the kernel used of the processor meanwhile. The clock
goes on while another process has the processor.
"""

import json
import re
from collections.abc import Iterator

from jupyter_client.manager import start_new_kernel

SIZE = 200_000
CALLS = 300
GOAL = 50

SETUP = """
import json, time
import powawidget as pw
from IPython.display import display
from powawidget.run.plan import Plan
from powawidget.run.run import Run
from powawidget.run.sources import RecordedSource
from powawidget.run.task import RunTask
from tests.bench.endings import frames_of

def now(): return time.perf_counter(), time.process_time()

class Times:
    doing = "noted the time"
    def __init__(self): self.at = []
    def changed(self, ops): self.at.append(now())
    def ended(self): pass
    def recovered(self): pass

def gaps(at, begin, end):
    # Whole ones: what begins or ends within the time.
    pairs = [(a, b) for a, b in zip(at, at[1:]) if a[0] < end and b[0] > begin]
    return [1000 * max(b[which] - a[which] for a, b in pairs) for which in (0, 1)]
"""
ENDS = """
reads = [(0.005 * n, data) for n, data in enumerate(frames_of(20_000, 0))]
small = Run(RunTask(Plan(source=RecordedSource(reads, 1.0), name="small")))
times = Times()
small._live.subscribers.append(times)
*first, last = frames_of({size}, {calls})
reads = [(0.0, b"".join(first)), (3.0, last)]
large = Run(RunTask(Plan(source=RecordedSource(reads, 1.0), name="large")))
display(large)
_ = small.widget
large.start(); small.start()
while not large.text: time.sleep(0.01)
time.sleep(1.0)
quiet = time.perf_counter()
large._live.done.wait(60)
over = time.perf_counter()
large._live.published.wait(60)
written = time.perf_counter()
time.sleep(0.5)
print("REPORT", json.dumps(dict(
    before=gaps(times.at, quiet, over - 0.1), after=gaps(times.at, over - 0.1, written + 0.4),
    written=(written - over) * 1000)))
small.close()
"""


def frames_of(size: int, calls: int) -> list[bytes]:
    """Make the frames of a run: calls with results, then a mixed answer."""
    from tests.bench.mixed import mixed  # noqa: PLC0415  # of the kernel's process

    tokens = mixed(size)
    text = "".join(tokens)
    frames: list[dict[str, object]] = [{"event": "start", "run_id": "run_1", "session_id": "s_1"}]
    rows = [{"carrier": f"carrier {n}", "orders": n, "share": n / 7} for n in range(8)]
    for number in range(calls):
        call = {"step": number + 1, "tool_name": "query", "call_id": f"c{number}"}
        arguments = {"sql": f"select * from orders where week = {number}"}
        frames += [
            {"event": "step_started", "step": number + 1},
            {"event": "tool_call", **call, "arguments": arguments},
            {"event": "tool_result", **call, "result_preview": json.dumps(rows)},
        ]
    frames += [{"event": "content_delta", "delta": token} for token in tokens]
    frames.append({"event": "complete", "run_id": "run_1", "status": "completed", "content": text})
    return [b"data: %b\n\n" % json.dumps(frame).encode() for frame in frames]


def measure() -> list[str]:
    """Let the large run end beside the small one."""
    return list(lines())


def lines(size: int = SIZE, calls: int = CALLS) -> Iterator[str]:
    """Measure, and tell the result."""
    manager, client = start_new_kernel()
    try:
        written: list[str] = []

        def note(message: dict[str, object]) -> None:
            content = message["content"]
            if message["msg_type"] in {"stream", "error"}:
                written.append(str(content))

        code = SETUP + ENDS.replace("{size}", str(size)).replace("{calls}", str(calls))
        client.execute_interactive(code, output_hook=note, timeout=120)
        found = re.search(r"REPORT (\{.*?\})", "".join(written))
        assert found is not None, "".join(written)
        told = json.loads(found[1])
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    clock, work = told["after"]
    yield (
        f"a run of {size // 1000} kB with {calls} calls ends: another run is silent for at most "
        f"{clock:.0f} ms by the clock (goal: under {GOAL}; {told['before'][0]:.0f} ms before the "
        f"end), {work:.0f} ms of the processor; its transcript is written "
        f"{told['written']:.0f} ms after the end"
    )


if __name__ == "__main__":
    for line in lines():
        print(line)  # noqa: T201  # a program's output
