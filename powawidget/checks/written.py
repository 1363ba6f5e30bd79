"""The test that a run becomes, as text. Pure: it is made of the slim run that it will read."""

import glob
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from powawidget.checks.code import code_of, is_whole, literal
from powawidget.checks.facts import Facts, facts_of
from powawidget.checks.hidden import is_hidden
from powawidget.state.model import RunState

_SHORT = 40
_WIDTH = 100
_HEAD = '''"""{title}: what a recorded run did, held as a test.

Without a server it reads its recording; `pytest --powabase-live` asks again, and that is paid.
"""

import powawidget as pw


def {function}(powabase_run):
'''


def test_text(
    state: RunState, function: str, recording: str, options: Mapping[str, Any], *, is_known: bool
) -> str:
    """Write the test of a run.

    Args:
        state: The slim run.
        function: What the test is called.
        recording: Where its recording is, from the test's folder.
        options: What the run was started with beside its message, without secrets.
        is_known: Whether it is known what was asked of whom: not of a stream that was recorded.

    Returns:
        The text of a Python module.
    """
    title = function.removeprefix("test_").replace("_", " ").strip().capitalize() or "A run"
    facts = facts_of(state)
    lines = [_HEAD.format(title=title, function=function)]
    given = [literal(recording), *_asked(state, options, is_known=is_known)]
    if len(given) == 1:
        lines.append(f"    run = powabase_run({given[0]})\n")
    else:
        lines.append("    run = powabase_run(\n")
        lines += [f"        {one},\n" for one in given]
        lines.append("    )\n")
        lines += _live_notes(facts)
    chain = [*_expected(facts), "check()"]
    line = f"    pw.expect(run).{'.'.join(chain)}\n"
    if "\n" in line[:-1] or len(line) > _WIDTH:
        lines += ["    (\n", "        pw.expect(run)\n"]
        lines += [f"        .{one}\n" for one in chain]
        line = "    )\n"
    return "".join([*lines, line])


def _asked(state: RunState, options: Mapping[str, Any], *, is_known: bool) -> Iterator[str]:
    """Say what is asked anew of whom, where that is known: not of every recording."""
    if not state.name or not is_known:
        return
    is_workflow = state.kind == "workflow"
    asked = _variables(state.message) if is_workflow else state.message
    if is_hidden(state.name) or is_hidden(state.message) or not is_whole(asked):
        return
    yield f"{state.kind}={literal(state.name)}"
    if is_workflow:
        yield f"variables={code_of(asked, 8, 18)}"
        return
    yield f"message={code_of(asked, 8, 16)}"
    for name, value in options.items():
        if name.isidentifier() and is_whole(value):
            yield f"{name}={code_of(value, 8, 9 + len(name))}"


def _variables(message: str) -> Any:
    try:
        return json.loads(message) if message else {}
    except (ValueError, RecursionError):
        return {}


def _live_notes(facts: Facts) -> Iterator[str]:
    """Say what a person has to know of asking anew."""
    tools = list(dict.fromkeys(one.tool_name for one in facts.approvals))
    if not tools:
        return
    named = ", ".join(literal(tool) for tool in tools)
    allowed = f"[{named}]" if len(named) < _SHORT else "[...]"
    yield "    # Asked anew, it waits for approval again; nothing is approved by itself. Pass\n"
    yield f"    # on_approval=pw.policy(allow={allowed}) above to let it run for real.\n"


def _expected(facts: Facts) -> Iterator[str]:
    if facts.status == "completed":
        yield "completed()"
    else:
        yield f"ended({literal(facts.status)})"
    if facts.calls:
        yield _row(
            "in_order",
            [(one.name, one.arguments, one.status) for one in facts.calls],
        )
    else:
        yield 'not_called("*")'
    if facts.delegations:
        yield _row("delegated", [(one.agent, None, one.status) for one in facts.delegations])
    if facts.blocks:
        yield _row("ran", [(one.name or one.id, None, one.status) for one in facts.blocks])
    for tool in dict.fromkeys(one.tool_name for one in facts.approvals):
        decisions = [one.decision for one in facts.approvals if one.tool_name == tool]
        name = literal(glob.escape(tool))
        if decisions in (["approved"], ["denied"]):
            yield f"{decisions[0]}({name if tool else ''})"
        else:
            yield f"decided({', '.join([name, *map(literal, decisions)])})"
    if facts.tokens is not None:  # half as much again: another run isn't the same to the token
        yield f"tokens_under({_rounded(facts.tokens * 3 // 2 + 1):_})"


def _row(method: str, things: Sequence[tuple[str, Any, str]]) -> str:
    lines = [f"{method}("]
    for name, arguments, status in things:
        known = literal("*" if is_hidden(name) else glob.escape(name))
        some = [] if arguments is None else [code_of(arguments, 16, 17)]
        written = [known, *some, literal(status)]
        line = f"            ({', '.join(written)}),"
        if "\n" in line or len(line) > _WIDTH:
            inside = [f"                {one}," for one in written]
            line = "\n".join(["            (", *inside, "            ),"])
        lines.append(line)
    return "\n".join([*lines, "            only=True,", "        )"])


def _rounded(figure: int) -> int:
    """Round up to two figures, which read well."""
    size: int = 10 ** max(0, len(str(figure)) - 2)
    return -(-figure // size) * size


def function_of(stem: str) -> str:
    """Name the test after its file."""
    return re.sub(r"\W", "_", stem, flags=re.ASCII)
