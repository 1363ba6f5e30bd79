"""A kernel makes the model of its notices with the first run, and tells pages by itself."""

from typing import Any

import pytest

from tests.environments import KERNELS
from tests.kernels.conftest import named
from tests.kernels.kernel import Kernel

RUN = 'run = operator.run("Raise the price of the best seller by 5%")'
STOP = "run.stop()\nrun.wait(display=False)"


def told(kernel: Kernel) -> list[dict[str, Any]]:
    """What the model of notices has said, which no page has asked for."""
    return [
        message["content"]["data"]["content"]
        for message in kernel.said
        if message["msg_type"] == "comm_msg"
        and message["content"]["data"].get("content", {}).get("kind") == "notices"
    ]


def counts(kernel: Kernel, number: int) -> None:
    kernel.until(
        lambda: [one["waiting"] for one in told(kernel)][-1:] == [number], f"{number} that wait"
    )


@pytest.mark.parametrize("fresh_kernel", KERNELS[-1:], ids=named, indirect=True)
def test_a_run_that_was_never_shown_is_told_while_a_cell_computes(fresh_kernel: Kernel) -> None:
    kernel = fresh_kernel
    kernel.do(RUN, front_end=False)  # nobody sits there
    kernel.do(STOP, front_end=False)
    assert told(kernel) == []
    kernel.do("pw.options.notices = False")
    kernel.do(RUN)
    kernel.until(lambda: kernel.do("print(run.status)") == "waiting\n", "a request")
    assert told(kernel) == []
    kernel.run(
        "pw.options.notices = True\nimport time\nwhile run.status == 'waiting': time.sleep(.1)"
    )
    counts(kernel, 1)  # that cell computes until the run is decided
    kernel.interrupt()
    kernel.do(STOP)
    counts(kernel, 0)
