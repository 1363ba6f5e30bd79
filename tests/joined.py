"""What a page reads of the messages of one widget: those in pieces are joined, as the page does."""

import json
from collections.abc import Iterable
from typing import Any, TypeVar

_Beside = TypeVar("_Beside")


def joined(said: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join the pieces among the messages of one widget; all pieces must be there, in order."""
    return [message for message, _ in joined_with((each, None) for each in said)]


def joined_with(
    said: Iterable[tuple[dict[str, Any], _Beside]],
) -> list[tuple[dict[str, Any], _Beside]]:
    """The same, each with what stands beside its last piece."""
    whole: list[tuple[dict[str, Any], _Beside]] = []
    text, name = "", ""
    for each, beside in said:
        if each["kind"] != "piece":
            assert not text, "the pieces of one message follow each other"
            whole.append((each, beside))
            continue
        if each["index"] == 0:
            assert not text
            name = each["id"]
        assert (each["id"], each["index"]) == (name, len(text))
        text += each["text"]
        if len(text) == each["size"]:
            whole.append((json.loads(text), beside))
            text = ""
    return whole
