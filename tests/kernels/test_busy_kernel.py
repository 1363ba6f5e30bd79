"""A click gets through whatever the kernel is doing, and once.

Each test clicks by the shell channel, as every front end can, or by the control channel, as
JupyterLab and Notebook can, and looks at what the server saw and in which order.
"""

import pathlib
from typing import Any

import pytest

from tests.kernels.kernel import Kernel

ASK = 'run = operator.run("Raise the price of the best seller by 5%")'
# A cell that is busy until the test says that it is enough, however slow the machine is. One long
# sleep can't be ended so: it sleeps in small pieces, between which the event loop of "sleep" and
# "compute" doesn't run.
UNTIL_TOLD = """\
import os
end = time.monotonic() + 120
while not os.path.exists(go) and time.monotonic() < end: {}
assert os.path.exists(go), "nobody said to go on"
"""
BUSY = {
    "sleep": UNTIL_TOLD.format("time.sleep(0.05)"),
    "compute": UNTIL_TOLD.format("sum(range(10000))"),
    "await": UNTIL_TOLD.format("await asyncio.sleep(0.05)"),
}


def digests(kernel: Kernel, comm: str) -> list[str]:
    """Wait until the page has been told of a pending request, and name it."""

    def asked() -> list[str]:
        found = [
            part["digest"]
            for part in kernel.opened(comm)["state"]["parts"]
            if part["kind"] == "approval"
        ]
        for message in kernel.custom(comm):
            parts = []
            if message.get("kind") == "state":
                parts = message["state"]["parts"]
            elif message.get("kind") == "ops":
                parts = [value for _, path, value in message["ops"] if isinstance(value, dict)]
            found += [p["digest"] for p in parts if p.get("kind") == "approval"]
        return list(dict.fromkeys(found))

    return list(kernel.until(asked, "a request for approval"))


def click(kernel: Kernel, comm: str, action: str, channel: str = "both") -> None:
    """Click as a page does."""
    content = {
        "kind": "act",
        "id": f"click-{action}",
        "nonce": kernel.nonce(comm),
        "action": action,
        "digests": digests(kernel, comm),
    }
    if channel in {"shell", "both"}:
        kernel.send(comm, content)
    if channel in {"control", "both"}:
        kernel.send_control(comm, content)


def acked(kernel: Kernel, comm: str) -> None:
    kernel.until(
        lambda: [m for m in kernel.custom(comm) if m.get("kind") == "ack"], "the click's ack"
    )


def is_completed(kernel: Kernel, comm: str) -> bool:
    """Whether the page has been told so."""
    ops = [op for message in kernel.custom(comm) for op in message.get("ops", ())]
    return ["set", ["status"], "completed"] in ops


@pytest.mark.parametrize("channel", ["shell", "control", "both"])
@pytest.mark.parametrize("how", ["run.wait()", "await run"])
def test_a_click_gets_through_while_the_cell_waits(kernel: Kernel, how: str, channel: str) -> None:
    waiting = kernel.run(f"{ASK}\n{how}\nprint('waited', run.status, len(decisions()))")
    following = kernel.run("print('following cell', run.status)")
    comm = kernel.until(kernel.comms, "the widget")[0]
    click(kernel, comm, "approve", channel)
    kernel.idle(following)
    assert kernel.printed(waiting) == "waited completed 1\n"
    assert kernel.printed(following) == "following cell completed\n"
    assert kernel.do("print(run.approvals[0].decision, run.approvals[0].by)") == "approved click\n"


@pytest.mark.parametrize("busy", BUSY)
def test_a_click_gets_through_while_another_cell_is_busy(
    kernel: Kernel, busy: str, tmp_path: pathlib.Path
) -> None:
    go = tmp_path / "go"
    kernel.do(f"{ASK}\ndisplay(run)")
    comm = kernel.until(kernel.comms, "the widget")[0]
    nonce = kernel.nonce(comm)
    asked = digests(kernel, comm)
    cell = kernel.run(
        f"go = {str(go)!r}\nbefore = len(decisions())\nprint('busy', flush=True)\n{BUSY[busy]}"
        "print(before, len(decisions()), run.status)"
    )
    kernel.until(lambda: kernel.printed(cell) == "busy\n", "the busy cell")
    content = {"kind": "act", "id": "x", "nonce": nonce, "action": "approve", "digests": asked}
    kernel.send(comm, content)
    kernel.send_control(comm, content)
    acked(kernel, comm)
    kernel.until(lambda: is_completed(kernel, comm), "the end of the run")
    assert kernel.printed(cell) == "busy\n"
    go.touch()
    kernel.idle(cell)
    assert kernel.printed(cell) == "busy\n0 1 completed\n"


def test_a_click_gets_through_after_the_cell_has_returned(kernel: Kernel) -> None:
    kernel.do(f"{ASK}\ndisplay(run)")
    comm = kernel.until(kernel.comms, "the widget")[0]
    click(kernel, comm, "deny", "shell")
    acked(kernel, comm)
    assert kernel.do("run.wait(); print(run.tool_calls[1].status, len(decisions()))") == (
        "denied 1\n"
    )


