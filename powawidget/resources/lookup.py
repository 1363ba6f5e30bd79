"""Finds what a project has, by its id or by its name."""

import difflib
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from powawidget.errors import InvalidValueError, ProtocolError, RequestError, UnknownNameError
from powawidget.http.client import Client
from powawidget.http.ids import as_text, is_uuid, segment
from powawidget.protocol.times import time_of

_PAGE = 100
_LISTED = 20

Row = Mapping[str, Any]


async def rows_of(client: Client, noun: str) -> list[Row]:
    """List all of a kind, page by page (docs/protocol.md#lists).

    Returns:
        The entries of the list that have an id, as the server sends them.

    Raises:
        RequestError: If the server refuses.
        ConnectionLost: If it can't be reached.
    """
    rows: list[Row] = []
    read = 0
    while True:
        answer = await client.get(f"/api/{noun}s", limit=_PAGE, offset=read)
        page = answer.get(f"{noun}s") if isinstance(answer, dict) else answer
        page = page if isinstance(page, list) else []
        read += len(page)
        rows += [row for row in page if isinstance(row, dict) and isinstance(row.get("id"), str)]
        total = answer.get("total") if isinstance(answer, dict) else None
        if not page or not isinstance(total, int) or read >= total:
            return rows


async def got(client: Client, path: str) -> Any:
    """Get what isn't worth a failure.

    Returns:
        The server's answer, decoded; None where it refuses or says nothing that can be read.

    Raises:
        ConnectionLost: If it can't be reached.
    """
    try:
        return await client.get(path)
    except (RequestError, ProtocolError):
        return None


async def stored_run(client: Client, noun: str, run_id: str) -> Any:
    """Fetch what the server has stored of a run.

    Args:
        client: The HTTP side.
        noun: agent or orchestration.
        run_id: The server's id of the run, such as `run_5a4c673a59cc` or `orch_run_5a4c673a59cc`.

    Raises:
        InvalidValueError: If it can't be an id.
        RequestError: If the server knows no such run.
        ConnectionLost: If it can't be reached.
    """
    return await client.get(f"/api/{noun}s/runs/{segment(run_id)}")


async def runs_begun_in(
    client: Client, session_id: str, message: str, begun: float, ended: float
) -> list[str]:
    """List the runs of a conversation that began in some time with a message.

    A run whose stream never named it is one of them (docs/protocol.md#own-session-id). Others may
    go on with the same conversation at the same time: a run that was asked something else isn't it.

    Args:
        client: The HTTP side.
        session_id: The conversation.
        message: What was asked; a run that is listed without its question may be the one.
        begun: The earliest time by our clock, in seconds since the epoch.
        ended: The latest time.

    Returns:
        Their ids; none where the server doesn't know the conversation, or doesn't know it yet.

    Raises:
        RequestError: If the server refuses.
        ConnectionLost: If it can't be reached.
    """
    path = f"/api/sessions/{segment(session_id, 'conversation')}"
    try:
        await client.get(path)  # of an unknown one the list of runs may be empty, and no error
    except RequestError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return []
    rows: list[Row] = []
    while True:  # the oldest come first, and nothing says how many there are
        answer = await client.get(f"{path}/runs", limit=_PAGE, offset=len(rows))
        page = answer.get("runs") if isinstance(answer, dict) else answer
        page = [row for row in page if isinstance(row, dict)] if isinstance(page, list) else []
        rows += page
        if len(page) < _PAGE:
            break
    first, last = client.clock.window(begun, ended)
    times = [
        (row.get("run_id"), time_of(row.get("created_at")))
        for row in rows
        if _asked(row) in {None, message}
    ]
    return [
        run_id
        for run_id, created in times
        if isinstance(run_id, str) and created and first <= created.timestamp() <= last
    ]


def _asked(row: Row) -> str | None:
    """Read what a stored run was asked; None where that isn't told."""
    said = row.get("input_messages")
    said = said if isinstance(said, list) else []
    asked = [
        one.get("content") for one in said if isinstance(one, dict) and one.get("role") == "user"
    ]
    return asked[-1] if asked and isinstance(asked[-1], str) else None


def text_of(row: Row, name: str) -> str | None:
    """Read a text that an entry of a list may have.

    Returns:
        The text; None where there is none.
    """
    value = row.get(name)
    return value if isinstance(value, str) else None


async def find(client: Client, noun: str, name_or_id: str) -> Row:
    """Find one of a kind.

    Returns:
        What the server says of it: all, where it was found by its id, else its line of the list.

    Raises:
        UnknownNameError: If there is none of that name.
        InvalidValueError: If there is more than one.
        WrongTypeError: If it isn't a text.
        RequestError: If the server refuses.
        ConnectionLost: If it can't be reached.
    """
    wanted = as_text(name_or_id, f"{'A' if noun == 'workflow' else 'An'} {noun}")
    if not is_uuid(wanted):
        return _named(await rows_of(client, noun), noun, wanted)
    try:
        row = await client.get(f"/api/{noun}s/{wanted}")
    except RequestError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        row = None
    if not isinstance(row, dict):
        raise UnknownNameError(f"There is no {noun} with the id {wanted}.")
    return row


def _named(rows: Sequence[Row], noun: str, wanted: str) -> Row:
    same = [row for row in rows if row.get("name") == wanted]
    if not same:
        same = [row for row in rows if str(row.get("name")).casefold() == wanted.casefold()]
    if len(same) == 1:
        return same[0]
    if same:
        ids = ", ".join(str(row.get("id")) for row in same)
        raise InvalidValueError(
            f"There are {len(same)} {noun}s named {wanted!r}: use the id of the one you mean: "
            f"{ids}."
        )
    names = sorted(str(row.get("name")) for row in rows if row.get("name"))
    folded = {name.casefold(): name for name in names}
    near = difflib.get_close_matches(wanted.casefold(), folded, n=5, cutoff=0.5)
    if near:
        hint = f"Did you mean {' or '.join(repr(folded[name]) for name in near)}?"
    elif names:
        hint = f"There are: {', '.join(names[:_LISTED])}{' …' if len(names) > _LISTED else ''}."
    else:
        hint = f"The project has no {noun}s yet, or the key may not see them."
    raise UnknownNameError(f"There is no {noun} named {wanted!r}. {hint}")
