"""The form that answers must have: asked for, checked, and read as typed values.

A schema is a pydantic model, a msgspec Struct, a dataclass or a JSON schema. Where the service
hands `response_format` on to the model (docs/protocol.md#two-kinds) it is sent so; elsewhere
it would be ignored without a word, so that it stands in the message. The answer is checked all the
same: a model may answer as it likes.
"""

import base64
import dataclasses
import datetime as dt
import decimal
import enum
import json
import re
import sys
import types
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args

import msgspec

from powawidget.errors import InvalidValueError, WrongTypeError
from powawidget.protocol.characters import harmless
from powawidget.schema.kinds import ColumnKind
from powawidget.schema.packages import needed
from powawidget.schema.patterns import bounded, by_python, has_patterns, within_time
from powawidget.transcript.sentences import shown

WHOLE = "output"  # the column of an answer that has no names of its own
_KINDS: dict[Any, ColumnKind] = {
    "string": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
}
_FENCE = re.compile(r"[ \t]*(`{3,})([^`]*)")  # a line that begins or ends one
_NAME = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST_NAME = 64
_LONGEST_REASON = 500
_TYPES = dt.datetime | dt.date | dt.time | dt.timedelta | decimal.Decimal | uuid.UUID


@dataclasses.dataclass(frozen=True)
class Schema:
    """The form of an answer.

    Attributes:
        name: What it is called.
        json_schema: The same as JSON schema.
        fields: The columns that come of it, and what each declares; `output` where the answer is
            no object with known names.
        is_whole: Whether the answer is one value, without names of its own.
        read: Reads JSON text as Python's values; raises where it doesn't fit.
    """

    name: str
    json_schema: Mapping[str, Any]
    fields: Mapping[str, ColumnKind]
    is_whole: bool
    read: Callable[[str], Any]

    @property
    def response_format(self) -> dict[str, Any]:
        """What an agent with tools is sent."""
        schema = {"name": self.name, "schema": dict(self.json_schema)}
        return {"type": "json_schema", "json_schema": schema}

    def asked_in(self, message: str) -> str:
        """Write the schema below a message, where everybody sees it."""
        text = json.dumps(self.json_schema, ensure_ascii=False)
        return (
            f"{message}\n\nAnswer with JSON alone, without any other text. It must fit this JSON "
            f"schema:\n{text}"
        )

    def check(self, text: str | None, output: Any = None) -> str:
        """Say what doesn't fit.

        Args:
            text: An answer.
            output: What a workflow gave, decoded; it counts where it is there.

        Returns:
            A sentence; nothing where it fits.
        """
        try:
            self.value_of(text, output)
        except ValueError as error:
            return str(error)
        return ""

    def value_of(self, text: str | None, output: Any = None) -> Any:
        """Read an answer.

        Args:
            text: The answer: JSON, alone or in the only fence of a text.
            output: What a workflow gave, decoded; it counts where it is there.

        Returns:
            The value: dictionaries, lists and Python's own scalars.

        Raises:
            ValueError: If it doesn't fit, with a sentence that says where.
        """
        if output is not None and not isinstance(output, str):
            text = json.dumps(output)
        given = _json_in(text or "")
        try:
            return _plain(self.read(given))
        except RecursionError:
            raise ValueError(
                "The answer doesn't fit the schema: it is nested too deeply."
            ) from None
        except Exception as error:
            reason = _reason(error)
            raise ValueError(f"The answer doesn't fit the schema: {reason}") from error

    def cells(self, value: Any) -> dict[str, Any]:
        """Divide a value that was read into the columns' cells."""
        if self.is_whole:
            return {WHOLE: value}
        return {name: value.get(name) for name in self.fields} if isinstance(value, dict) else {}


def schema_of(given: Any) -> Schema:
    """Read a schema in any of its forms.

    Args:
        given: A pydantic model, a msgspec Struct, a dataclass, a JSON schema, or another type that
            msgspec reads, such as `list[str]`.

    Returns:
        The schema.

    Raises:
        WrongTypeError: If it is none.
        InvalidValueError: If it isn't a valid JSON schema.
        MissingPackageError: If a package that reads it isn't installed.
    """
    if isinstance(given, Schema):
        return given
    if isinstance(given, Mapping):
        return _of_json_schema(given)
    if hasattr(given, "__pydantic_validator__") and isinstance(given, type):
        return _of_pydantic(given)
    return _of_msgspec(given)