# Tells when the cell waits, which nothing does from outside: before that a request stays queued.
TELL_WAIT = """
from pathlib import Path
from powawidget.kernel import page_requests
def tell_wait(path):
    while not page_requests.are_served():
        time.sleep(0.01)
    Path(path).touch()
threading.Thread(target=tell_wait, args=({path!r},)).start()
"""


def test_a_page_that_loads_while_a_cell_waits_gets_the_whole_state(
    kernel: Kernel, tmp_path: pathlib.Path
) -> None:
    waits = tmp_path / "waits"
    tell = TELL_WAIT.format(path=str(waits))
    waiting = kernel.run(f"{ASK}{tell}\nrun.wait()\nprint(run.status)")
    comm = kernel.until(kernel.comms, "the widget")[0]
    kernel.until(waits.exists, "the wait")
    digests(kernel, comm)
    asked = kernel.client.session.msg("comm_info_request", {"target_name": "jupyter.widget"})
    kernel.client.shell_channel.send(asked)
    info = kernel.client.session.msg("kernel_info_request", {})
    kernel.client.shell_channel.send(info)
    state = {"comm_id": comm, "data": {"method": "request_state"}}
    kernel.client.shell_channel.send(kernel.client.session.msg("comm_msg", state))
    updates = kernel.until(
        lambda: [
            m["content"]["data"]["state"]["_state"]
            for m in kernel.said
            if m["msg_type"] == "comm_msg" and m["content"]["data"].get("method") == "update"
        ],
        "the state that the page asked for",
    )
    assert updates[-1]["state"]["status"] == "waiting"
    kinds = set()
    while len(kinds) < 2:
        reply = kernel.client.shell_channel.get_msg(timeout=30)
        if reply["msg_type"] in {"comm_info_reply", "kernel_info_reply"}:
            kinds.add(reply["msg_type"])
            if reply["msg_type"] == "comm_info_reply":
                assert comm in reply["content"]["comms"]
    assert kernel.printed(waiting) == ""
    click(kernel, comm, "approve")
    kernel.idle(waiting)
    assert kernel.printed(waiting) == "completed\n"


def test_the_persons_own_tasks_go_on_while_a_cell_waits(kernel: Kernel) -> None:
    kernel.do(
        "ticks = []\n"
        "async def tick():\n"
        "    while True:\n"
        "        ticks.append(1)\n"
        "        await asyncio.sleep(0.02)\n"
        "ticking = asyncio.get_event_loop().create_task(tick())"
    )
    printed = kernel.do(
        'run = pb.agent("Writer").run("long", )\n'
        "before = len(ticks)\nrun.wait()\nprint(len(ticks) - before > 5, run.status)"
    )
    assert printed == "True completed\n"
    kernel.do("ticking.cancel()")


def test_waiting_works_where_the_old_nest_asyncio_was_applied(fresh_kernel: Kernel) -> None:
    kernel = fresh_kernel
    kernel.do("import nest_asyncio; nest_asyncio.apply()")
    waiting = kernel.run(f"{ASK}\nrun.wait()\nprint(run.status, len(decisions()))")
    following = kernel.run("print('following')")
    comm = kernel.until(kernel.comms, "the widget")[0]
    click(kernel, comm, "approve")
    kernel.idle(following)
    assert kernel.printed(waiting) == "completed 1\n"
    assert kernel.printed(following) == "following\n"


@pytest.mark.parametrize("how", ["run.wait()", "await run"])
def test_an_interrupt_ends_the_wait_stops_the_run_and_leaves_the_kernel_healthy(
    kernel: Kernel, how: str
) -> None:
    waiting = kernel.run(f"{ASK}\n{how}\nprint('never')")
    comm = kernel.until(kernel.comms, "the widget")[0]
    digests(kernel, comm)
    kernel.interrupt()
    kernel.idle(waiting)
    printed = kernel.printed(waiting)
    assert "never" not in printed
    assert "KeyboardInterrupt" in printed or (how == "await run" and "CancelledError" in printed)
    assert kernel.do("print(run.status)") == "stopped\n"
    assert kernel.do("await asyncio.sleep(0.05); print([b['approved'] for b in decisions()])") == (
        "[False]\n"
    )
    again = kernel.do('print(pb.agent("Writer").run("hello").wait().status)')
    assert again == "completed\n"


def test_an_interrupt_can_leave_the_run_going(kernel: Kernel) -> None:
    waiting = kernel.run(f'{ASK}\nrun.wait(on_interrupt="detach")\nprint("never")')
    comm = kernel.until(kernel.comms, "the widget")[0]
    digests(kernel, comm)
    kernel.interrupt()
    kernel.idle(waiting)
    assert "KeyboardInterrupt" in kernel.printed(waiting)
    assert kernel.do("print(run.status)") == "waiting\n"
    assert kernel.do("run.approve(); run.wait(); print(run.status)") == "completed\n"


