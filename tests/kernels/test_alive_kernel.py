"""A kernel says that it is at work while something is under way, shown or not, and else nothing."""

from collections.abc import Iterator

import pytest

from tests.environments import KERNELS
from tests.kernels.conftest import named
from tests.kernels.kernel import ROOT, Kernel

FIXTURES = ROOT / "tests" / "fixtures"
OFTEN = "from powawidget.live import alive\nalive.SECONDS = 0.05"
# A view whose page has said nothing for a minute.
UNHEARD = "from powawidget.widget import widget\nwidget._HEARD_FOR = 0.0"
RAISE = '"Raise the price of the best seller by 5%"'
DECIDED = "run.deny()\nrun.wait(display=False)"
# One for each kind of what may be under way: begun, that it is, and brought to its end.
WORKS = {
    "a run that was never shown": (
        f"run = operator.run({RAISE})",
        "run.status == 'waiting'",
        DECIDED,
    ),
    "a chat with a message that waits": (
        f"chat = operator.chat()\nrun = chat.send({RAISE})\nlater = chat.send('hello')",
        "run.status == 'waiting'",
        "run.deny()\nchat.wait()",
    ),
    "a batch": (
        f"rows = operator.map([{{'message': {RAISE}}}], '{{message}}', on_approval=pw.policy())",
        "rows.start() or rows.counts.get('accepted') or rows.counts.get('claimed')",
        "[rows[key].deny() for key in rows.keys]\nrows.wait(display=False)",
    ),
    "a stream without a view": (
        f"events = operator.stream({RAISE})\nfirst = await anext(events)",
        "first is not None",
        "await events.aclose()",
    ),
}


AS_BEFORE = "alive.SECONDS, widget._HEARD_FOR, pw.options.keep_alive = 20.0, 60.0, 6.0"


@pytest.fixture
def hurried(kernel: Kernel) -> Iterator[Kernel]:
    """A kernel that says so often, and is as it was afterwards."""
    kernel.do(OFTEN)
    yield kernel
    kernel.do(f"{OFTEN}\n{UNHEARD}\n{AS_BEFORE}")


def at_work(kernel: Kernel) -> int:
    """How many messages went out on a comm that no page knows."""
    opened = {
        message["content"]["comm_id"]
        for message in kernel.said
        if message["msg_type"] == "comm_open"
    }
    return sum(
        message["msg_type"] == "comm_msg" and message["content"]["comm_id"] not in opened
        for message in kernel.said
    )


@pytest.mark.parametrize("what", WORKS)
@pytest.mark.parametrize("kernel", KERNELS[-1:], ids=named, indirect=True)
def test_a_kernel_says_that_it_is_at_work_while(hurried: Kernel, what: str) -> None:
    kernel = hurried
    begin, is_begun, end = WORKS[what]
    kernel.listen(0.5)
    assert at_work(kernel) == 0
    assert kernel.do(begin) == ""
    kernel.until(lambda: kernel.do(f"print(bool({is_begun}))") == "True\n", what)
    before = at_work(kernel)
    kernel.until(lambda: at_work(kernel) > before + 5, "messages that no page has asked for")
    assert kernel.do(end) == ""
    kernel.until(lambda: kernel.do("print(alive.is_keeping())") == "False\n", "its end")
    before = len(kernel.said)
    kernel.listen(1)
    assert [message["msg_type"] for message in kernel.said[before:]] == []


@pytest.mark.parametrize("kernel", KERNELS[-1:], ids=named, indirect=True)
def test_a_view_is_told_nothing_once_the_kernel_is_not_kept_alive_unless_its_page_asks(
    hurried: Kernel,
) -> None:
    kernel = hurried
    kernel.do(UNHEARD)
    kernel.do(f"run = operator.run({RAISE})\ndisplay(run)")
    kernel.until(lambda: kernel.do("print(run.status)") == "waiting\n", "a request")
    (comm_id,) = kernel.comms()
    kernel.until(lambda: sum(one["kind"] == "beat" for one in kernel.custom(comm_id)) > 1, "beats")
    kernel.do("pw.options.keep_alive = None")
    before = len(kernel.said)
    kernel.listen(2.5)
    assert [message["msg_type"] for message in kernel.said[before:]] == []
    kernel.nonce(comm_id)  # asked, it answers
    before = len(kernel.said)
    kernel.do("widget._HEARD_FOR = 60.0")
    kernel.until(
        lambda: any(one["msg_type"] == "comm_msg" for one in kernel.said[before:]), "a beat"
    )
    kernel.do(f"pw.options.keep_alive = 6\n{DECIDED}")
    before = len(kernel.said)
    kernel.listen(2.5)
    assert [message["msg_type"] for message in kernel.said[before:]] == []


@pytest.mark.parametrize("kernel", KERNELS[-1:], ids=named, indirect=True)
def test_a_replay_and_a_batch_that_waits_for_a_page_are_not_at_work(hurried: Kernel) -> None:
    kernel = hurried
    kernel.do(UNHEARD)
    kernel.do(f"again = pw.replay({str(FIXTURES / 'local_analyst.sse')!r}, speed=0.0001)")
    kernel.do(f"rows = operator.map([{{'message': {RAISE}}}], '{{message}}')\nrows.start()")
    assert kernel.do("print(again.status, rows.counts)") == "running {'waiting': 1}\n"
    before = len(kernel.said)
    kernel.listen(1)
    assert [message["content"] for message in kernel.said[before:]] == []
    kernel.do("rows.stop()")


@pytest.mark.parametrize("kernel", KERNELS[-1:], ids=named, indirect=True)
def test_a_batch_that_has_gone_on_for_too_long_says_so_on_its_board(hurried: Kernel) -> None:
    kernel = hurried
    kernel.do("pw.options.keep_alive = 0.3 / 3600")
    kernel.do(
        f"rows = operator.map([{{'message': {RAISE}}}], '{{message}}', on_approval=pw.policy())"
    )
    kernel.do("display(rows)\nrows.start();")
    kernel.nonce(kernel.comms()[0])
    kernel.until(
        lambda: any(
            "no longer kept alive" in one.get("trouble", "")
            for one in kernel.custom(kernel.comms()[0])
        ),
        "what it says",
    )
    assert kernel.do(WORKS["a batch"][2]) == ""
