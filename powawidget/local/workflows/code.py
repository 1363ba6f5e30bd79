"""Code blocks: a little Python that really runs, over what other blocks gave and the database.

The code is that of whoever wrote the workflow, and runs in their own process: the few built-ins
are the platform's rule, not a wall.
"""

from __future__ import annotations

import builtins
import copy
import importlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from powawidget.local.database import Database
    from powawidget.local.workflows.graph import Outputs

_MODULES = ("collections", "datetime", "itertools", "json", "math", "re", "statistics")
_BUILTINS = (
    "abs", "all", "any", "bool", "dict", "divmod", "enumerate", "filter", "float", "int",
    "isinstance", "len", "list", "map", "max", "min", "next", "pow", "range", "reversed", "round",
    "set", "sorted", "str", "sum", "tuple", "type", "zip", "ValueError",
)  # fmt: skip


def _import(name: str, *_: Any) -> Any:
    if name not in _MODULES:
        raise ImportError(f"Import of '{name}' is not allowed. Use one of {', '.join(_MODULES)}.")
    return importlib.import_module(name)


def run_code(code: str, outputs: Outputs, database: Database) -> dict[str, Any]:
    """Run a block's code.

    Args:
        code: Python that sets `output`. It finds `input_data`, what the blocks before gave by
            their names, and for the sample database `query(sql)` and `write(table, operation,
            data, where)`; real code blocks have neither of the two.
        outputs: What the blocks before gave.
        database: The sample database.

    Returns:
        The block's data: the output, with the error beside it where the code failed. That
        counts as an output, so the blocks after it run (docs/protocol.md#block-failure).
    """
    safe: Mapping[str, Any] = {name: vars(builtins)[name] for name in _BUILTINS}
    names: dict[str, Any] = {
        "__builtins__": {**safe, "__import__": _import},
        "input_data": copy.deepcopy(outputs),
        "query": database.read,
        "write": database.write,
    }
    try:
        exec(code, names)  # noqa: S102  # what a code block is for
        json.dumps(names.get("output"))  # it has to be sent
    except Exception as error:  # noqa: BLE001  # whatever the code raises is the block's error
        return {"output": None, "error": str(error)}
    return {"output": names.get("output")}
