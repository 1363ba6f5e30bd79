"""A notebook's connection to its kernel, without a browser."""

import json
import uuid
from collections.abc import Callable
from typing import Any

from websockets.sync.client import ClientConnection

from tests.joined import joined
from tests.wide.conftest import WATCHDOG


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
        # The last message may not be here as a whole yet.
        return [each for each in joined(contents) if each["kind"] == kind]
