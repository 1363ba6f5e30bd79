"""The form of answers: asked for where the service or the model reads it, and always checked."""

import dataclasses
import datetime as dt
import decimal
import enum
import json
import re
import sys
from typing import Annotated, Any, Literal, NamedTuple, TypedDict

import msgspec
import pydantic
import pytest

from powawidget.errors import InvalidValueError, MissingPackageError, WrongTypeError
from powawidget.schema import patterns
from powawidget.schema.schema import Schema, schema_of


class Area(enum.StrEnum):
    BILLING = "billing"
    BUGS = "bugs"


class Model(pydantic.BaseModel):
    area: Area
    urgency: int = pydantic.Field(ge=1, le=5)
    due: dt.datetime | None = None
    tags: list[str] = []


class Ticket(msgspec.Struct):
    area: Area
    urgency: int
    due: dt.datetime | None = None
    tags: list[str] = []


@dataclasses.dataclass
class Record:
    area: Area
    urgency: int
    due: dt.datetime | None = None
    tags: list[str] = dataclasses.field(default_factory=list)


@pydantic.dataclasses.dataclass
class Checked:
    area: Area
    urgency: int
    due: dt.datetime | None = None
    tags: list[str] = pydantic.Field(default_factory=list)


JSON = {
    "title": "Ticket form",
    "type": "object",
    "properties": {
        "area": {"enum": ["billing", "bugs"]},
        "urgency": {"type": "integer", "minimum": 1, "maximum": 5},
        "due": {"type": ["string", "null"]},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["area", "urgency"],
}
FORMS = [Model, Ticket, Record, Checked, JSON]


def _id(form: Any) -> str:
    return form.__name__ if isinstance(form, type) else "JSON schema"


@pytest.mark.parametrize("form", FORMS, ids=_id)
def test_each_form_reads_an_answer(form: Any) -> None:
    schema = schema_of(form)
    value = schema.value_of('{"area": "bugs", "urgency": 3, "tags": ["a"]}')
    assert schema.cells(value) == {"area": "bugs", "urgency": 3, "due": None, "tags": ["a"]}
    assert schema.fields["urgency"] == "integer"
    assert list(schema.fields) == ["area", "urgency", "due", "tags"]
    assert schema.check('{"area": "bugs", "urgency": 3}') == ""


@pytest.mark.parametrize("form", FORMS, ids=_id)
@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ('{"area": "weather", "urgency": 3}', "area"),
        ('{"area": "bugs"}', "urgency"),
        ('{"area": "bugs", "urgency": "many"}', "urgency"),
        ("Certainly! The area is bugs.", "doesn't fit the schema"),
        ('{"area": "bugs", "urgency": 3', "doesn't fit the schema"),
        ("", "The answer is empty"),
        ("[]", "doesn't fit the schema"),
        ("[" * 100_000, "doesn't fit the schema"),
        ("```json\n{}\n```\nor\n```json\n{}\n```", "doesn't fit the schema"),
    ],
)
def test_each_form_says_what_does_not_fit(form: Any, answer: str, why: str) -> None:
    said = schema_of(form).check(answer)
    assert why in said
    assert "\n" not in said
    assert len(said) < 600


@pytest.mark.parametrize(
    "answer",
    [
        '  {"area": "bugs", "urgency": 3}\n',
        '```json\n{"area": "bugs", "urgency": 3}\n```',
        'Here it is:\n```\n{"area": "bugs", "urgency": 3}\n```\nDone.',
        '````json\n{"area": "bugs",\n "urgency": 3}\n````',
    ],
)
def test_json_may_stand_in_the_only_fence(answer: str) -> None:
    assert schema_of(Ticket).check(answer) == ""


def test_a_fence_inside_a_text_of_the_json_is_text() -> None:
    answer = json.dumps({"area": "bugs", "urgency": 3, "tags": ["```json\n{}\n```"]})
    assert schema_of(Ticket).value_of(answer)["tags"] == ["```json\n{}\n```"]


@pytest.mark.parametrize("form", [Model, Ticket, Record], ids=_id)
def test_times_are_times(form: Any) -> None:
    value = schema_of(form).value_of(
        '{"area": "bugs", "urgency": 3, "due": "2026-03-01T10:00:00+01:00"}'
    )
    assert value["due"] == dt.datetime.fromisoformat("2026-03-01T10:00:00+01:00")


