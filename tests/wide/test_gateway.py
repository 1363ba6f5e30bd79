"""A notebook whose kernel runs behind a kernel gateway shows its run and takes its clicks."""

import json
import os
import secrets
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.counterpart import start
from tests.environments import ROOT, python_of
from tests.wide.conftest import WATCHDOG, Serve, free_port

pytestmark = pytest.mark.timeout(900)

LOOPBACK = "127.0.0.1"
CELL = """
import powawidget as pw
run = pw.connect().agent("Operator").run("Raise the price of the best seller by 5%")
run.wait()
print(run.status, run.approvals[0].by)
"""


class Notebook:
    """A notebook's connection to its kernel, as a front end of jupyter_server has it."""

    def __init__(self, socket: ClientConnection) -> None:
        self.said: list[dict[str, Any]] = []
        self._socket = socket
        self._session = uuid.uuid4().hex

    def send(self, kind: str, content: dict[str, Any], channel: str = "shell") -> str:
        """Send a message, as a page does, and name it."""
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "session": self._session,
            "username": "",
            "version": "5.3",
        }
        message = {
            "header": header,
            "parent_header": {},
            "metadata": {"cellId": header["msg_id"]} if kind == "execute_request" else {},
            "content": content,
            "channel": channel,
        }
        self._socket.send(json.dumps(message))
        return str(header["msg_id"])

    def until(self, found: Callable[[], Any]) -> Any:
        """Hear what the kernel says until something has been said."""
        while not (value := found()):
            frame = self._socket.recv(timeout=WATCHDOG)
            assert isinstance(frame, str), "a binary frame: jupyter_server breaks off at one"
            self.said.append(json.loads(frame))
            assert not self.of("error"), self.of("error")
        return value

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The contents of a kind of message."""
        return [each["content"] for each in self.said if each["msg_type"] == kind]

    def custom(self, comm: str, kind: str) -> list[dict[str, Any]]:
        """What a widget has sent to its page."""
        contents = [
            each["data"]["content"]
            for each in self.of("comm_msg")
            if each["comm_id"] == comm and each["data"]["method"] == "custom"
        ]
        return [each for each in contents if each["kind"] == kind]


@pytest.fixture
def notebook(serve: Serve, tmp_path: Path) -> Iterator[Notebook]:
    """jupyter_server, whose kernels are those of a gateway beside it."""
    python, token = str(python_of("wide", "gateway")), secrets.token_hex(8)
    gateway, server = free_port(), free_port()
    with start(tokens_per_second=2000) as powabase:
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "POWABASE_URL": powabase.url,
            "POWABASE_API_KEY": powabase.key,
            # A gateway gives a kernel only what is named.
            "KG_ENV_PROCESS_WHITELIST": "PYTHONPATH,IPYTHONDIR,POWABASE_URL,POWABASE_API_KEY",
            "JUPYTER_RUNTIME_DIR": str(tmp_path),
            "JUPYTER_CONFIG_DIR": str(tmp_path),
            "IPYTHONDIR": str(tmp_path),
        }
        common = ["--ip", LOOPBACK, "--allow-root"]
        serve(
            [
                python,
                "-m",
                "kernel_gateway",
                f"--KernelGatewayApp.port={gateway}",
                f"--KernelGatewayApp.auth_token={token}",
                "--KernelGatewayApp.ip",
                LOOPBACK,
            ],
            environment,
            f"http://{LOOPBACK}:{gateway}/api",
        )
        serve(
            [
                python,
                "-m",
                "jupyter_server",
                f"--port={server}",
                "--no-browser",
                *common,
                f"--IdentityProvider.token={token}",
                f"--ServerApp.root_dir={tmp_path}",
                f"--GatewayClient.url=http://{LOOPBACK}:{gateway}",
                f"--GatewayClient.auth_token={token}",
            ],
            environment,
            f"http://{LOOPBACK}:{server}/api",
        )
        headers = {"Authorization": f"token {token}"}
        asked = urllib.request.Request(
            f"http://{LOOPBACK}:{server}/api/kernels", data=b"{}", headers=headers
        )
        with urllib.request.urlopen(asked) as answer:
            kernel = json.load(answer)["id"]
        address = f"ws://{LOOPBACK}:{server}/api/kernels/{kernel}/channels"
        with connect(address, additional_headers=headers, max_size=None) as channels:
            yield Notebook(channels)


def test_a_run_is_shown_and_a_click_decides(notebook: Notebook) -> None:
    def widget() -> str | None:
        """The id of the run's widget, once it is there."""
        opened = [
            each for each in notebook.of("comm_open") if "_state" in each["data"].get("state", {})
        ]
        return opened[0]["comm_id"] if opened else None

    def page_says(content: dict[str, Any]) -> None:
        data = {"method": "custom", "content": content}
        notebook.send("comm_msg", {"comm_id": comm, "data": data})

    def shown() -> dict[str, Any]:
        """The state that the page was given when it asked, with a request that is open."""
        page_says({"kind": "hello", "have": 0})
        before = len(notebook.custom(comm, "state"))
        notebook.until(lambda: len(notebook.custom(comm, "state")) > before)
        return notebook.custom(comm, "state")[-1]

    def open_requests(state: dict[str, Any]) -> list[str]:
        return [
            part["digest"]
            for part in state["state"]["parts"]
            if part["kind"] == "approval" and part["decision"] == "pending"
        ]

    notebook.send("execute_request", {"code": CELL, "silent": False, "allow_stdin": False})
    comm = notebook.until(widget)
    while not (digests := open_requests(state := shown())):
        pass
    page_says({"kind": "want", "id": "m", "module": "code"})
    module = notebook.until(lambda: notebook.custom(comm, "module"))
    assert module[0]["packed"]
    click = {"kind": "act", "id": "c", "nonce": state["nonce"], "action": "approve"}
    page_says({**click, "digests": digests})
    notebook.until(lambda: printed(notebook) == "completed click\n")
    notebook.until(
        lambda: "powawidget-transcript" in json.dumps(notebook.of("update_display_data"))
    )


def printed(notebook: Notebook) -> str:
    return "".join(each["text"] for each in notebook.of("stream"))
