"""Which cell of a table is which variable of a workflow."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from powawidget.batch.cells import as_json, copied
from powawidget.batch.find import CLAIM
from powawidget.batch.table import Table
from powawidget.batch.template import instead, unknown_column
from powawidget.errors import InvalidValueError, UnknownNameError, WrongTypeError
from powawidget.protocol.graph import Graph
from powawidget.protocol.graph import variables as declared
from powawidget.transcript.sentences import shown

Given = Mapping[str, str] | Callable[[dict[str, Any]], Mapping[str, Any]] | None


def variables_of(
    workflow: str, graph: Graph | None, table: Table, given: Given
) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Make what gives the variables of each row.

    Args:
        workflow: The workflow's name.
        graph: Its graph; None where it can't be read.
        table: The table.
        given: Which column is which variable, or a function of a row that gives all variables;
            columns named like variables need no mapping.

    Returns:
        A function of a row. Where a person's own function fails or gives what can't be sent, it
        raises TypeError, ValueError or UnknownNameError.

    Raises:
        UnknownNameError: If there is no such column, or the workflow has no such variable.
        InvalidValueError: If no column is a variable, or one has a name that batches need.
        WrongTypeError: If `given` is something else, or a variable's name is no text.
    """
    known = [] if graph is None else declared(graph)
    if callable(given) and not isinstance(given, Mapping):
        return _called(workflow, known, given)
    if given is not None and not isinstance(given, Mapping):
        raise WrongTypeError(
            'variables takes a dictionary of columns, such as {"week": "week_no"}, or a function '
            f"of a row, not {type(given).__name__}."
        )
    named = dict(given or {})
    for variable, column in named.items():
        if not isinstance(variable, str):
            raise WrongTypeError(
                f"The name of a variable is a text, not {shown(variable)}: variables says which "
                'column is which, as in {"week": "week_no"}. Nothing was sent.'
            )
        if column not in table.names:
            raise unknown_column(str(column), table.names)
    if graph is None and not named:
        raise InvalidValueError(
            f"This key can't read which variables {workflow} has: say which column is which, as in "
            'variables={"week": "week_no"}.'
        )
    columns = {**{name: name for name in known if name in table.names}, **named}
    if not columns:
        raise InvalidValueError(
            f"No column is a variable of {workflow}: each row would give the same. Say which "
            'column is which, as in variables={"week": "week_no"}.'
        )
    _check_names(workflow, known, list(columns))
    return lambda row: {name: as_json(row[column]) for name, column in columns.items()}


def columns_of_variables(graph: Graph | None, table: Table, given: Given) -> list[str]:
    """Tell which columns the variables come from, once `variables_of` has checked them.

    Args:
        graph: The workflow's graph; None where it can't be read.
        table: The table.
        given: As for `variables_of`; of a function all columns may be.
    """
    if not isinstance(given, Mapping) and given is not None:
        return table.names
    same = [] if graph is None else [name for name in declared(graph) if name in table.names]
    return list(dict.fromkeys([*same, *map(str, (given or {}).values())]))


def _called(
    workflow: str, known: Sequence[str], function: Callable[[dict[str, Any]], Any]
) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    def variables(row: Mapping[str, Any]) -> dict[str, Any]:
        made = function(copied(row))
        if not isinstance(made, Mapping):
            what = "None" if made is None else type(made).__name__
            raise TypeError(
                f'the function gave {what}, and variables are a dictionary, such as {{"week": 40}}'
            )
        for name in made:
            if not isinstance(name, str):
                raise TypeError(f"the name of a variable is a text, not {shown(name)}")
        _check_names(workflow, known, list(made))
        return dict(made)

    return variables


def _check_names(workflow: str, known: Sequence[str], names: Sequence[str]) -> None:
    """Refuse a variable that would change nothing, and one that a batch writes itself."""
    for name in names:
        if name == CLAIM:
            raise InvalidValueError(
                f"A batch sends a variable {CLAIM!r} of its own, by which a row's run is found "
                "again: give yours another name."
            )
        if known and name not in known:
            raise UnknownNameError(
                f"{workflow} has no variable {shown(name)}. {instead(name, known)}"
            )