def test_numbers_are_exact() -> None:
    class Sum(msgspec.Struct):
        cents: int
        amount: decimal.Decimal

    value = schema_of(Sum).value_of(f'{{"cents": {2**53 + 1}, "amount": "0.10"}}')
    assert value == {"cents": 2**53 + 1, "amount": decimal.Decimal("0.10")}
    whole = schema_of({"type": "object", "properties": {"cents": {"type": "integer"}}})
    assert whole.value_of(f'{{"cents": {2**70}}}') == {"cents": 2**70}
    assert "NaN" in whole.check('{"cents": NaN}')


class Typed(TypedDict):
    area: Literal["a", "b"]


class Pair(NamedTuple):
    x: int
    y: int


@pytest.mark.parametrize(
    ("form", "answer", "cells"),
    [
        (list[str], '["a"]', {"output": ["a"]}),
        (Typed, '{"area": "a"}', {"area": "a"}),
        (Pair, "[1, 2]", {"output": (1, 2)}),
        ({"type": "array"}, "[1]", {"output": [1]}),
        ({"type": "integer"}, "7", {"output": 7}),
        ({"type": "object"}, '{"x": 1}', {"output": {"x": 1}}),
        (
            {"type": "object", "properties": {"output": {"type": "string"}}},
            '{"output": "a"}',
            {"output": "a"},
        ),
    ],
)
def test_an_answer_without_names_is_one_column(form: Any, answer: str, cells: Any) -> None:
    schema = schema_of(form)
    assert schema.cells(schema.value_of(answer)) == cells


def test_what_a_workflow_gave_is_checked_as_it_is() -> None:
    schema = schema_of(Ticket)
    assert schema.check(None, {"area": "bugs", "urgency": 3}) == ""
    assert "urgency" in schema.check(None, {"area": "bugs"})
    assert schema.check('{"area": "bugs", "urgency": 3}', '{"area": "bugs", "urgency": 3}') == ""


@pytest.mark.parametrize("form", [Model, Ticket, Record, Checked], ids=_id)
def test_the_service_is_told_of_an_object(form: Any) -> None:
    schema = schema_of(form)
    told = schema.response_format
    assert told["type"] == "json_schema"
    assert told["json_schema"]["name"] == form.__name__
    assert told["json_schema"]["schema"]["type"] == "object"
    json.dumps(told)


def test_a_name_is_one_that_every_provider_takes() -> None:
    assert schema_of(JSON).name == "Ticket_form"


def test_the_message_shows_the_schema() -> None:
    asked = schema_of(JSON).asked_in("Triage this: {it}")
    assert asked.startswith("Triage this: {it}\n\nAnswer with JSON alone")
    assert asked.endswith(json.dumps(JSON))


class Plain:
    pass


@pytest.mark.parametrize("form", [7, "Ticket", None, str, Plain, [Ticket], Ticket(Area.BUGS, 1)])
def test_what_is_no_schema_is_refused(form: Any) -> None:
    with pytest.raises(WrongTypeError, match="schema takes a pydantic model"):
        schema_of(form)


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"type": "ticket"}, "no JSON schema"),
        ({}, "says nothing of the answer"),
        ({"area": "text"}, "says nothing of the answer"),
        ({"type": "object", "properties": {"a": object()}}, "can't be written as JSON"),
    ],
)
def test_a_wrong_json_schema_is_refused(form: Any, why: str) -> None:
    with pytest.raises(InvalidValueError, match=why):
        schema_of(form)


def test_a_schema_elsewhere_is_not_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def fetch(request: object, *_args: object, **_more: object) -> None:
        asked.append(request)
        raise OSError("not reached")

    monkeypatch.setattr("urllib.request.urlopen", fetch)
    monkeypatch.setitem(sys.modules, "requests", None)
    with pytest.raises(InvalidValueError, match="nothing is fetched"):
        schema_of({"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:9/x"}}})
    assert not asked


_NAMED = {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}}


