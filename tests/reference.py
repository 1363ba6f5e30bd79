"""docs/reference.md: every public name, its signature and the first line of its docstring.

`python -m tests.reference` writes it anew; a test holds that it is up to date.
"""

import importlib
import inspect
import re
import typing
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from tests.walk import ROOT

PUBLIC = ("powawidget", "powawidget.errors", "powawidget.events", "powawidget.sse")
REFERENCE = ROOT / "docs" / "reference.md"
HEAD = """\
<!-- Written by `python -m tests.reference` from the docstrings. -->
# The public names

What isn't named here is internal and may change in any version. `help(name)` says the rest.
"""


def names_of(module: ModuleType) -> list[str]:
    """The public names of a module; those of `powawidget.errors` stand under that module."""
    own = list(module.__all__)
    if module.__name__ == "powawidget":
        own = [name for name in own if not _is_error(getattr(module, name))]
    return sorted(own, key=lambda name: (not name[0].islower(), name))


def _is_error(one: Any) -> bool:
    return isinstance(one, type) and one.__module__ == "powawidget.errors"


def members(of: type) -> dict[str, Any]:
    """The public members that a class has from this package, in the order in which they stand."""
    fields = {"raw", *_fields(of)}
    names = [
        name
        for base in of.__mro__
        if base.__module__.startswith("powawidget")
        for name in vars(base)
        if not name.startswith("_") and name not in fields
    ]
    return {name: getattr(of, name) for name in names}


def _fields(of: type) -> list[str]:
    """The fields of a structure; `raw`, which each event has, is left out."""
    kinds = ("__struct_fields__", "__dataclass_fields__", "_fields")
    return [name for kind in kinds for name in getattr(of, kind, ()) if name != "raw"]


def attributes(of: type) -> list[str]:
    """The names under "Attributes:" in a class's docstring, and the fields of a structure."""
    doc = inspect.getdoc(of) or ""
    told = re.search(r"^Attributes:\n(.*?)(?:\n\n|\Z)", doc, re.DOTALL | re.MULTILINE)
    listed = re.findall(r"^ {4}(\w+):", told[1], re.MULTILINE) if told else []
    return [*dict.fromkeys([*listed, *_fields(of)])]


def first_line(one: Any) -> str:
    return (inspect.getdoc(one) or "").partition("\n")[0]


def signature(one: Any) -> str:
    try:
        known = inspect.signature(one)
    except (TypeError, ValueError):
        return ""
    bare = [
        each.replace(annotation=each.empty)
        for each in known.parameters.values()
        if each.name not in {"self", "cls"}
    ]
    return str(known.replace(parameters=bare, return_annotation=known.empty))


def _entry(name: str, one: Any) -> Iterator[str]:
    if typing.get_origin(one) is typing.Literal:
        yield f"- `{name}`: {', '.join(map(str, typing.get_args(one)))}."
    elif isinstance(one, type):
        bases = [base.__name__ for base in of_errors(one)]
        yield f"- `{name}`{f' ({bases[0]})' if bases else ''}: {first_line(one)}"
        if fields := attributes(one):
            yield f"  - {', '.join(f'`{field}`' for field in fields)}"
        for each, member in members(one).items():
            call = signature(member) if callable(member) else ""
            yield f"  - `{each}{call}`: {first_line(member)}"
    elif inspect.isfunction(one):
        yield f"- `{name}{signature(one)}`: {first_line(one)}"
    elif hasattr(one, "__doc__") and type(one).__module__.startswith("powawidget"):
        yield f"- `{name}`: {first_line(type(one))}"
    else:
        yield f"- `{name}`"


def of_errors(one: type) -> list[type]:
    """The public errors that a class is made from, the nearest first."""
    return [base for base in one.__mro__[1:] if _is_error(base) and base.__name__[0] != "_"]


def reference() -> str:
    """The whole text."""
    lines = [HEAD]
    for path in PUBLIC:
        module = importlib.import_module(path)
        lines += [f"## `{path}`", "", first_line(module), ""]
        for name in names_of(module):
            lines += _entry(name, getattr(module, name))
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    REFERENCE.write_text(reference(), encoding="utf-8")
