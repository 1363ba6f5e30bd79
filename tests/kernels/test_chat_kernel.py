"""What is typed into a chat gets through whatever the kernel is doing, and once."""

import pathlib

import pytest

from tests.environments import KERNELS
from tests.kernels.conftest import named
from tests.kernels.kernel import Kernel
from tests.kernels.test_busy_kernel import BUSY

CHAT = 'chat = pb.agent("Writer").chat()\ndisplay(chat)'


def say(kernel: Kernel, comm: str, nonce: str, text: str, action: str) -> None:
    """Send a message as a page does: by both ways, and again after a reload."""
    content = {"kind": "act", "id": action, "nonce": nonce, "action": "send", "text": text}
    for _ in range(2):
        kernel.send(comm, content)
        kernel.send_control(comm, content)


def is_acked(kernel: Kernel, comm: str, action: str) -> None:
    kernel.until(
        lambda: [m for m in kernel.custom(comm) if m.get("kind") == "ack" and m["id"] == action],
        "the answer to what was sent",
    )


@pytest.mark.parametrize("busy", BUSY)
def test_a_message_is_asked_while_another_cell_is_busy(
    kernel: Kernel, busy: str, tmp_path: pathlib.Path
) -> None:
    go = tmp_path / "go"
    kernel.do(f"go = {str(go)!r}\n{CHAT}")
    comm = kernel.until(kernel.comms, "the widget")[0]
    nonce = kernel.nonce(comm)
    code = (
        f"before = len(starts())\nprint('busy', flush=True)\n{BUSY[busy]}\n"
        "print(before, len(starts()), chat.status)"
    )
    cell = kernel.run(code)
    kernel.until(lambda: "busy" in kernel.printed(cell), "the busy cell")
    say(kernel, comm, nonce, "hello", "m1")
    is_acked(kernel, comm, "m1")
    kernel.until(lambda: is_answered(kernel, comm), "the turn's end, while the kernel is busy")
    go.touch()
    kernel.idle(cell)
    assert kernel.printed(cell) == "busy\n0 1 completed\n"


def is_answered(kernel: Kernel, comm: str) -> bool:
    """Whether the page has been told that a turn is completed."""
    ops = [op for message in kernel.custom(comm) for op in message.get("ops", ())]
    return any(path[-1] == "status" and value == "completed" for _, path, value in ops)


@pytest.mark.parametrize("how", ["chat.wait()", "run.wait()", "await run"])
def test_a_message_gets_through_while_the_cell_waits_for_a_turn(kernel: Kernel, how: str) -> None:
    kernel.do(CHAT)
    comm = kernel.until(kernel.comms, "the widget")[0]
    nonce = kernel.nonce(comm)
    waiting = kernel.run(f'run = chat.send("long")\n{how}\nprint("waited", run.status)')
    kernel.until(lambda: [m for m in kernel.custom(comm) if m.get("kind") == "ops"], "the turn")
    say(kernel, comm, nonce, "hello", "m1")
    is_acked(kernel, comm, "m1")
    kernel.idle(waiting)
    assert kernel.printed(waiting) == "waited completed\n"
    assert kernel.do("chat.wait(); print([run.message for run in chat.runs])") == (
        "['long', 'hello']\n"
    )


def test_a_chat_ends_when_its_cell_is_run_again(kernel: Kernel) -> None:
    kernel.do(CHAT, cell_id="one")
    kernel.do('first = chat\nrun = chat.send("long")\nqueued = chat.send("hello")')
    kernel.do(CHAT, cell_id="one")
    assert kernel.do("print(run.status, queued.status, first is chat, chat.runs)") == (
        "stopped stopped False []\n"
    )


def test_a_turn_belongs_to_no_cell_of_its_own(kernel: Kernel) -> None:
    kernel.do(CHAT)
    kernel.do('chat.send("hello").wait()', cell_id="ask")
    kernel.do('chat.send("hello").wait()', cell_id="ask")
    assert kernel.do("print([run.status for run in chat.runs])") == "['completed', 'completed']\n"


@pytest.mark.parametrize("kernel", [KERNELS[-1]], ids=named, indirect=True)
def test_a_chat_is_silent_between_its_turns(kernel: Kernel) -> None:
    """A hub counts each message as use: the kernel of a chat that is over would never be culled."""
    kernel.do(
        "from powawidget.widget import heartbeat\n"
        "heartbeat._SECONDS = 0.02\n"  # an hour of heartbeats in a few seconds
        f"{CHAT}"
    )
    comm = kernel.until(kernel.comms, "the widget")[0]
    kernel.nonce(comm)
    beats = []
    for _ in range(2):
        before = kinds(kernel, comm).count("beat")
        kernel.do("chat.send('haiku').wait()")
        over = len(kernel.said)
        kernel.listen(1.5)
        later = [m["msg_type"] for m in kernel.said[over:] if m["msg_type"] != "status"]
        beats.append(kinds(kernel, comm).count("beat") - before)
        assert later == []
    assert min(beats) > 1  # while a turn goes on, also after an idle time, and at its end


def kinds(kernel: Kernel, comm: str) -> list[str]:
    return [message["kind"] for message in kernel.custom(comm)]
