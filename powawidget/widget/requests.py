"""What a page asks for: each request is answered once, however often it arrives.

A click comes by up to three ways and on several threads, and a page sends a request again that got
no answer.
"""

import hmac
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Protocol

from powawidget.live.run import NONCE
from powawidget.widget import saving

_REMEMBERED = 1000
_LONGEST_ID = 100


class Answers(Protocol):
    """What a widget does for a page."""

    def answer_hello(self, have: object = None, made: object = None) -> None:
        """Send the whole state, unless the page has it."""

    def answer_want(self, name: object) -> None:
        """Send a module of the front end."""

    def answer_act(self, action: str, refused: str | None) -> None:
        """Send what the action has changed, then say that it has arrived."""

    def answer_other(self, message: dict[str, Any]) -> None:
        """Answer a request that only some widgets know."""

    def report(self, doing: str, error: Exception) -> None:
        """Log and show what has failed."""


class Requests:
    """Handles the messages of the pages that show one widget; on the loop thread.

    Attributes:
        greeted: Whether any page has asked for the state.
        heard_at: When a page was last heard of, by the monotonic clock; at first, now.

    Args:
        answers: Sends what is asked for.
        act: Does what a person asked for; returns why not, where it refuses.
    """

    def __init__(self, answers: Answers, act: Callable[[dict[str, Any]], str | None]) -> None:
        self.greeted = False
        self.heard_at = time.monotonic()
        self._answers = answers
        self._act = act
        self._refusals: OrderedDict[str, str | None] = OrderedDict()  # by the request's id

    def receive(self, message: dict[str, Any]) -> None:
        """Handle a message, whatever it is."""
        self.heard_at = time.monotonic()
        try:
            self._handle(message)
        except Exception as error:  # noqa: BLE001  # a loop's callback: nobody else would see it
            self._answers.report("answered the page", error)

    def _handle(self, message: dict[str, Any]) -> None:
        request = message.get("id")
        match message.get("kind"):
            case "hello" | "sync":
                self.greeted = True
                if message.get("saves") is True:
                    saving.noted.set()
                if self._is_new(request):
                    made = message.get("made") if message["kind"] == "hello" else None
                    self._answers.answer_hello(message.get("have"), made)
            case "want":
                if self._is_new(request):
                    self._answers.answer_want(message.get("module"))
            case "act" if isinstance(request, str) and len(request) <= _LONGEST_ID:
                # Remembered before it is done: what breaks halfway isn't done a second time.
                if self._is_new(request):
                    self._refusals[request] = self._refusal(message)
                self._answers.answer_act(request, self._refusals[request])
            case str() if self._is_new(request):
                self._answers.answer_other(message)

    def _is_new(self, request: object) -> bool:
        """Remember a request; one without an id is always new."""
        if not isinstance(request, str):
            return True
        request = request[:_LONGEST_ID]
        if request in self._refusals:
            return False
        self._refusals[request] = None
        while len(self._refusals) > _REMEMBERED:
            self._refusals.popitem(last=False)
        return True

    def _refusal(self, message: dict[str, Any]) -> str | None:
        """Do what a person asked for; return why not."""
        nonce = message.get("nonce")
        if not (isinstance(nonce, str) and hmac.compare_digest(nonce.encode(), NONCE.encode())):
            return "This view belongs to another kernel: show it again."
        try:
            return self._act(message)
        except Exception as error:  # noqa: BLE001  # whatever it is, the page must get an answer
            self._answers.report("did what a page asked for", error)
            return f"powawidget failed: {type(error).__name__}. The kernel's log says more."
