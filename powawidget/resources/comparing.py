"""Comparing agents, orchestrations, workflows and runs."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Unpack

from powawidget.approvals.policy import PolicyFunction
from powawidget.checks.expectation import expect
from powawidget.comparison.ballot import LETTERS
from powawidget.comparison.checks import Check
from powawidget.comparison.comparison import Comparison
from powawidget.comparison.moment import Content, Side
from powawidget.errors import InvalidValueError, WrongTypeError
from powawidget.resources.agent import Agent, check_policy
from powawidget.resources.orchestration import Orchestration
from powawidget.resources.replay import replay
from powawidget.resources.request import RunOptions, agent_body
from powawidget.resources.workflow import Workflow
from powawidget.run.plan import Plan
from powawidget.run.run import Run
from powawidget.run.task import RunTask
from powawidget.settings import options as settings

_MOST_SIDES = len(LETTERS)
_SIDES = "an agent, an orchestration, a workflow, a run, or the file of one"

Target = Agent | Orchestration | Workflow
Compared = Target | Run | str | os.PathLike[str]


def compare(  # noqa: PLR0913  # one keyword for each thing that may be said
    sides: Mapping[str, Compared],
    message: str | Mapping[str, Any] | None = None,
    *,
    repeat: int = 1,
    checks: Mapping[str, Check] | None = None,
    blind: bool = False,
    on_approval: PolicyFunction | None = None,
    confirm: bool = False,
    **options: Unpack[RunOptions],
) -> Comparison:
    """Run things side by side, and compare what comes of them. This returns at once.

    Agents, orchestrations and workflows are run; a run that is there already, live, stored or
    recorded, is compared as it is. The runs of one repeat start together; at most eight go on at a
    time. Each run is sent once, anew also where `powawidget.options.reuse` is set.

    Args:
        sides: What is compared, by its name; the first is the baseline. Each is an agent, an
            orchestration, a workflow, a run, or the path of a file that `powawidget.replay` reads.
        message: What to ask those that are run; of workflows a dictionary of variables.
        repeat: How often each of them runs.
        checks: What each run is checked for, by name: a function of what `powawidget.expect` makes
            of a run. It holds where what it returns is true, and doesn't where it raises.
        blind: Whether to hide the names, so that a person votes on answers alone; they are shown
            once each repeat was voted on, or by `comparison.reveal()`.
        on_approval: Decides in place of a person, as for `Agent.run`, for every run of an agent.
        confirm: Whether more runs than `powawidget.options.compare_above` are meant.
        **options: As for `Agent.run`, for every run of an agent or an orchestration.

    Returns:
        The comparison. Make it the last value of a cell to show it; `comparison.frame` has a row
        for each run, `comparison["v1"]` is a side's run.

    Raises:
        InvalidValueError: If there are fewer than two sides or more than eight, the message is
            missing, it, `repeat` or `on_approval` has nobody to go to, or more runs would start
            than `powawidget.options.compare_above`; nothing was sent.
        WrongTypeError: If an argument is of another type; nothing was sent.
        FileError: If a file can't be read; nothing was sent.

    Example:
        >>> c = powawidget.compare({"v1": v1, "v2": v2}, "Which orders are late?", repeat=3)
        >>> c.wait().frame
    """
    named = _checked_sides(sides)
    is_sent = any(isinstance(side, Target) for side in named.values())
    if is_sent and message is None:
        raise InvalidValueError("Say what to ask: compare takes a message. Nothing was sent.")
    if not is_sent and (message is not None or _given(options)):
        raise InvalidValueError(
            "These are runs already: a message and options are for agents, orchestrations and "
            "workflows. Leave them out."
        )
    if on_approval is not None and not any(isinstance(side, Agent) for side in named.values()):
        raise InvalidValueError(
            "on_approval decides for agents, and none of these is one. Leave it out; nothing was "
            "sent."
        )
    makers = {
        name: _maker(side, message, on_approval, options)
        for name, side in named.items()
        if isinstance(side, Target)
    }
    _check_repeat(repeat, len(makers), confirm=confirm)
    if repeat > 1 and not makers:
        raise InvalidValueError("These are runs already, and are compared once. Leave repeat out.")
    # What is read may fail, and then nothing has been started.
    given = {name: _read(side) for name, side in named.items() if not isinstance(side, Target)}
    runs = {
        name: [(Run(RunTask(makers[name]())), True) for _ in range(repeat)]
        if name in makers
        else [(given[name], False)]
        for name in named
    }
    return _made(runs, checks, message if isinstance(message, str) else "", blind=blind)


def compare_prompts(  # noqa: PLR0913, PLR0917  # as above
    target: Agent | Orchestration,
    prompts: Sequence[str] | Mapping[str, str],
    repeat: int,
    checks: Mapping[str, Check] | None,
    on_approval: PolicyFunction | None,
    options: Mapping[str, Any],
    *,
    blind: bool,
    confirm: bool,
) -> Comparison:
    """Run one agent or orchestration with several messages, as `compare` runs several of them."""
    if isinstance(prompts, str) or not isinstance(prompts, Sequence | Mapping):
        raise WrongTypeError(
            f"prompts takes a list of messages, or messages by name, not {type(prompts).__name__}."
        )
    named = (
        dict(prompts)
        if isinstance(prompts, Mapping)
        else {f"prompt {at}": prompt for at, prompt in enumerate(prompts, 1)}
    )
    _check_names(named)
    makers = {name: _maker(target, prompt, on_approval, options) for name, prompt in named.items()}
    _check_repeat(repeat, len(makers), confirm=confirm)
    runs = {
        name: [(Run(RunTask(make())), True) for _ in range(repeat)] for name, make in makers.items()
    }
    return _made(runs, checks, "", blind=blind)


def _made(
    runs: Mapping[str, list[tuple[Run, bool]]],
    checks: Mapping[str, Check] | None,
    message: str,
    *,
    blind: bool,
) -> Comparison:
    sides = []
    redacts = []
    for name, own in runs.items():
        run, is_own = own[0]
        state = run._live.state  # noqa: SLF001  # what it is, as its view says
        redacts.append(run._live.redact)  # noqa: SLF001  # as above
        sides.append(
            Side(
                name=name,
                kind=state.kind,
                target=state.name,
                origin=state.origin,
                runs=len(own),
                is_given=not is_own,
            )
        )

    def redact(text: str) -> str:
        for each in redacts:
            text = each(text)
        return text

    content = Content(
        sides=tuple(sides),
        rounds=max(side.runs for side in sides),
        checks=_checked_checks(checks),
        message=redact(message),
        redact=redact,
    )
    return Comparison(content, list(runs.values()), checks or {}, expect, blind=blind)


def _maker(
    side: Target,
    message: object,
    on_approval: PolicyFunction | None,
    options: Mapping[str, Any],
) -> Callable[[], Plan]:
    """Check what a side is asked, before anything is sent; returns what makes the plan of a run."""
    given = _given(options)
    if isinstance(side, Workflow):
        if message is not None and not isinstance(message, Mapping):
            raise WrongTypeError(
                "A workflow is asked by its variables: pass a dictionary as the message, not "
                f"{type(message).__name__}. Nothing was sent."
            )
        if given:
            raise WrongTypeError(f"A workflow takes no {', '.join(given)}. Nothing was sent.")
        variables = side._body(dict(message or {}), {})  # noqa: SLF001  # of this folder
        return lambda: side._plan(variables)  # noqa: SLF001  # of this folder
    if isinstance(side, Orchestration):
        body = side._body(message, None, given)  # type: ignore[arg-type]  # noqa: SLF001  # it is checked there
        return lambda: side._plan(body)  # noqa: SLF001  # of this folder
    check_policy(on_approval)
    asked = agent_body(message, None, given)
    return lambda: side._plan(asked, on_approval)  # noqa: SLF001  # of this folder


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _read(side: object) -> Run:
    if isinstance(side, Run):
        return side
    if not isinstance(side, str | os.PathLike):
        raise WrongTypeError(f"A side is {_SIDES}, not {type(side).__name__}. Nothing was sent.")
    read = replay(side)
    if not isinstance(read, Run):
        raise WrongTypeError(f"{os.fspath(side)} holds a chat: a side is {_SIDES}.")
    return read


def _checked_sides(sides: object) -> dict[str, Any]:
    if not isinstance(sides, Mapping):
        raise WrongTypeError(
            'compare takes sides by name, such as {"v1": a, "v2": b}, not '
            f"{type(sides).__name__}."
        )
    named = dict(sides)
    _check_names(named)
    for side in named.values():
        if not isinstance(side, Target | Run | str | os.PathLike):
            raise WrongTypeError(
                f"A side is {_SIDES}, not {type(side).__name__}. Nothing was sent."
            )
    return named


def _check_names(named: Mapping[Any, Any]) -> None:
    for name in named:
        if not isinstance(name, str) or not name.strip():
            raise WrongTypeError(f"The name of a side is a text, not {name!r}. Nothing was sent.")
    if not 2 <= len(named) <= _MOST_SIDES:  # noqa: PLR2004  # one alone is compared with nothing
        raise InvalidValueError(
            f"A comparison has 2 to {_MOST_SIDES} sides, not {len(named)}. Nothing was sent."
        )


def _check_repeat(repeat: object, sides: int, *, confirm: bool) -> None:
    if not isinstance(repeat, int) or isinstance(repeat, bool):
        raise WrongTypeError(
            f"repeat takes a whole number, not {type(repeat).__name__}. Nothing was sent."
        )
    if repeat < 1:
        raise InvalidValueError(f"repeat is 1 or more, not {repeat}. Nothing was sent.")
    most = settings.compare_above
    if most is not None and sides * repeat > most and not confirm:
        raise InvalidValueError(
            f"That starts {sides * repeat:,} runs, more than powawidget.options.compare_above "
            f"({most:,}): confirm=True says that it is meant. Nothing was sent."
        )


def _checked_checks(checks: object) -> tuple[str, ...]:
    if checks is None:
        return ()
    if not isinstance(checks, Mapping):
        raise WrongTypeError(
            'checks takes functions by name, such as {"short": lambda e: e.tokens_under(500)}, not '
            f"{type(checks).__name__}. Nothing was sent."
        )
    for name, check in checks.items():
        if not isinstance(name, str) or not name.strip() or not callable(check):
            raise WrongTypeError(f"The check {name!r} isn't a function with a name.")
    return tuple(checks)
