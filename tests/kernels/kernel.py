"""A real kernel, driven by messages as a front end does."""

import os
import pathlib
import secrets
import time
from collections.abc import Callable
from typing import Any

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

from tests.joined import joined_with

ROOT = pathlib.Path(__file__).parents[2]
WATCHDOG = 60
# What a test has left: its chats and runs end, then the servers; then its names are forgotten.
EMPTY = """
import gc, ipywidgets
for kind in (pw.Inbox, pw.Comparison, pw.Batch, pw.Chat, pw.Run, type(server)):
    for each in [found for found in gc.get_objects() if isinstance(found, kind)]:
        each.stop() if kind is type(server) else each.close()
ipywidgets.Widget.close_all()  # a batch's board outlives it
from powawidget.kernel import bridge
if bridge._receivers:
    print(len(bridge._receivers), "comms of ours are left")
get_ipython().reset()
"""


class Kernel:
    """One kernel process of a given Python, with what it has said so far.

    Args:
        python: The Python executable whose ipykernel is started.
    """

    def __init__(self, python: str) -> None:
        self.manager = KernelManager()
        self.manager._kernel_spec = KernelSpec(
            argv=[python, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            display_name="test",
            language="python",
        )
        env = {**os.environ, "PYTHONPATH": str(ROOT), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
        self.manager.start_kernel(env=env)
        self.client: BlockingKernelClient = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=WATCHDOG)
        self.said: list[dict[str, Any]] = []
        self._replied: set[str] = set()

    def run(
        self,
        code: str,
        cell_id: str | None = None,
        *,
        front_end: bool = True,
        session: str | None = None,
    ) -> str:
        """Send a cell without waiting for it; returns the request's id.

        A front end that people sit at names the cell; nbclient and papermill don't. Each notebook
        that is connected to the kernel has a session of its own.
        """
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        }
        message = self.client.session.msg("execute_request", content)
        if front_end:
            message["metadata"]["cellId"] = cell_id or message["header"]["msg_id"]
        if session is not None:
            message["header"]["session"] = session
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def listen(self, seconds: float = 0.2) -> None:
        """Take in what the kernel says for a while."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                self.said.append(self.client.iopub_channel.get_msg(timeout=left))
            except Exception as error:
                if type(error).__name__ != "Empty":
                    raise

    def until(self, condition: Callable[[], Any], what: str) -> Any:
        """Listen until something holds, under a watchdog."""
        end = time.monotonic() + WATCHDOG
        while not (found := condition()):
            if time.monotonic() > end:
                raise AssertionError(f"not seen: {what}\n{self.transcript()}")
            self.listen(0.05)
        return found

    def idle(self, request: str) -> int:
        """Wait until a cell is done; returns the place of its idle among what was said."""
        place = self.until(
            lambda: next(
                (
                    index + 1
                    for index, message in enumerate(self.said)
                    if message["msg_type"] == "status"
                    and message["content"]["execution_state"] == "idle"
                    and message["parent_header"].get("msg_id") == request
                ),
                0,
            ),
            f"idle of {request}",
        )
        # As a front end does. ipykernel 7 may not notice what arrives while it sends a reply, until
        # something else arrives: https://github.com/ipython/ipykernel/issues/1554.
        self.reply(request)
        return int(place)

    def reply(self, request: str) -> None:
        """Wait for the reply to a request of the shell channel."""
        while request not in self._replied:
            reply = self.client.shell_channel.get_msg(timeout=WATCHDOG)
            self._replied.add(reply["parent_header"]["msg_id"])

    def do(self, code: str, cell_id: str | None = None, *, front_end: bool = True) -> str:
        """Run a cell to its end and return what it printed."""
        request = self.run(code, cell_id, front_end=front_end)
        self.idle(request)
        return self.printed(request)

    def printed(self, request: str | None = None) -> str:
        """What cells have printed, errors included."""
        texts = []
        for message in self.said:
            if request is not None and message["parent_header"].get("msg_id") != request:
                continue
            if message["msg_type"] == "stream":
                texts.append(message["content"]["text"])
            elif message["msg_type"] == "error":
                texts.append(f"{message['content']['ename']}: {message['content']['evalue']}")
        return "".join(texts)

    def comms(self) -> list[str]:
        """The ids of the run widgets that were opened."""
        return [
            message["content"]["comm_id"]
            for message in self.said
            if message["msg_type"] == "comm_open"
            and "_state" in message["content"]["data"].get("state", {})
        ]

    def opened(self, comm_id: str) -> dict[str, Any]:
        """The state with which a widget was opened."""
        return next(
            message["content"]["data"]["state"]["_state"]
            for message in self.said
            if message["msg_type"] == "comm_open" and message["content"]["comm_id"] == comm_id
        )

    def custom(self, comm_id: str) -> list[dict[str, Any]]:
        """The custom messages that a widget has sent, those in pieces as a whole."""
        return [message for message, _ in self.dated(comm_id)]

    def dated(self, comm_id: str) -> list[tuple[dict[str, Any], Any]]:
        """The same, each with when its last piece was sent."""
        sent = [
            (message["content"]["data"]["content"], message["header"]["date"])
            for message in self.said
            if message["msg_type"] == "comm_msg"
            and message["content"]["comm_id"] == comm_id
            and message["content"]["data"].get("method") == "custom"
        ]
        return joined_with(sent)

    def send(self, comm_id: str, content: dict[str, Any]) -> None:
        """Send a custom message of the page by the shell channel."""
        data = {"method": "custom", "content": content}
        message = self.client.session.msg("comm_msg", {"comm_id": comm_id, "data": data})
        self.client.shell_channel.send(message)

    def send_shell(self, kind: str, content: dict[str, Any], subshell: str | None = None) -> str:
        """Send a message by the shell channel; returns its id.

        Args:
            kind: Its type.
            content: Its content.
            subshell: The subshell that is to handle it, where not the main shell is.
        """
        message = self.client.session.msg(kind, content)
        if subshell is not None:
            message["header"]["subshell_id"] = subshell
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def send_control(self, comm_id: str, content: dict[str, Any]) -> None:
        """Send a custom message of the page by the control channel."""
        data = {"method": "custom", "content": content}
        message = self.client.session.msg("powawidget_msg", {"comm_id": comm_id, "data": data})
        self.client.control_channel.send(message)

    def ask_control(self, kind: str, content: dict[str, Any]) -> dict[str, Any]:
        """Ask something by the control channel; returns what the reply holds."""
        message = self.client.session.msg(kind, content)
        self.client.control_channel.send(message)
        while True:
            reply = self.client.control_channel.get_msg(timeout=WATCHDOG)
            if reply["parent_header"]["msg_id"] == message["header"]["msg_id"]:
                return dict(reply["content"])

    def nonce(self, comm_id: str) -> str:
        """Greet a widget as a page does, by both channels, and return the nonce of its answer."""
        hello = {"kind": "hello", "id": secrets.token_hex(8), "have": 0}
        self.send(comm_id, hello)
        self.send_control(comm_id, hello)
        return str(
            self.until(
                lambda: next(
                    (m["nonce"] for m in self.custom(comm_id) if m.get("kind") == "state"), None
                ),
                "the answer to hello",
            )
        )

    def empty(self) -> None:
        """Leave nothing of what a test has done, in the kernel and of what it has said."""
        printed = self.do(EMPTY)
        assert printed == "", printed
        self.said.clear()

    def interrupt(self) -> None:
        """Interrupt the kernel as a front end does."""
        self.manager.interrupt_kernel()

    def transcript(self) -> str:
        """The last things said, for a failure's message."""
        return "\n".join(
            f"{message['msg_type']} of {message['parent_header'].get('msg_id')}"
            f" ({message['parent_header'].get('msg_type')}): {str(message['content'])[:300]}"
            for message in self.said[-25:]
        )

    def close(self) -> None:
        """End the kernel."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()
