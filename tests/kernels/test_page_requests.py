"""What a page asks is answered while a cell waits, and never beside a cell that computes."""

import pathlib

import pytest

from tests.environments import KERNELS
from tests.kernels.conftest import named
from tests.kernels.kernel import Kernel
from tests.kernels.test_busy_kernel import ASK, BUSY, TELL_WAIT, digests

SLIDER = """
import ipywidgets
seen = []
slider = ipywidgets.IntSlider()
slider.observe(lambda change: seen.append((threading.current_thread().name, now)), "value")
now = "idle"
display(slider)
print(slider.comm.comm_id)
"""


def set_slider(kernel: Kernel, comm: str, value: int) -> None:
    data = {"method": "update", "state": {"value": value}, "buffer_paths": []}
    kernel.send_shell("comm_msg", {"comm_id": comm, "data": data})


WAITING = {
    "thread": "threading.Thread(target=run.wait, kwargs={'display': False}).start()",
    "task": "waiting = asyncio.get_event_loop().create_task(run._awaited())",
}


@pytest.mark.parametrize("waits", WAITING)
def test_no_callback_runs_beside_a_cell_that_computes_while_something_else_waits(
    kernel: Kernel, waits: str, tmp_path: pathlib.Path
) -> None:
    slider = kernel.do(SLIDER).strip()
    kernel.do(f"{ASK}\ndisplay(run)")
    comm = kernel.comms()[-1]
    nonce = kernel.nonce(comm)
    asked = digests(kernel, comm)
    kernel.do(WAITING[waits])
    go = tmp_path / "go"
    cell = kernel.run(
        f"go, now = {str(go)!r}, 'busy'\nprint('busy', flush=True)\n{BUSY['compute']}now = 'over'"
    )
    kernel.until(lambda: "busy" in kernel.printed(cell), "the busy cell")
    set_slider(kernel, slider, 42)
    # What comes after it on the same channel has been looked at: so has the slider's message, on
    # the kernels that can do so; elsewhere nothing of either is handled.
    click = {"kind": "act", "id": "x", "nonce": nonce, "action": "deny", "digests": asked}
    kernel.send(comm, click)
    kernel.send_control(comm, click)
    kernel.until(
        lambda: [m for m in kernel.custom(comm) if m.get("kind") == "ack"], "the click's answer"
    )
    kernel.listen(0.3)
    go.touch()
    kernel.idle(cell)
    assert kernel.do("print(seen)") == "[('MainThread', 'over')]\n"
    kernel.do("run.stop()")


@pytest.mark.parametrize("how", ["run.wait()", "await run"])
def test_callbacks_run_on_the_main_thread_while_a_cell_waits(kernel: Kernel, how: str) -> None:
    slider = kernel.do(SLIDER).strip()
    waiting = kernel.run(f"now = 'waiting'\n{ASK}\n{how}\nprint(seen)")
    comm = kernel.until(kernel.comms, "the widget")[-1]
    asked = digests(kernel, comm)
    set_slider(kernel, slider, 7)
    nonce = kernel.nonce(comm)
    kernel.until(lambda: is_echoed(kernel, slider), "the slider's echo")
    kernel.send(
        comm, {"kind": "act", "id": "x", "nonce": nonce, "action": "approve", "digests": asked}
    )
    kernel.idle(waiting)
    assert kernel.printed(waiting) == "[('MainThread', 'waiting')]\n"


def is_echoed(kernel: Kernel, comm: str) -> bool:
    """Whether the kernel has said that a page's value was taken."""
    return any(
        message["msg_type"] == "comm_msg"
        and message["content"]["comm_id"] == comm
        and message["content"]["data"]["method"] == "echo_update"
        for message in kernel.said
    )


def test_a_page_that_loads_between_showing_and_waiting_is_answered(
    kernel: Kernel, tmp_path: pathlib.Path
) -> None:
    """What it asks is on its way to the main thread before that begins to wait."""
    go = tmp_path / "go"
    waiting = kernel.run(
        f"go = {str(go)!r}\n{ASK}\ndisplay(run)\nprint('shown', flush=True)\n"
        f"{BUSY['sleep']}run.wait()\nprint(run.status)"
    )
    kernel.until(lambda: kernel.printed(waiting) == "shown\n", "what is shown")
    (comm,) = kernel.comms()
    asked = [
        kernel.send_shell("kernel_info_request", {}),
        kernel.send_shell("comm_info_request", {"target_name": "jupyter.widget"}),
    ]
    state = {"comm_id": comm, "data": {"method": "request_state"}}
    asked_state = kernel.send_shell("comm_msg", state)
    kernel.listen(0.3)
    go.touch()
    for request in asked:
        kernel.reply(request)
    kernel.until(
        lambda: any(
            m["msg_type"] == "comm_msg" and m["content"]["data"].get("method") == "update"
            for m in kernel.said
            if m["parent_header"]["msg_id"] == asked_state  # a page waits for no other
        ),
        "the state that was asked for",
    )
    assert kernel.printed(waiting) == "shown\n"
    kernel.send(
        comm,
        {
            "kind": "act",
            "id": "x",
            "nonce": kernel.nonce(comm),
            "action": "approve",
            "digests": digests(kernel, comm),
        },
    )
    kernel.idle(waiting)
    assert kernel.printed(waiting) == "shown\ncompleted\n"
    kernel.do("pass")
    # Each was handled once, though its turn came after the cell too.
    for request in [*asked, asked_state]:
        told = [
            message["content"]["execution_state"]
            for message in kernel.said
            if message["msg_type"] == "status" and message["parent_header"]["msg_id"] == request
        ]
        assert told == ["busy", "idle"]


