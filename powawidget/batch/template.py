"""Messages of a table's rows: a template over its columns, a column, or a function of a row.

A template knows `{name}` and nothing else: no attribute, index, call or format, so that neither a
template nor a name of a column reaches into a value. What stands in a cell is never read as a
template.
"""

import asyncio
import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from powawidget.batch.cells import copied, written
from powawidget.errors import InvalidValueError, UnknownNameError, WrongTypeError
from powawidget.transcript.sentences import shown

Row = Mapping[str, Any]
MessageFunction = Callable[[dict[str, Any]], str]

_PIECES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_LISTED = 20


class Template:
    """A text with the names of columns in braces; `{{` and `}}` stand for the braces themselves.

    Args:
        text: The template.

    Raises:
        InvalidValueError: If a brace stands alone.
    """

    def __init__(self, text: str) -> None:
        self._pieces: list[tuple[bool, str]] = []  # (is a name, text)
        at = 0
        for found in _PIECES.finditer(text):
            self._pieces.append((False, text[at : found.start()]))
            at = found.end()
            if found[1] is not None:
                self._pieces.append((True, found[1]))
            elif len(found[0]) == 1:
                around = text[max(0, found.start() - 10) : found.end() + 10]
                raise InvalidValueError(
                    f"A brace stands alone in the template, at {around!r}: write {{{{ or }}}} for "
                    "a brace, and {name} for a column."
                )
            else:
                self._pieces.append((False, found[0][0]))
        self._pieces.append((False, text[at:]))

    @property
    def names(self) -> list[str]:
        """The names that it asks for, each once, in their order."""
        return list(dict.fromkeys(text for is_name, text in self._pieces if is_name))

    def fill(self, row: Row) -> str:
        """Write the message of a row.

        Args:
            row: The row's cells by column; all of `names` are there.

        Returns:
            The template with the cells in it, as `written` writes them.

        Raises:
            TypeError: If a cell has no text, with the column.
            ValueError: If a cell can't be written, with the column.
        """
        return "".join(_cell(row, text) if is_name else text for is_name, text in self._pieces)


def message_of(given: object, columns: Sequence[str]) -> Callable[[Row], str]:
    """Make what writes the message of each row.

    Args:
        given: A template, the name of a column, a function of a row, or None where the table has
            one column.
        columns: The names of the table's columns.

    Returns:
        A function of a row.

    Raises:
        UnknownNameError: If there is no such column.
        InvalidValueError: If the template names no column, or there is none and several columns.
        WrongTypeError: If it is something else, or an async function.
    """
    if given is None:
        if len(columns) != 1:
            raise InvalidValueError(
                f"The table has {len(columns)} columns: say which is the message, or write a "
                f"template such as '{{{columns[0] if columns else 'text'}}}'."
            )
        return _column(columns[0])
    if isinstance(given, str):
        if given in columns:
            return _column(given)
        return _filled(given, columns)
    if asyncio.iscoroutinefunction(given) or not callable(given):
        raise WrongTypeError(
            "The message is a template such as 'Triage this: {text}', the name of a column, or a "
            f"function of a row, not {'an async function' if callable(given) else _kind(given)}."
        )
    return _called(given)


def columns_asked(given: object, columns: Sequence[str]) -> list[str]:
    """Tell which columns the messages are made of; of a function all may be.

    Args:
        given: What `message_of` was given.
        columns: The names of the table's columns.
    """
    if not isinstance(given, str):
        return list(columns)
    return [given] if given in columns else Template(given).names


def unknown_column(name: str, columns: Sequence[str]) -> UnknownNameError:
    """Make the error that says which columns there are.

    Args:
        name: What was asked for.
        columns: The names of the table's columns.

    Returns:
        The error, to be raised.
    """
    return UnknownNameError(f"The table has no column {shown(name)}. {instead(name, columns)}")


def instead(name: str, known: Sequence[str]) -> str:
    """Say which names may be meant by one that is unknown.

    Args:
        name: What was asked for.
        known: The names that there are.

    Returns:
        A sentence: those that are close, else all, up to a number.
    """
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    if near:
        return f"Did you mean {' or '.join(map(shown, near))}?"
    more = " …" if len(known) > _LISTED else ""
    return f"There are {', '.join(map(shown, known[:_LISTED]))}{more}."


def _filled(text: str, columns: Sequence[str]) -> Callable[[Row], str]:
    template = Template(text)
    for name in template.names:
        if name not in columns:
            error = unknown_column(name, columns)
            hint = f" A template takes {{name}} alone; {{{{{name}}}}} stands for the text itself."
            raise UnknownNameError(f"{error}{hint}")
    if not template.names:
        raise InvalidValueError(
            f"{shown(text)} is no column, and as a template it names none: every row would ask the "
            "same. Write {name} for a column's value, or pass a function of a row."
        )
    return template.fill


def _column(name: str) -> Callable[[Row], str]:
    return lambda row: _cell(row, name)


def _called(function: MessageFunction) -> Callable[[Row], str]:
    def message(row: Row) -> str:
        made = function(copied(row))
        if not isinstance(made, str):
            raise TypeError(f"the function gave {_kind(made)}, and a message is a text")
        return made

    return message


def _cell(row: Row, name: str) -> str:
    try:
        return written(row[name])
    except (TypeError, ValueError) as error:
        raise type(error)(f"column {shown(name)}: {error}") from error


def _kind(value: object) -> str:
    return "None" if value is None else type(value).__name__