def _of_json_schema(given: Mapping[str, Any]) -> Schema:
    jsonschema = needed("jsonschema", "A JSON schema")
    from referencing import Registry  # noqa: PLC0415  # jsonschema's own, imported with it

    try:
        own: dict[str, Any] = json.loads(json.dumps(given))
        validator = jsonschema.validators.validator_for(own, jsonschema.Draft202012Validator)
        validator.check_schema(own)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidValueError(f"The schema can't be written as JSON: {error}.") from error
    except jsonschema.exceptions.SchemaError as error:
        raise InvalidValueError(f"It is no JSON schema: {_cut(error.message)}") from error
    if not {"type", "properties", "$ref", "anyOf", "oneOf", "allOf", "enum", "const"} & set(own):
        raise InvalidValueError(
            'The JSON schema says nothing of the answer: begin with {"type": "object", '
            '"properties": {...}}.'
        )
    _refuse_dangling(own, Registry())
    validator, bounded_form = bounded(jsonschema, validator, own)
    # Without a registry jsonschema fetches what a "$ref" names from the network.
    check = validator(bounded_form, registry=Registry())

    def read(text: str) -> Any:
        value = _decoded(text)
        within_time()
        wrong = jsonschema.exceptions.best_match(check.iter_errors(value))
        if wrong is not None:
            raise ValueError(_at(wrong.absolute_path, wrong.message))
        return value

    return _made(str(own.get("title") or "answer"), own, read)


def _refuse_dangling(schema: dict[str, Any], registry: Any) -> None:
    """Refuse a reference that leads nowhere, or in a circle: it would fail every row's answer."""
    from referencing import exceptions, jsonschema  # noqa: PLC0415  # as above

    latest = jsonschema.DRAFT202012
    form = jsonschema.specification_with(str(schema.get("$schema", "")), default=latest)
    resolver = registry.resolver_with_root(form.create_resource({"$id": "", **schema}))
    for reference in _references(schema):
        passed: list[str] = []
        names: Any = reference
        while isinstance(names, str) and names not in passed:
            passed.append(names)
            try:
                found = resolver.lookup(names).contents
            except exceptions.Unresolvable as error:
                raise InvalidValueError(
                    f"The schema refers to {shown(names)}, which isn't in it; nothing is fetched: "
                    "put what is meant into its $defs."
                ) from error
            names = found.get("$ref") if isinstance(found, Mapping) else None
        if names is not None:
            raise InvalidValueError(f"The schema refers to {shown(reference)} in a circle.")


def _references(schema: Any) -> Iterator[str]:
    """List what the references of a schema name, but for parts with a name space of their own."""
    if isinstance(schema, list):
        for each in schema:
            yield from _references(each)
    if not isinstance(schema, Mapping):
        return
    if isinstance(schema.get("$ref"), str):
        yield schema["$ref"]
    for name, each in schema.items():
        has_base = isinstance(each, Mapping) and "$id" in each
        if name not in {"const", "enum", "default", "examples"} and not has_base:
            yield from _references(each)


def _of_pydantic(model: Any) -> Schema:
    name = str(getattr(model, "__name__", "answer"))
    pydantic = needed("pydantic", name)
    adapter = pydantic.TypeAdapter(model)

    def read(text: str) -> Any:
        _refuse_nan(text)  # pydantic takes it for a number
        try:
            return adapter.dump_python(adapter.validate_json(text), by_alias=False)
        except pydantic.ValidationError as error:
            found = error.errors(include_url=False, include_input=False, include_context=False)
            first = _at(found[0]["loc"], found[0]["msg"]) if found else str(error)
            raise ValueError(_and_more(first, len(found))) from error

    if by_python(adapter.core_schema):
        raise _unbounded(name, "a pattern without regex_engine and re.compile, or ")
    try:
        schema = adapter.json_schema()
        # A model is asked by the aliases; a person knows the fields.
        own = adapter.json_schema(by_alias=False)
    except Exception as error:
        raise InvalidValueError(f"{name} has no JSON schema: {_cut(str(error))}") from error
    return _made(name, _inlined(schema), read, own)


def _of_msgspec(given: Any) -> Schema:
    is_type = isinstance(given, type | types.UnionType) or hasattr(given, "__origin__")
    try:
        if not is_type or given in {str, bytes, object, type}:
            raise TypeError  # noqa: TRY301  # one sentence for all that is no schema
        schema = msgspec.json.schema(given)
        decoder = msgspec.json.Decoder(given)
    except (TypeError, ValueError) as error:
        if is_type and "pydantic" in sys.modules and "custom types" in str(error):
            return _of_mixed(given)
        what = given.__name__ if isinstance(given, type) else type(given).__name__
        more = f" ({_cut(str(error))})" if str(error) else ""
        raise WrongTypeError(
            "schema takes a pydantic model, a msgspec Struct, a dataclass or a JSON schema, not "
            f"{what}{more}."
        ) from error

    if has_patterns(schema):
        raise _unbounded(getattr(given, "__name__", "The schema"), "a model of pydantic or ")

    def read(text: str) -> Any:
        value = decoder.decode(text.encode())
        return msgspec.to_builtins(value, builtin_types=get_args(_TYPES), str_keys=True)

    return _made(getattr(given, "__name__", "answer"), _inlined(schema), read)


def _unbounded(name: str, instead: str) -> InvalidValueError:
    return InvalidValueError(
        f"{name} has a pattern that Python's re checks, which an answer can keep busy without end: "
        f"use {instead}a JSON schema."
    )


