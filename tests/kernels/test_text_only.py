"""Nothing that the kernel sends has a binary part.

Stock jupyter_server reads what comes from a kernel gateway as text: the first binary part ends the
connection, and the whole notebook hears nothing more.
"""

import hashlib
import pathlib

import pytest

import powawidget
from tests.environments import KERNELS, OTHER_KERNELS
from tests.kernels.conftest import named
from tests.kernels.kernel import Kernel
from tests.packed import unpacked

MODULES = sorted(
    path.name.removesuffix(".b91")
    for path in pathlib.Path(powawidget.__file__).parent.glob("static/modules/*.b91")
)
# A run of each kind, one that waits, and a chat; all are shown, and told of.
CELL = """
run = operator.run("Raise the price of the best seller by 5%")
orchestration = pb.orchestration(pb.orchestrations()[0].id).run("Which orders are late?")
workflow = pb.workflow(pb.workflows()[0].id).run()
chat = pb.agent("Writer").chat()
chat.send("haiku")
display(run, orchestration, workflow, chat)
while run.status != "waiting": time.sleep(0.01)
run.approve()
for each in (run, orchestration, workflow, chat): each.wait()
"""


@pytest.mark.parametrize("kernel", [*KERNELS, *OTHER_KERNELS], ids=named, indirect=True)
def test_every_module_and_all_that_runs_and_chats_send_is_text(kernel: Kernel) -> None:
    assert kernel.do(CELL) == ""
    comms = kernel.comms()
    assert len(comms) == 4
    for name in MODULES:
        kernel.send(comms[0], {"kind": "want", "id": name, "module": name})
    for comm in comms:
        kernel.nonce(comm)
    sent = kernel.until(
        lambda: (
            came
            if len(came := [m for m in kernel.custom(comms[0]) if m["kind"] == "module"])
            == len(MODULES)
            else None
        ),
        "every module",
    )
    assert [message["module"] for message in sent] == MODULES
    codes = b"\n".join(unpacked(message["packed"]) for message in sent)
    version = hashlib.sha256(codes).hexdigest()[:8]
    assert [message["hash"] for message in sent] == [f"{name}-{version}" for name in MODULES]
    binary = [message["msg_type"] for message in kernel.said if message["buffers"]]
    assert binary == []
