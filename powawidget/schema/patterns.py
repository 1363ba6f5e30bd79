"""Patterns of a schema or an expectation, checked within a time.

Python's `re` may go on without end over an answer that is made for that, and holds the interpreter
meanwhile, so that the whole kernel stands still. The package `regex` takes a limit.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from powawidget.errors import InvalidValueError
from powawidget.schema.packages import needed
from powawidget.transcript.sentences import shown

_SECONDS = 1.0  # for all patterns of one answer
_SHORTEST = 0.001  # once that time is over: what is quick is still checked
_DATA = frozenset({"const", "enum", "default", "examples"})
_until: ContextVar[float] = ContextVar("_until")


def within_time() -> None:
    """Begin the time that the patterns of one answer have, in this thread or task."""
    _until.set(time.monotonic() + _SECONDS)


def finds(pattern: "re.Pattern[str]", text: str) -> bool:
    """Search a person's own pattern in a text that anybody may have written.

    Without the package `regex` it is searched by `re`, which only an interrupt ends.

    Args:
        pattern: A pattern, compiled by `re`.
        text: The text.

    Raises:
        ValueError: If that takes longer than `within_time` allows.
    """
    try:
        import regex  # noqa: PLC0415  # only where it is there
    except ImportError:
        return pattern.search(text) is not None
    try:
        own = regex.compile(pattern.pattern, _flags_of(pattern, regex))
    except (regex.error, ValueError):  # what only `re` reads
        return pattern.search(text) is not None
    try:
        return own.search(text, timeout=_left(), concurrent=True) is not None
    except TimeoutError:
        raise ValueError(f"the pattern {shown(pattern.pattern)} takes too long") from None


def _flags_of(pattern: "re.Pattern[str]", regex: Any) -> int:
    # The same by name: by number they differ.
    flags = regex.VERSION0
    for name in ("ASCII", "IGNORECASE", "MULTILINE", "DOTALL", "VERBOSE"):
        if pattern.flags & getattr(re, name):
            flags |= getattr(regex, name)
    return int(flags)


def _left() -> float:
    return max(_until.get(time.monotonic() + _SECONDS) - time.monotonic(), _SHORTEST)


def bounded(jsonschema: Any, validator: Any, schema: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Make a validator whose patterns end.

    Args:
        jsonschema: The module.
        validator: The class of validators for the schema.
        schema: A JSON schema, checked.

    Returns:
        A class of validators, and the schema for it: both as they were where there is no pattern.
        It raises ValueError where the patterns take longer than `within_time` allows.

    Raises:
        InvalidValueError: If a pattern is none, or can't be bounded.
        MissingPackageError: If the schema has a pattern, and regex isn't installed.
    """
    patterns = list(_patterns(schema))
    if not patterns:
        return validator, schema
    regex = needed("regex", "A pattern in a schema")
    for pattern in patterns:
        try:
            regex.compile(pattern)
        except regex.error as error:
            raise InvalidValueError(
                f"The schema's pattern {shown(pattern)} is none: {error}."
            ) from error
    names = {name for each in _schemas(schema) for name in each}
    if {"patternProperties", "unevaluatedProperties"} <= names:
        raise InvalidValueError(
            "A schema can't have both patternProperties and unevaluatedProperties here, whose "
            "check may not end: use additionalProperties."
        )
    own = _Keywords(jsonschema, regex, validator.VALIDATORS["additionalProperties"])
    made = jsonschema.validators.extend(
        validator,
        {
            "pattern": own.pattern,
            "patternProperties": own.pattern_properties,
            "additionalProperties": own.additional_properties,
        },
    )
    return made, _undated(schema)


@dataclass(frozen=True)
class _Keywords:
    """What jsonschema checks by `re`, checked by `regex`.

    Attributes:
        jsonschema: The module.
        regex: The module.
        additional: How jsonschema checks additionalProperties.
    """

    jsonschema: Any
    regex: Any
    additional: Callable[..., Any]

    def pattern(self, checks: Any, given: str, value: Any, _schema: Any) -> Iterator[Any]:
        if checks.is_type(value, "string") and not self._finds(given, value):
            yield self.jsonschema.ValidationError(f"{value!r} does not match {given!r}")

    def pattern_properties(
        self, checks: Any, given: Mapping[str, Any], value: Any, _schema: Any
    ) -> Iterator[Any]:
        if not checks.is_type(value, "object"):
            return
        for each, form in given.items():
            for name in [name for name in value if self._finds(each, name)]:
                yield from checks.descend(value[name], form, path=name, schema_path=each)

    def additional_properties(
        self, checks: Any, given: Any, value: Any, schema: Mapping[str, Any]
    ) -> Iterator[Any]:
        # What a pattern names stands there by name, for the keyword as jsonschema has it.
        named = dict(schema.get("properties", {}))
        if checks.is_type(value, "object"):
            for each in schema.get("patternProperties", {}):
                named |= {name: True for name in value if self._finds(each, name)}
        rest = {name: one for name, one in schema.items() if name != "patternProperties"}
        yield from self.additional(checks, given, value, {**rest, "properties": named}) or ()

    def _finds(self, pattern: str, text: str) -> bool:
        try:
            # `concurrent` lets other threads compute meanwhile.
            found = self.regex.search(pattern, text, timeout=_left(), concurrent=True)
        except TimeoutError:
            raise ValueError(f"the pattern {shown(pattern)} takes too long to check") from None
        return found is not None


def has_patterns(schema: Mapping[str, Any]) -> bool:
    """Tell whether a JSON schema has a pattern."""
    return any(True for _ in _patterns(schema))


def by_python(core_schema: Any) -> bool:
    """Tell whether pydantic checks a pattern by Python's `re`; its own engine always ends.

    Args:
        core_schema: What pydantic has made of a model.
    """
    parts = list(_schemas(core_schema))
    patterns = [part["pattern"] for part in parts if part.get("pattern") is not None]
    if any(part.get("regex_engine") == "python-re" for part in parts):
        return bool(patterns)
    return any(isinstance(pattern, re.Pattern) for pattern in patterns)


def _schemas(schema: Any) -> Iterator[Mapping[str, Any]]:
    """List all mappings of a schema, but for plain data in it."""
    if isinstance(schema, list | tuple):
        for each in schema:
            yield from _schemas(each)
    elif isinstance(schema, Mapping):
        yield schema
        for name, each in schema.items():
            if name not in _DATA:
                yield from _schemas(each)


def _patterns(schema: Any) -> Iterator[str]:
    for each in _schemas(schema):
        if isinstance(each.get("pattern"), str):
            yield each["pattern"]
        named = each.get("patternProperties")
        if isinstance(named, Mapping):
            yield from (name for name in named if isinstance(name, str))


def _undated(schema: Any) -> Any:
    """Leave out "$schema": where one is named, jsonschema goes on with its own validator."""
    if isinstance(schema, list):
        return [_undated(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {
        name: each if name in _DATA else _undated(each)
        for name, each in schema.items()
        if name != "$schema" or not isinstance(each, str)
    }