def test_a_cell_that_is_run_again_closes_its_earlier_run_but_no_sibling(kernel: Kernel) -> None:
    kernel.do(
        'runs = [operator.run("Raise the price of the best seller by 5%") for _ in range(2)]',
        "cell-1",
    )
    kernel.do("first = list(runs)", "cell-2")
    kernel.do("while not all(run.approvals for run in runs): time.sleep(0.05)", "cell-3")
    assert kernel.do("print([run.status for run in runs])", "cell-2") == "['waiting', 'waiting']\n"
    kernel.do(
        'runs = [operator.run("Raise the price of the best seller by 5%") for _ in range(2)]',
        "cell-1",
    )
    kernel.do("while not all(run.approvals for run in runs): time.sleep(0.05)", "cell-3")
    assert kernel.do("print([run.status for run in first], [run.status for run in runs])") == (
        "['stopped', 'stopped'] ['waiting', 'waiting']\n"
    )


def test_b7_two_notebooks_with_the_same_cells_do_not_stop_each_others_runs(kernel: Kernel) -> None:
    """A copy of a notebook has the ids of its cells."""
    start = f"{ASK}\nmine.setdefault(notebook, []).append(run)"
    kernel.do("mine = {}")
    for notebook in ("copy", "original", "copy"):
        kernel.idle(kernel.run(f"notebook = {notebook!r}\n{start}", "cell-1", session=notebook))
    kernel.do("while not all(r[-1].approvals for r in mine.values()): time.sleep(0.05)")
    assert kernel.do("print({each: [r.status for r in mine[each]] for each in sorted(mine)})") == (
        "{'copy': ['stopped', 'waiting'], 'original': ['waiting']}\n"
    )


def test_where_nobody_can_click_a_wait_says_which_policy_to_pass(kernel: Kernel) -> None:
    printed = kernel.do(f"{ASK}\nrun.wait()", front_end=False)
    assert "ApprovalNeeded" in printed
    assert "on_approval=powawidget.policy(" in printed


def test_without_a_person_a_policy_decides(kernel: Kernel) -> None:
    printed = kernel.do(
        'run = operator.run("Raise the price of the best seller by 5%",'
        ' on_approval=pw.policy(allow=["database_write"], name="small writes"))\n'
        "run.wait()\nprint(run.status, run.approvals[0].by)"
    )
    assert printed == "completed policy: small writes\n"


def test_closing_widgets_ends_their_runs_and_leaves_no_comm_and_no_stream(kernel: Kernel) -> None:
    kernel.do(
        'runs = [operator.run("Raise the price of the best seller by 5%") for _ in range(30)]\n'
        "for run in runs: display(run)\n"
        "while not all(run.approvals for run in runs): time.sleep(0.05)"
    )
    assert len(kernel.comms()) == 30
    printed = kernel.do(
        "from powawidget.kernel import bridge\n"
        "for run in runs: run.widget.close()\n"
        "while server.open_streams: time.sleep(0.01)\n"
        "while {run.status for run in runs} != {'stopped'}: time.sleep(0.01)\n"
        "print({run.status for run in runs}, len(bridge._receivers), "
        "{body['approved'] for body in decisions()})"
    )
    assert printed == "{'stopped'} 2 {False}\n"  # the core's two models stay
    closed = [m for m in kernel.said if m["msg_type"] == "comm_close"]
    assert len(closed) == 30  # a layout has a comm only once somebody asks for it


def test_forged_and_replayed_messages_decide_nothing(kernel: Kernel) -> None:
    kernel.do(f"{ASK}\ndisplay(run)")
    comm = kernel.until(kernel.comms, "the widget")[0]
    nonce = kernel.nonce(comm)
    asked = digests(kernel, comm)
    good = {"kind": "act", "nonce": nonce, "action": "approve", "digests": asked}
    forged = [
        {**good, "nonce": "0" * 32},
        {**good, "nonce": None},
        {**good, "digests": []},
        {**good, "digests": ["0" * 64]},
        {**good, "digests": [*asked, "0" * 64]},
        {**good, "digests": "all"},
        {**good, "action": "approve_all"},
        {**good, "action": ["approve"]},
    ]
    for number, message in enumerate(forged):
        kernel.send(comm, {**message, "id": f"forged-{number}"})
    kernel.send(comm, {"kind": "act"})
    kernel.send(comm, {"kind": "ops", "seq": 1, "ops": [["set", ["status"], "completed"]]})
    state = {"method": "update", "state": {"_state": {"state": {"status": "completed"}}}}
    update = kernel.client.session.msg("comm_msg", {"comm_id": comm, "data": state})
    kernel.client.shell_channel.send(update)

    def refusals() -> dict[str, Any]:
        return {m["id"]: m["refused"] for m in kernel.custom(comm) if m.get("kind") == "ack"}

    kernel.until(lambda: len(refusals()) == len(forged), "an answer to each")
    assert all(refusals().values())
    assert kernel.do("print(run.status, decisions())") == "waiting []\n"
    for _ in range(3):
        kernel.send(comm, {**good, "id": "real"})
        kernel.send_control(comm, {**good, "id": "real"})
    kernel.send(comm, {**good, "id": "once more"})
    assert kernel.do("run.wait(); print(run.status, decisions())") == (
        "completed [{'approved': True}]\n"
    )
