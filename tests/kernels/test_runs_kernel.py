"""What a notebook is told of its runs."""

import pytest

from tests.environments import KERNELS
from tests.kernels.conftest import named
from tests.kernels.kernel import Kernel


@pytest.mark.parametrize("kernel", KERNELS, ids=named, indirect=True)
def test_a_run_has_the_number_that_stands_beside_its_cell(kernel: Kernel) -> None:
    kernel.do('numbered = pb.agent("Writer").run("hello")\nnumbered.wait(display=False)')
    inputs = [one["content"] for one in kernel.said if one["msg_type"] == "execute_input"]
    number = inputs[-1]["execution_count"]
    # Without pandas a frame is a list.
    assert kernel.do("print(list(pw.runs())[-1]['cell'])") == f"{number}\n"
