"""The Triage agent: sorts a shop's tickets, in words or as the JSON that its message asks for.

It has no tools: a run of it that is cut goes on at the server.
"""

from __future__ import annotations

import itertools
import json
import re
from typing import TYPE_CHECKING, Any

from powawidget.local.agents.script import Agent, Say
from powawidget.local.samples.topics import mentions, topic_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from powawidget.local.agents.script import Script, Turn

CATEGORIES = {
    "billing": r"invoice|charg|bill|payment|paid|price|card|vat",
    "refund": r"refund|money back|reimburs|chargeback",
    "delivery": r"deliver|arriv|parcel|ship|carrier|track|late|courier|lost",
    "product": r"broken|damage|taste|stale|grind|roast|leak|faulty|wrong (item|coffee|tea)|quality",
    "account": r"password|log ?in|account|e-?mail|unsubscribe|address|delete my",
}
OTHER = "other"
_URGENT = r"urgent|asap|immediately|today|lawyer|angry|unacceptable|third time|still|never|worst"
_CALM = r"thank|love|great|no rush|whenever|just wondering|question|curious"
_SENTENCE = re.compile(r"[^.!?\s][^.!?\n]*[.!?]?")
_TEAMS = {
    "billing": "Finance",
    "refund": "Finance",
    "delivery": "Logistics",
    "product": "Quality",
    "account": "Support",
    OTHER: "Support",
}
_LONGEST = 100
_BRACES = 200


def triage() -> Agent:
    """Make the Triage agent."""
    return Agent(
        name="Triage",
        script=_answer,
        system_prompt="You sort the tickets of a shop for coffee and tea: what they are about, "
        "how urgent they are, and who should answer.",
    )


def _answer(turn: Turn) -> Script:
    schema, text = _schema_in(turn.message)
    facts = _facts(text)
    if schema is not None:
        yield Say(json.dumps(_filled(schema, facts), ensure_ascii=False))
        return
    yield Say(
        f"**{facts['category'].capitalize()}**, {facts['urgency']} urgency: "
        f"{facts['team']} should answer.\n\n> {facts['summary']}\n"
    )


def _facts(text: str) -> dict[str, Any]:
    category = topic_of(text, CATEGORIES) or OTHER
    urgency = "high" if mentions(text, _URGENT) else "low" if mentions(text, _CALM) else "normal"
    # What is asked of the agent stands before the ticket: "Triage this ticket: ...".
    asked, colon, ticket = text.partition(": ")
    found = _SENTENCE.search(ticket if colon and len(asked) < _LONGEST else text)
    summary = (found[0] if found else text).strip()[:_LONGEST]
    return {
        "category": category,
        "urgency": urgency,
        "priority": {"high": 1, "normal": 2, "low": 3}[urgency],
        "sentiment": {"high": "negative", "normal": "neutral", "low": "positive"}[urgency],
        "team": _TEAMS[category],
        "summary": summary,
        "tags": sorted({category, urgency}),
        "refund": category in {"refund", "billing"},
    }


def _schema_in(message: str) -> tuple[dict[str, Any] | None, str]:
    """Find the JSON schema in a message, and the rest of the message."""
    decoder = json.JSONDecoder()
    # Braces without end would each be read to the end of the message.
    for found in itertools.islice(re.finditer(r"\{", message), _BRACES):
        try:
            value, _ = decoder.raw_decode(message, found.start())
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) and isinstance(value.get("properties"), dict):
            return value, message[: found.start()]
    return None, message


def _filled(schema: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    shapes = schema["properties"].items()
    return {name: _value(name, _resolved(shape, schema), facts) for name, shape in shapes}


def _resolved(shape: Any, schema: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference into the schema's definitions; of several forms take the first."""
    shape = shape if isinstance(shape, dict) else {}
    for several in ("anyOf", "oneOf", "allOf"):
        if isinstance(shape.get(several), list) and shape[several]:
            return _resolved(shape[several][0], schema)
    name = str(shape.get("$ref", "")).rpartition("/")[2]
    known = schema.get("$defs")
    found = known.get(name) if isinstance(known, dict) else None
    return found if isinstance(found, dict) else shape


def _value(name: str, shape: dict[str, Any], facts: dict[str, Any]) -> Any:
    fact = facts.get(name.lower())
    choices = shape.get("enum")
    if isinstance(choices, list) and choices:
        return next(iter(_fitting(choices, facts)), choices[-1])
    match shape.get("type", "string"):
        case "boolean":
            return bool(facts["refund"] if fact is None else fact)
        case "integer" | "number":
            least = shape.get("minimum", 0)
            given = fact if isinstance(fact, int) else facts["priority"]
            return max(least, min(given, shape.get("maximum", given)))
        case "array":
            return facts["tags"]
        case "object":
            return {}
        case _:
            return str(facts["summary"] if fact is None else fact)


def _fitting(choices: list[Any], facts: dict[str, Any]) -> Iterator[Any]:
    known = {str(value).lower() for value in facts.values() if not isinstance(value, list)}
    for choice in choices:
        if str(choice).lower() in known:
            yield choice
