"""The kernels between those that all tests run on: a click gets through there too."""

import pathlib

import pytest

from tests.environments import OTHER_KERNELS
from tests.kernels import test_busy_kernel as full
from tests.kernels.conftest import named
from tests.kernels.kernel import Kernel

pytestmark = pytest.mark.parametrize("kernel", OTHER_KERNELS, ids=named, indirect=True)


@pytest.mark.parametrize("busy", ["compute", "await"])
def test_a_click_gets_through_while_another_cell_is_busy(
    kernel: Kernel, busy: str, tmp_path: pathlib.Path
) -> None:
    full.test_a_click_gets_through_while_another_cell_is_busy(kernel, busy, tmp_path)


@pytest.mark.parametrize("how", ["run.wait()", "await run"])
def test_a_click_gets_through_while_the_cell_waits(kernel: Kernel, how: str) -> None:
    full.test_a_click_gets_through_while_the_cell_waits(kernel, how, "both")
