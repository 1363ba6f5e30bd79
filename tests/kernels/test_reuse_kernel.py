"""A notebook whose runs are reused: Run All a second time pays nothing."""

import pathlib

import pytest

from tests.environments import KERNELS
from tests.kernels.conftest import named
from tests.kernels.kernel import Kernel

QUESTIONS = ["Which orders are late?", "How many orders?", "Who is late?", "Which region sells?"]


@pytest.mark.parametrize("kernel", [KERNELS[0], KERNELS[-1]], ids=named, indirect=True)
def test_run_all_a_second_time_sends_no_post_and_a_changed_prompt_sends_one(
    kernel: Kernel, tmp_path: pathlib.Path
) -> None:
    kernel.do(f"pw.options.reuse = {str(tmp_path / 'runs.powa')!r}")

    def run_all(questions: list[str]) -> None:
        kernel.do('analyst = pb.agent("Analyst")', "cell-0")
        for number, question in enumerate(questions, 1):
            code = f"run{number} = analyst.run({question!r})\nrun{number}"
            kernel.do(code, f"cell-{number}")

    def reused() -> str:
        kernel.do("for run in (run1, run2, run3, run4): run.wait(60, display=False)")
        return kernel.do("print(len(starts()), [r.reused for r in (run1, run2, run3, run4)])")

    run_all(QUESTIONS)
    assert reused() == "4 [False, False, False, False]\n"
    answers = kernel.do("print([r.text for r in (run1, run2, run3, run4)])")
    run_all(QUESTIONS)
    assert reused() == "4 [True, True, True, True]\n"
    assert kernel.do("print([r.text for r in (run1, run2, run3, run4)])") == answers
    run_all([*QUESTIONS[:3], "Which region sells most?"])
    assert reused() == "5 [True, True, True, False]\n"
    kernel.do("pw.options.reuse = None")


@pytest.mark.parametrize("kernel", [KERNELS[-1]], ids=named, indirect=True)
def test_cells_that_run_again_while_their_runs_go_on_pay_nothing_more(
    kernel: Kernel, tmp_path: pathlib.Path
) -> None:
    """Neither stops what the other shows; a cell that asks something else stops nothing either."""
    kernel.do(f"pw.options.reuse = {str(tmp_path / 'runs.powa')!r}")
    kernel.do('analyst = pb.agent("Analyst")', "cell-0")
    before = int(kernel.do("print(len(starts()))"))
    kernel.do("one = analyst.run('Which orders came late?')\none", "cell-1")
    kernel.do("two = analyst.run('Which orders came late?')\ntwo", "cell-2")
    kernel.do("again = analyst.run('Which orders came late?')\nagain", "cell-1")
    kernel.do("other = analyst.run('How many came late?')\nother", "cell-2")
    kernel.do("for run in (one, two, again, other): run.wait(60, display=False)")
    assert kernel.do("print({run.status for run in (one, two, again, other)})") == "{'completed'}\n"
    assert kernel.do("print(one.run_id == two.run_id == again.run_id)") == "True\n"
    assert int(kernel.do("print(len(starts()))")) - before == 2
    kernel.do("pw.options.reuse = None")