def _of_mixed(given: Any) -> Schema:
    """Read a type that holds pydantic's models, such as a list of them."""
    try:
        return _of_pydantic(given)
    except Exception as error:
        raise WrongTypeError(
            "schema takes a pydantic model, a msgspec Struct, a dataclass or a JSON schema; this "
            f"holds something else: {_cut(str(error))}"
        ) from error


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """Put the type itself in the place of a reference to it: models are told of an object."""
    rest = dict(schema)
    match rest.get("allOf"):
        case [{"$ref": str(), **others}] if not others and "$ref" not in rest:
            rest |= rest.pop("allOf")[0]  # as pydantic before 2.9 writes it
    named = str(rest.pop("$ref", "")).rpartition("/")[2]
    known = rest.get("$defs", {})
    return {**known[named], **rest} if named in known else schema


def _made(
    name: str,
    schema: dict[str, Any],
    read: Callable[[str], Any],
    own: Mapping[str, Any] | None = None,
) -> Schema:
    """Make a schema; `own` has the names of what is read, where answers have others."""
    named = _inlined(dict(schema if own is None else own))
    properties = named.get("properties")
    is_whole = not isinstance(properties, Mapping) or not properties
    fields: dict[str, ColumnKind] = {WHOLE: _declared(named, named)}
    if isinstance(properties, Mapping) and properties:
        fields = {str(one): _declared(each, named) for one, each in properties.items()}
    plain_name = _NAME.sub("_", name)[:_LONGEST_NAME] or "answer"
    return Schema(plain_name, schema, fields, is_whole, read)


def _plain(value: Any) -> Any:
    """Make Python's own scalars and containers of what a model or a schema read.

    A table's column holds no enums, sets or half characters, and one row's answer fails no table.
    """
    if isinstance(value, enum.Enum):
        return _plain(value.value)
    if isinstance(value, str):
        return harmless(str(value))
    if value is None or isinstance(value, bool | float | _TYPES):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Mapping):
        return {str(_plain(name)): _plain(each) for name, each in value.items()}
    if isinstance(value, list | set | frozenset):
        return [_plain(each) for each in value]
    if isinstance(value, tuple):
        return tuple(_plain(each) for each in value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return harmless(str(value))  # a URL, an address, a path


def _declared(one: Any, whole: Mapping[str, Any]) -> ColumnKind:
    """Tell what values a property declares."""
    if not isinstance(one, Mapping):
        return "any"
    if "$ref" in one:
        known = whole.get("$defs")
        named = known.get(str(one["$ref"]).rpartition("/")[2]) if isinstance(known, Mapping) else {}
        return "any" if not isinstance(named, Mapping) or "$ref" in named else _declared(named, {})
    choices = one.get("anyOf", one.get("oneOf"))
    if isinstance(choices, list):
        kinds = {_declared(each, whole) for each in choices if not _is_null(each)}
        return kinds.pop() if len(kinds) == 1 else "any"
    types = one.get("type")
    named_types = [each for each in types if each != "null"] if isinstance(types, list) else [types]
    if named_types == [None] and isinstance(one.get("enum"), list):
        return "text" if all(isinstance(each, str) for each in one["enum"]) else "any"
    single = named_types[0] if len(named_types) == 1 else None
    return _KINDS.get(single, "any") if isinstance(single, str) else "any"


def _is_null(one: Any) -> bool:
    return isinstance(one, Mapping) and one.get("type") == "null"


def _json_in(text: str) -> str:
    """Find the JSON of an answer: all of it, or what stands in its only fence."""
    whole = text.strip()
    if not whole:
        raise ValueError("The answer is empty, and the schema asks for JSON.")
    fences = _fenced(whole)
    return fences[0] if len(fences) == 1 and not _is_json(whole) else whole


def _fenced(text: str) -> list[str]:
    """Find what stands in fences, in one pass: an answer may be all backticks."""
    found: list[str] = []
    fence, begin, at = "", 0, 0
    for line in text.splitlines(keepends=True):
        mark = _FENCE.fullmatch(line.rstrip("\r\n"))
        if mark and not fence:
            fence, begin = mark[1], at + len(line)
        elif mark and mark[1].startswith(fence) and not mark[2].strip():
            found.append(text[begin:at])
            fence = ""
        at += len(line)
    return found


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _refuse_nan(text: str) -> None:
    if "NaN" in text or "Infinity" in text:
        _decoded(text)


def _decoded(text: str) -> Any:
    def refuse(name: str) -> Any:
        raise ValueError(f"{name} is no number of JSON")

    try:
        return json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise ValueError(f"it isn't JSON ({error})") from error


def _at(path: Any, message: str) -> str:
    place = ".".join(str(each) for each in path)
    return f"{place}: {message}" if place else message


def _and_more(first: str, found: int) -> str:
    return f"{first} (and {found - 1} more)" if found > 1 else first


def _reason(error: Exception) -> str:
    said = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
    return _cut(said.rstrip(".")) + "."


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return f"{line[:_LONGEST_REASON]}…" if len(line) > _LONGEST_REASON else line
