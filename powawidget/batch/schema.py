"""The form that answers must have: asked for, checked, and read as typed values.

A schema is a pydantic model, a msgspec Struct, a dataclass or a JSON schema. Where the service
hands `response_format` on to the model (docs/protocol.md#two-kinds) it is sent so; elsewhere
it would be ignored without a word, so that it stands in the message. The answer is checked all the
same: a model may answer as it likes.
"""

import dataclasses
import datetime as dt
import decimal
import json
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from powawidget.batch.columns import ColumnKind
from powawidget.batch.table import needed
from powawidget.errors import InvalidValueError, WrongTypeError

WHOLE = "output"  # the column of an answer that has no names of its own
_KINDS: dict[Any, ColumnKind] = {
    "string": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
}
_FENCE = re.compile(r"^[ \t]*(`{3,})[^\n`]*\n(.*?)\n?^[ \t]*\1`*[ \t]*$", re.DOTALL | re.MULTILINE)
_NAME = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST_NAME = 64
_LONGEST_REASON = 500
_TYPES = (dt.datetime, dt.date, dt.time, dt.timedelta, decimal.Decimal, uuid.UUID)


@dataclasses.dataclass(frozen=True)
class Schema:
    """The form of an answer.

    Attributes:
        name: What it is called.
        json_schema: The same as JSON schema.
        fields: The columns that come of it, and what each declares; `output` where the answer is
            no object with known names.
        read: Reads JSON text as plain values; raises where it doesn't fit.
    """

    name: str
    json_schema: Mapping[str, Any]
    fields: Mapping[str, ColumnKind]
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
            return self.read(given)
        except RecursionError:
            raise ValueError(
                "The answer doesn't fit the schema: it is nested too deeply."
            ) from None
        except Exception as error:
            reason = _reason(error)
            raise ValueError(f"The answer doesn't fit the schema: {reason}") from error

    def cells(self, value: Any) -> dict[str, Any]:
        """Divide a value that was read into the columns' cells."""
        if list(self.fields) == [WHOLE] and WHOLE not in self._properties:
            return {WHOLE: value}
        return {name: value.get(name) for name in self.fields} if isinstance(value, dict) else {}

    @property
    def _properties(self) -> Mapping[str, Any]:
        properties = self.json_schema.get("properties")
        return properties if isinstance(properties, Mapping) else {}


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
    from referencing import Registry  # noqa: PLC0415 - jsonschema's own, imported with it

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
    # Without a registry jsonschema fetches what a "$ref" names from the network.
    check = validator(own, registry=Registry())

    def read(text: str) -> Any:
        value = _decoded(text)
        wrong = jsonschema.exceptions.best_match(check.iter_errors(value))
        if wrong is not None:
            raise ValueError(_at(wrong.absolute_path, wrong.message))
        return value

    return _made(str(own.get("title") or "answer"), own, read)


def _of_pydantic(model: type) -> Schema:
    pydantic = needed("pydantic", f"{model.__name__}")
    adapter = pydantic.TypeAdapter(model)

    def read(text: str) -> Any:
        try:
            return adapter.dump_python(adapter.validate_json(text))
        except pydantic.ValidationError as error:
            found = error.errors(include_url=False, include_input=False, include_context=False)
            first = _at(found[0]["loc"], found[0]["msg"]) if found else str(error)
            raise ValueError(_and_more(first, len(found))) from error

    try:
        schema = adapter.json_schema()
    except Exception as error:
        raise InvalidValueError(
            f"{model.__name__} has no JSON schema: {_cut(str(error))}"
        ) from error
    return _made(model.__name__, schema, read)


def _of_msgspec(given: Any) -> Schema:
    is_type = isinstance(given, type) or hasattr(given, "__origin__")
    try:
        if not is_type or given in {str, bytes, object, type}:
            raise TypeError  # noqa: TRY301 - one sentence for all that is no schema
        schema = msgspec.json.schema(given)
        decoder = msgspec.json.Decoder(given)
    except (TypeError, ValueError) as error:
        what = given.__name__ if isinstance(given, type) else type(given).__name__
        more = f" ({_cut(str(error))})" if str(error) else ""
        raise WrongTypeError(
            "schema takes a pydantic model, a msgspec Struct, a dataclass or a JSON schema, not "
            f"{what}{more}."
        ) from error

    def read(text: str) -> Any:
        value = decoder.decode(text.encode())
        return msgspec.to_builtins(value, builtin_types=_TYPES, str_keys=True)

    return _made(getattr(given, "__name__", "answer"), _inlined(schema), read)


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """Put the type itself in the place of a reference to it: models are told of an object."""
    rest = dict(schema)
    named = str(rest.pop("$ref", "")).rpartition("/")[2]
    known = rest.get("$defs", {})
    return {**known[named], **rest} if named in known else schema


def _made(name: str, schema: dict[str, Any], read: Callable[[str], Any]) -> Schema:
    properties = schema.get("properties")
    fields: dict[str, ColumnKind] = {WHOLE: _declared(schema, schema)}
    if isinstance(properties, Mapping) and properties:
        fields = {str(one): _declared(each, schema) for one, each in properties.items()}
    plain_name = _NAME.sub("_", name)[:_LONGEST_NAME] or "answer"
    return Schema(plain_name, schema, fields, read)


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
    fences = _FENCE.findall(whole)
    return fences[0][1] if len(fences) == 1 and not _is_json(whole) else whole


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


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
