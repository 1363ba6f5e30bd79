"""A comparison in a notebook: a cell that is run again, and an interrupt, send nothing twice."""

import pytest

from tests.environments import KERNELS
from tests.kernels.conftest import named
from tests.kernels.kernel import Kernel

# Both sides wait for a decision, so that they go on for as long as the test wants.
ASKED = "Raise the price of the best seller by 5%"
COMPARED = f"c = pw.compare({{'a': operator, 'b': operator}}, {ASKED!r}, repeat=2)"


@pytest.mark.parametrize("kernel", [KERNELS[-1]], ids=named, indirect=True)
def test_a_cell_that_is_run_again_and_an_interrupt_stop_the_runs_and_send_none_twice(
    kernel: Kernel,
) -> None:
    before = int(kernel.do("print(len(starts()))"))
    kernel.do(f"{COMPARED}\nfirst = c\nc", "cell-c")
    kernel.do("while len(starts()) < 4: await asyncio.sleep(0.01)")
    waiting = kernel.run(f"{COMPARED}\nc.wait()\nprint('never')", "cell-c")
    kernel.until(lambda: len(kernel.comms()) > 1, "the second widget")
    kernel.interrupt()
    kernel.idle(waiting)
    assert "never" not in kernel.printed(waiting)
    assert "KeyboardInterrupt" in kernel.printed(waiting)
    kernel.do("c.wait(30, display=False)")
    assert kernel.do("print(first.status, c.status)") == "stopped stopped\n"
    # Without pandas a frame is a list.
    told = kernel.do("print({row['status'] for each in (first, c) for row in list(each.frame)})")
    assert told == "{'stopped'}\n"
    assert int(kernel.do("print(len(starts()))")) - before <= 8
    # What was asked for is denied, so that no tool ran.
    assert "True" not in kernel.do("print([b['approved'] for b in decisions()])")
    assert kernel.do('print(pb.agent("Writer").run("hello").wait().status)') == "completed\n"
