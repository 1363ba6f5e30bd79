"""What a notebook's values become in a request: what they are, or a sentence why not."""

import datetime as dt
import decimal
import fractions
import json
import uuid
from typing import Any

import numpy as np
import pandas as pd
import pytest

from powawidget.errors import InvalidValueError, WrongTypeError
from powawidget.protocol.plain_values import plain
from powawidget.resources.request import agent_body, checked_json

ZONE = dt.timezone(dt.timedelta(hours=2))
ID = uuid.UUID("f000f198-2289-4551-8d57-07b53581c6a6")


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        *((kind(40), 40) for kind in (np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint64)),
        (np.int64(2**62), 2**62),
        (np.float64(0.1), 0.1),
        (np.float32(0.5), 0.5),
        (np.float16(0.5), 0.5),
        (np.bool_(True), True),
        (np.bool_(False), False),
        (np.str_("forty"), "forty"),
        (np.array(40), 40),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.datetime64("2026-07-14"), "2026-07-14"),
        (np.datetime64("2026-07-14T14:17:59", "ns"), "2026-07-14T14:17:59.000000000"),
        (np.datetime64("NaT"), None),
        (np.timedelta64(90, "s"), "PT90S"),
        (pd.NA, None),
        (pd.NaT, None),
        (pd.Timestamp("2026-07-14 14:17:59", tz=ZONE), "2026-07-14T14:17:59+02:00"),
        (pd.Timedelta("90 s"), "PT90S"),
        (pd.Series([1, 2]), [1, 2]),
        (pd.Series(["a", "b"]), ["a", "b"]),
        (pd.Series([1, pd.NA], dtype="Int64"), [1, None]),
        (pd.Index(["a"]), ["a"]),
        (dt.date(2026, 7, 14), "2026-07-14"),
        (dt.datetime(2026, 7, 14, 14, 17, tzinfo=ZONE), "2026-07-14T14:17:00+02:00"),
        (dt.timedelta(milliseconds=1500), "PT1.5S"),
        (decimal.Decimal("9.50"), 9.5),
        (decimal.Decimal(40), 40),
        (decimal.Decimal("1e30"), 10**30),
        (fractions.Fraction(1, 4), 0.25),
        (ID, str(ID)),
        ((1, "a", None, True, 1.5), [1, "a", None, True, 1.5]),
        ({np.str_("week"): np.int64(40)}, {"week": 40}),
        ({"weeks": [np.int64(1), {"n": (np.float64(2.5),)}]}, {"weeks": [1, {"n": [2.5]}]}),
    ],
    ids=repr,
)
def test_a_value_is_taken_as_what_it_is(value: Any, taken: Any) -> None:
    made = plain({"x": value})["x"]
    assert made == taken
    assert type(made) is type(taken)
    assert json.loads(json.dumps(made)) == taken


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (np.nan, "pass None"),
        (np.float64("inf"), "pass None"),
        (decimal.Decimal("NaN"), "pass None"),
        (decimal.Decimal("0.1234567890123456789"), "more digits"),
        (fractions.Fraction(1, 3), "more digits"),
        (pd.DataFrame({"a": [1]}), r"to_dict\(\"records\"\)"),
        ({1, 2}, "set is no value of JSON"),
        (b"x", "bytes is no value of JSON"),
        (object(), "object is no value of JSON"),
        (np.complex128(1), "complex is no value of JSON"),
        ({(1, 2): 3}, "tuple is no value of JSON"),
    ],
    # Not repr: an address in a name differs between the workers, which then run nothing.
    ids=lambda given: type(given).__name__ if not isinstance(given, str) else given,
)
def test_what_json_cannot_hold_is_refused_with_what_to_pass(value: Any, why: str) -> None:
    with pytest.raises(InvalidValueError, match=f"can't be written as JSON: .*{why}"):
        checked_json({"x": value})


def test_what_holds_itself_is_refused() -> None:
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(InvalidValueError, match="can't be written as JSON"):
        checked_json({"x": circle})


@pytest.mark.parametrize(
    ("name", "wrong", "right"),
    [
        ("temperature", ("hot", True, [0.5]), (0, 0.5, np.float32(0.5), decimal.Decimal("0.5"))),
        ("timeout_seconds", ("1", False), (30, 1.5)),
        ("max_context_tokens", (0.5, "many", True), (100, np.int64(100))),
        ("response_format", ("json", ["json"]), ({"type": "text"},)),
        ("citations_enabled", (1, "yes"), (True, np.bool_(False))),
        ("reasoning_requested", (0, "no"), (True,)),
        ("knowledge_bases", ("kb", {"id": "kb"}), (["kb"], ({"id": "kb"},))),
        ("context_items", ("text",), ([{"text": "x"}],)),
        ("context_handler_id", (7,), ("c-7",)),
        ("context_override", (["text"],), ("text",)),
    ],
)
def test_an_option_of_another_type_is_refused(
    name: str, wrong: tuple[Any, ...], right: tuple[Any, ...]
) -> None:
    """The service hands most of them on unchecked."""
    for value in wrong:
        with pytest.raises(WrongTypeError, match=f"{name} takes .*; nothing was sent"):
            agent_body("hello", None, {name: value})
    for value in (None, *right):
        agent_body("hello", None, {name: value})


def test_a_body_is_a_copy_and_its_options_and_its_message_are_pythons_own() -> None:
    items = [np.int64(1)]
    options = {"temperature": np.float64(0.5), "context_items": items}
    body = agent_body(np.str_("hello"), None, options)
    items.append(np.int64(2))
    assert body == {"message": "hello", "temperature": 0.5, "context_items": [1]}
    assert [type(each) for each in body.values()] == [str, float, list]
