"""js/src/state/wire.ts: the shapes of the wire, written once, in Python.

`python -m tests.wire` writes it anew; a test holds that it is up to date.

Not by `msgspec.json.schema` and json-schema-to-typescript: a schema knows neither the tuples of an
op nor the unions of messages, and takes each field with a default for optional.
"""

from typing import Any, get_args

import msgspec

from powawidget.batch.board import messages as board
from powawidget.comparison import messages as compare
from powawidget.state.model import Part
from powawidget.state.text import Text
from powawidget.waiting import messages as waiting
from powawidget.widget import messages
from tests.walk import ROOT

WIRE = ROOT / "js" / "src" / "state" / "wire.ts"
STRUCTS: tuple[type, ...] = (
    messages.Snapshot,
    messages.ChatSnapshot,
    messages.Brief,
    *get_args(messages.KernelMessage),
    *get_args(messages.PageMessage),
    messages.NoticesMessage,
    *get_args(board.BoardMessage),
    *get_args(board.BoardRequest),
    *get_args(compare.CompareMessage),
    *get_args(compare.CompareRequests),
    waiting.WaitingMessage,
    *get_args(waiting.WaitingRequests),
)
UNIONS = {
    "Part": Part,
    "KernelMessage": messages.KernelMessage,
    "PageMessage": messages.PageMessage,
    "BoardMessage": board.BoardMessage,
    "BoardRequest": board.BoardRequest,
    "CompareMessage": compare.CompareMessage,
    "CompareRequests": compare.CompareRequests,
    "WaitingRequests": waiting.WaitingRequests,
}
HEAD = """// Generated from powawidget/widget/messages.py and state/model.py: do not edit.
// To make it anew: `python -m tests.wire`.

export type Path = (string | number)[];
export type Op = ["set", Path, unknown] | ["append", Path, string];
"""
_SIMPLE: dict[Any, str] = {
    msgspec.inspect.StrType: "string",
    msgspec.inspect.IntType: "number",
    msgspec.inspect.FloatType: "number",
    msgspec.inspect.BoolType: "boolean",
    msgspec.inspect.NoneType: "null",
    msgspec.inspect.AnyType: "unknown",
}


def typescript() -> str:
    """Write the TypeScript of these shapes."""
    known: dict[str, str] = {}
    for struct in STRUCTS:
        _name_of(msgspec.inspect.type_info(struct), known)
    unions = {
        name: " | ".join(one.__name__ for one in get_args(union)) for name, union in UNIONS.items()
    }
    known["RunState"] = known["RunState"].replace(f"({unions['Part']})[]", "Part[]")
    written = [f"export type {name} = {union};\n" for name, union in unions.items()]
    return "\n".join([HEAD, *known.values(), *written])


def _name_of(info: Any, known: dict[str, str]) -> str:
    kind = type(info)
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if kind is msgspec.inspect.CustomType and info.cls is Text:
        return "string"
    if kind is msgspec.inspect.LiteralType:
        return " | ".join(f'"{value}"' for value in sorted(info.values))
    if kind is msgspec.inspect.UnionType:
        names = dict.fromkeys(_name_of(part, known) for part in info.types)
        return " | ".join(names)
    if kind is msgspec.inspect.ListType:
        item = _name_of(info.item_type, known)
        return f"({item})[]" if "|" in item else f"{item}[]"
    if kind is msgspec.inspect.DictType:
        return f"Record<string, {_name_of(info.value_type, known)}>"
    if kind is msgspec.inspect.StructType:
        return _struct(info, known)
    raise TypeError(f"{info} has no TypeScript form yet: add it here.")


def _struct(info: Any, known: dict[str, str]) -> str:
    name = str(info.cls.__name__)
    if name not in known:
        known[name] = ""  # a struct may hold itself
        lines = [f'  {info.tag_field}: "{info.tag}";'] if info.tag_field else []
        for field in info.fields:
            is_ops = info.cls is messages.OpsMessage and field.name == "ops"
            kind = "Op[]" if is_ops else _name_of(field.type, known)
            lines.append(f"  {field.name}: {kind};")
        body = "\n".join(lines)
        del known[name]
        known[name] = f"export interface {name} {{\n{body}\n}}\n"
    return name


if __name__ == "__main__":
    WIRE.write_text(typescript(), encoding="utf-8")
