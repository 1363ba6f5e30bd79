"""What a page reads of the messages of one widget: those in pieces are joined, as the page does."""

import json
from collections.abc import Iterable
from typing import Any


def joined(said: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join the pieces among the messages of one widget; all pieces must be there, in order."""
    whole: list[dict[str, Any]] = []
    text, name = "", ""
    for each in said:
        if each["kind"] != "piece":
            assert not text, "the pieces of one message follow each other"
            whole.append(each)
            continue
        if each["index"] == 0:
            assert not text
            name = each["id"]
        assert (each["id"], each["index"]) == (name, len(text))
        text += each["text"]
        if len(text) == each["size"]:
            whole.append(json.loads(text))
            text = ""
    return whole