@pytest.mark.parametrize(
    ("form", "why"),
    [
        (_NAMED, "refers to '#/\\$defs/A', which isn't in it"),
        ({**_NAMED, "$defs": {"A": {"$ref": "other.json"}}}, "refers to 'other.json'"),
        ({**_NAMED, "$defs": {"A": {"$ref": "#/$defs/A"}}}, "in a circle"),
        ({"$ref": "#"}, "in a circle"),
        (
            {**_NAMED, "$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}}},
            "in a circle",
        ),
    ],
)
def test_a_reference_that_leads_nowhere_is_refused(form: Any, why: str) -> None:
    with pytest.raises(InvalidValueError, match=why):
        schema_of(form)


@pytest.mark.parametrize(
    "form",
    [
        {**_NAMED, "$defs": {"A": {"type": "integer"}}},
        {"$ref": "#/$defs/T", "$defs": {"T": {"properties": {"a": {"type": "integer"}}}}},
        {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "$id": "https://example.com/tickets",
            "type": "object",
            "properties": {"a": {"$ref": "#whole"}, "more": {"items": {"$ref": "#"}}},
            "definitions": {"A": {"$id": "#whole", "type": "integer"}},
        },
        {"properties": {"a": {"type": "integer"}, "b": {"const": {"$ref": "#/none"}}}},
    ],
)
def test_a_reference_within_a_schema_is_followed(form: Any) -> None:
    schema = schema_of(form)
    assert schema.cells(schema.value_of('{"a": 1}'))["a"] == 1
    assert "integer" in schema.check('{"a": "one"}')


class Kind(enum.Enum):
    BUG = "bug"


class Level(enum.IntEnum):
    HIGH = 3


class Inner(pydantic.BaseModel):
    kind: Kind = Kind.BUG


class Renamed(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(alias_generator=str.upper)
    area: str
    level: int = pydantic.Field(1, validation_alias="lvl", serialization_alias="level_out")


class Rich(pydantic.BaseModel):
    kind: Kind
    level: Level
    inner: Inner = Inner()
    marks: set[int] = {1}
    site: pydantic.AnyUrl | None = None
    raw: bytes = pydantic.Field(default_factory=lambda: b"\xff")


class Tree(pydantic.BaseModel):
    size: int
    parts: list["Tree"] = []


def test_a_models_fields_are_its_columns_whatever_its_aliases() -> None:
    schema = schema_of(Renamed)
    assert list(schema.json_schema["properties"]) == ["AREA", "lvl"]
    assert schema.fields == {"area": "text", "level": "integer"}
    assert schema.cells(schema.value_of('{"AREA": "a", "lvl": 2}')) == {"area": "a", "level": 2}
    assert schema_of(Tree).fields == {"size": "integer", "parts": "any"}
    assert schema_of(Tree).json_schema["type"] == "object"


def test_a_schema_that_is_one_of_its_definitions_has_columns_of_that() -> None:
    """As pydantic before 2.9 and others write a type that holds itself."""
    tree = {"type": "object", "properties": {"size": {"type": "integer"}}}
    for named in ({"$ref": "#/$defs/Tree"}, {"allOf": [{"$ref": "#/$defs/Tree"}]}):
        assert schema_of({"$defs": {"Tree": tree}, **named}).fields == {"size": "integer"}


def test_an_answer_becomes_plain_values() -> None:
    schema = schema_of(Rich)
    cells = schema.cells(schema.value_of('{"kind": "bug", "level": 3, "site": "http://a.b/"}'))
    assert cells == {
        "kind": "bug",
        "level": 3,
        "inner": {"kind": "bug"},
        "marks": [1],
        "site": "http://a.b/",
        "raw": "/w==",
    }
    assert {type(each) for each in cells.values()} == {str, int, dict, list}


@dataclasses.dataclass
class Holder:
    inner: Inner


@pytest.mark.parametrize(
    ("form", "answer", "value"),
    [
        (list[Inner], '[{"kind": "bug"}]', [{"kind": "bug"}]),
        (Inner | None, "null", None),
        (Holder, '{"inner": {}}', {"inner": {"kind": "bug"}}),
        (Ticket | None, "null", None),
    ],
)
def test_a_type_that_holds_models_is_read(form: Any, answer: str, value: Any) -> None:
    assert schema_of(form).value_of(answer) == value


@pytest.mark.parametrize("answer", ['{"a": "x\\ud800"}', '{"a": "x\\u0000"}'])
def test_half_characters_of_an_answer_are_replaced(answer: str) -> None:
    schema = schema_of({"properties": {"a": {"type": "string"}}})
    assert schema.value_of(answer) == {"a": "x\ufffd"}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_of_json_does_not_fit(number: str) -> None:
    class Sum(pydantic.BaseModel):
        total: float

    class Total(msgspec.Struct):
        total: float

    for form in (Sum, Total, {"properties": {"total": {"type": "number"}}}):
        assert "doesn't fit" in schema_of(form).check(f'{{"total": {number}}}')


def test_an_answer_of_backticks_is_read_in_one_pass() -> None:
    lines = 50_000  # of which each may begin a fence: a search from each took minutes
    answer = "````\n" + "``` x\n" * lines + "````\n"
    assert "isn't JSON" in schema_of({"type": "object"}).check(answer)
    assert schema_of({"type": "integer"}).check("``` x\n" * lines + "```\n````\n7\n````") != ""


def test_a_validator_that_fails_is_a_row_that_does_not_fit() -> None:
    class Odd(pydantic.BaseModel):
        x: int

        @pydantic.field_validator("x")
        @classmethod
        def fail(cls, _value: int) -> int:
            raise ZeroDivisionError("of my own")

    assert "of my own" in schema_of(Odd).check('{"x": 1}')


def test_without_jsonschema_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    with pytest.raises(MissingPackageError, match="jsonschema"):
        schema_of(JSON)


def test_a_schema_is_read_once() -> None:
    schema = schema_of(Ticket)
    assert isinstance(schema, Schema)
    assert schema_of(schema) is schema


SLOW = "^(a|aa)+$"
ENDLESS = "a" * 200 + "b"


@pytest.mark.parametrize("dated", [{}, {"$schema": "https://json-schema.org/draft/2020-12/schema"}])
@pytest.mark.parametrize(
    ("form", "answer"),
    [
        ({"properties": {"a": {"type": "string", "pattern": SLOW}}}, {"a": ENDLESS}),
        (
            {"$defs": {"s": {"pattern": SLOW}}, "properties": {"a": {"$ref": "#/$defs/s"}}},
            {"a": ENDLESS},
        ),
        ({"properties": {"a": {"$ref": "#"}}, "pattern": SLOW}, {"a": ENDLESS}),
        ({"type": "object", "propertyNames": {"pattern": SLOW}}, {ENDLESS: 1}),
        ({"type": "object", "patternProperties": {SLOW: {"type": "string"}}}, {ENDLESS: 1}),
        (
            {"type": "object", "patternProperties": {SLOW: {}}, "additionalProperties": False},
            {ENDLESS: 1},
        ),
    ],
)
def test_a_pattern_that_would_not_end_fails_the_answer(
    monkeypatch: pytest.MonkeyPatch, dated: dict[str, Any], form: dict[str, Any], answer: Any
) -> None:
    monkeypatch.setattr(patterns, "_SECONDS", 0.01)
    schema = schema_of({**dated, **form})
    assert "the pattern '^(a|aa)+$' takes too long to check" in schema.check(json.dumps(answer))


def test_a_pattern_that_backtracks_is_checked_all_the_same() -> None:
    schema = schema_of({"properties": {"a": {"pattern": "^(a+)+$"}}})
    assert schema.check(json.dumps({"a": "a" * 40})) == ""
    assert "does not match" in schema.check(json.dumps({"a": "a" * 40 + "b"}))


def test_patterns_of_names_say_what_else_may_be_there() -> None:
    form = {
        "type": "object",
        "properties": {"id": {"type": "integer"}},
        "patternProperties": {"^n_": {"type": "integer"}},
        "additionalProperties": False,
    }
    schema = schema_of(form)
    assert schema.check('{"id": 1, "n_a": 2}') == ""
    assert "'other' was unexpected" in schema.check('{"id": 1, "other": 2}')
    assert "n_a: 'x' is not of type 'integer'" in schema.check('{"n_a": "x"}')
    typed = schema_of({**form, "additionalProperties": {"type": "string"}})
    assert typed.check('{"id": 1, "n_a": 2, "other": "x"}') == ""
    assert "other: 3 is not of type 'string'" in typed.check('{"n_a": 2, "other": 3}')


class Numbered(msgspec.Struct):
    id: Annotated[str, msgspec.Meta(pattern="^(a|aa)+$")]


class ByPython(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(regex_engine="python-re")
    id: Annotated[str, pydantic.Field(pattern="^(a|aa)+$")]


class Compiled(pydantic.BaseModel):
    id: Annotated[str, pydantic.Field(pattern=re.compile("^(a|aa)+$"))]


class ByRust(pydantic.BaseModel):
    id: Annotated[str, pydantic.Field(pattern="^(a|aa)+$")]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (Numbered, "Numbered has a pattern"),
        (ByPython, "ByPython has a pattern"),
        (Compiled, "Compiled has a pattern"),
        (
            {"patternProperties": {"^a": {}}, "properties": {}, "unevaluatedProperties": False},
            "use additionalProperties",
        ),
        ({"properties": {"a": {"pattern": "("}}}, "no JSON schema"),
    ],
)
def test_a_pattern_that_cannot_be_bounded_is_refused(given: Any, why: str) -> None:
    with pytest.raises(InvalidValueError, match=why):
        schema_of(given)


def test_pydantics_own_patterns_always_end() -> None:
    assert "should match pattern" in schema_of(ByRust).check(json.dumps({"id": ENDLESS}))