@pytest.mark.parametrize("how", ["run.wait()", "await run", "old nest_asyncio"])
def test_a_handler_that_really_waits_is_waited_for(
    fresh_kernel: Kernel, how: str, tmp_path: pathlib.Path
) -> None:
    kernel = fresh_kernel
    if how == "old nest_asyncio":
        kernel.do("import nest_asyncio; nest_asyncio.apply()")
        how = "run.wait()"
    kernel.do(
        "kernel = get_ipython().kernel\n"
        "original = kernel.shell_handlers['comm_info_request']\n"
        "async def slow(stream, ident, parent):\n"
        "    async with asyncio.timeout(60):\n"
        "        await asyncio.sleep(0.2)\n"
        "    await original(stream, ident, parent)\n"
        "kernel.shell_handlers['comm_info_request'] = slow"
    )
    waits = tmp_path / "waits"
    waiting = kernel.run(f"{ASK}{TELL_WAIT.format(path=str(waits))}\n{how}\nprint(run.status)")
    comm = kernel.until(kernel.comms, "the widget")[0]
    kernel.until(waits.exists, "the wait")
    nonce, asked = kernel.nonce(comm), digests(kernel, comm)
    request = kernel.send_shell("comm_info_request", {"target_name": "jupyter.widget"})
    kernel.listen(0.3)
    click = {"kind": "act", "id": "x", "nonce": nonce, "action": "approve", "digests": asked}
    kernel.send(comm, click)
    kernel.reply(request)
    kernel.idle(waiting)
    assert kernel.printed(waiting) == "completed\n"


@pytest.mark.parametrize("kernel", [KERNELS[-1]], ids=named, indirect=True)
@pytest.mark.parametrize("does", ["computes", "waits"])
def test_h3_a_message_with_a_subshells_id_is_answered_while_the_main_shell_is_busy(
    kernel: Kernel, does: str, tmp_path: pathlib.Path
) -> None:
    """Hosts such as Colab send comm messages so; ipykernel leads them back to the main shell."""
    subshell = kernel.ask_control("create_subshell_request", {})["subshell_id"]
    kernel.do(f"{ASK}\ndisplay(run)")
    (comm,) = kernel.comms()
    asked = digests(kernel, comm)
    go = tmp_path / "go"
    busy = {"computes": BUSY["compute"], "waits": "run.wait()\n"}[does]
    cell = kernel.run(f"go = {str(go)!r}\nprint('busy', flush=True)\n{busy}print(run.status)")
    kernel.until(lambda: kernel.printed(cell) == "busy\n", "the busy cell")

    def send(content: dict[str, object]) -> None:
        data = {"method": "custom", "content": content}
        kernel.send_shell("comm_msg", {"comm_id": comm, "data": data}, subshell)

    send({"kind": "hello", "id": "h", "have": 0})
    nonce = kernel.until(
        lambda: next((m["nonce"] for m in kernel.custom(comm) if m["kind"] == "state"), None),
        "the answer to hello",
    )
    send({"kind": "act", "id": "x", "nonce": nonce, "action": "approve", "digests": asked})
    kernel.until(
        lambda: [m for m in kernel.custom(comm) if m.get("kind") == "ack"], "the click's answer"
    )
    kernel.until(
        lambda: (
            ["set", ["status"], "completed"]
            in [op for m in kernel.custom(comm) for op in m.get("ops", ())]
        ),
        "the end of the run",
    )
    if does == "computes":
        assert kernel.printed(cell) == "busy\n"
    go.touch()
    kernel.idle(cell)
    assert kernel.printed(cell) == "busy\ncompleted\n"
    kernel.ask_control("delete_subshell_request", {"subshell_id": subshell})


@pytest.mark.parametrize("kernel", [KERNELS[-1]], ids=named, indirect=True)
def test_a_page_that_is_loaded_again_while_a_cell_waits_is_given_the_core(kernel: Kernel) -> None:
    """JupyterLab asks for it with a subshell's id, once it has made one."""
    subshell = kernel.ask_control("create_subshell_request", {})["subshell_id"]
    kernel.do("from powawidget.widget import core")
    cell = kernel.run(f"{ASK}\nprint(*[each.comm.comm_id for each in core._core()])\nrun.wait()")
    kernel.until(lambda: kernel.printed(cell), "the core's comms")
    parts = kernel.printed(cell).split()
    for part in parts:
        state = {"comm_id": part, "data": {"method": "request_state"}}
        kernel.send_shell("comm_msg", state, subshell)

    def given() -> set[str]:
        return {
            message["content"]["comm_id"]
            for message in kernel.said
            if message["msg_type"] == "comm_msg"
            and message["content"]["data"].get("state", {}).get("code")
        }

    kernel.until(lambda: given() == set(parts), "both halves")
    nonce = kernel.nonce(kernel.comms()[-1])
    asked = digests(kernel, kernel.comms()[-1])
    deny = {"kind": "act", "id": "x", "nonce": nonce, "action": "deny", "digests": asked}
    kernel.send(kernel.comms()[-1], deny)
    kernel.idle(cell)
    kernel.ask_control("delete_subshell_request", {"subshell_id": subshell})
