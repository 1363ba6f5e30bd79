"""A journal that is only read: no server, no key, nothing is sent."""

import os
from typing import Any

from powawidget.batch.batch import Batch, Kept, Rows
from powawidget.batch.journal.journal import Journal
from powawidget.batch.keys import readable
from powawidget.batch.table import own_table
from powawidget.errors import InvalidValueError, UnknownNameError
from powawidget.schema.schema import schema_of
from powawidget.transcript.sentences import shown


def open_batch(
    path: "str | os.PathLike[str]", name: str | None = None, *, schema: Any = None
) -> Batch:
    """Read a batch from its journal, without a server and without a key.

    The journal may be anybody's: it is checked as it is read, and nothing in it acts. To go on with
    a batch, call the same `map` with the same journal.

    Args:
        path: The journal.
        name: The batch's name, where the journal holds several.
        schema: As for `map`, for typed columns: a journal holds the answers as they came.

    Returns:
        The batch. Its `frame` has the rows' keys, since a journal doesn't hold the table: a
        DataFrame of pandas where that is installed, else a list of dictionaries.

    Raises:
        FileError: If the file can't be read.
        InvalidValueError: If it is no journal, or holds several batches and none was named.
        UnknownNameError: If it holds no batch of that name.

    Example:
        >>> powawidget.open_batch("triage.powa").frame
    """
    form = None if schema is None else schema_of(schema)
    journal = Journal.read(path)
    found = journal.batches()
    names = ", ".join(shown(one.record.name) for one in found)
    if not found:
        raise InvalidValueError("The journal holds no batch yet.")
    if name is not None:
        found = [one for one in found if one.record.name == name]
        if not found:
            raise UnknownNameError(f"The journal has no batch {shown(name)}. It has {names}.")
    if len(found) > 1:
        raise InvalidValueError(f"The journal holds {len(found)} batches: name one of {names}.")
    (one,) = found
    keys = journal.rows(one.id)
    table = own_table([{"key": readable(key)} for key in keys])
    return Batch(one.record, Rows(table=table, keys=keys, schema=form), Kept(journal, one.id))
