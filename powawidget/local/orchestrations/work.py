"""What a strategy works with: the orchestration's own frames, and its members."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from powawidget.local.agents.emitter import Emitter
from powawidget.local.agents.script import Agent, Turn
from powawidget.local.agents.steps import Steps
from powawidget.local.endings import Failed, Stopped
from powawidget.local.orchestrations.records import ChildRun

if TYPE_CHECKING:
    from powawidget.local.agents.emitter import Send
    from powawidget.local.channel import Channel
    from powawidget.local.orchestrations.definition import Member, Orchestration

History = tuple[tuple[str, str], ...]
TOKENS = (
    "prompt_tokens",
    "completion_tokens",
    "reasoning_tokens",
    "cached_tokens",
    "total_tokens",
)


@dataclass(frozen=True)
class Outcome:
    """How a strategy ended.

    Args:
        answer: The answer alone, which the stream doesn't set apart.
        steps: How many steps it took.
        usage: What it cost, empty where that was never counted.
        error: Why it failed, or None.
    """

    answer: str = ""
    steps: int = 0
    usage: dict[str, int] = field(default_factory=dict)
    error: str | None = None

    @property
    def status(self) -> str:
        """Completed or failed."""
        return "completed" if self.error is None else "failed"


@dataclass
class Work:
    """One orchestration's run, as a strategy sees it.

    Args:
        orchestration: What runs.
        turn: What the message is and was.
        send: Where all frames go, the members' too.
        channel: What a script may act on.
        rate: Tokens a second.
        gone: Whether nobody needs the work any more.
        new_id: Draws the id of a member's run.
        keep: Stores a member's run.
    """

    orchestration: Orchestration
    turn: Turn
    send: Send
    channel: Channel
    rate: float = field(kw_only=True)
    gone: Callable[[], bool] = field(kw_only=True)
    new_id: Callable[[], str] = field(kw_only=True)
    keep: Callable[[ChildRun], None] = field(kw_only=True)

    def __post_init__(self) -> None:
        self.emitter = Emitter(self.send)

    def emit_documented(self, name: str, /, **fields: Any) -> None:
        """Send a frame that only the documented dialect has."""
        self.send({}, {"event": name, **fields})

    def draw(self) -> random.Random:
        """Draw a generator, so that what one member draws doesn't depend on the others' pace."""
        return random.Random(self.turn.random.getrandbits(64))  # noqa: S311  # ids, not secrets

    def steps(self, agent: Agent, turn: Turn) -> Steps:
        """Make the steps of an agent of the orchestration's own: its supervisor or its merge."""
        return self._steps(agent, turn, self.emitter)

    async def member(
        self,
        member: Member,
        message: str,
        history: History = (),
        *,
        run_id: str | None = None,
        generator: random.Random | None = None,
    ) -> ChildRun:
        """Let a member work.

        Args:
            member: The member.
            message: What it is asked.
            history: The turns before.
            run_id: The id of its run; None draws one.
            generator: What it draws from; None draws one.

        Returns:
            Its run, which is stored.

        Raises:
            Stopped: Nobody needs the work any more.
        """
        run_id = self.new_id() if run_id is None else run_id
        generator = self.draw() if generator is None else generator
        # The service applies neither hooks nor rules of a member.
        agent = replace(member.agent, hooks=(), script=member.script or member.agent.script)
        emitter = Emitter(lambda frame, more: self.send(frame, {"agent": agent.name, **more}))
        turn = replace(self.turn, message=message, history=history, random=generator)
        steps = self._steps(agent, turn, emitter)
        error = await run_agent(steps)
        run = ChildRun(
            run_id=run_id,
            agent=agent.name,
            model=agent.model,
            content=steps.text if error else steps.done[-1].text,
            error=error,
            steps=0 if error else len(steps.done),
            usage=None if error else steps.usage,
            tool_calls=[] if error else steps.calls,
            events=emitter.frames,
        )
        self.keep(run)
        return run

    def _steps(self, agent: Agent, turn: Turn, emitter: Emitter) -> Steps:
        return Steps(
            agent,
            turn,
            emitter,
            self.channel,
            rate=self.rate,
            gone=self.gone,
        )


async def run_agent(steps: Steps) -> str | None:
    """Let an agent work to its end.

    Args:
        steps: Its steps.

    Returns:
        Why it failed, or None.

    Raises:
        Stopped: Nobody needs the work any more.
    """
    try:
        await steps.drive()
        steps.finish()
    except Stopped:
        raise
    except Failed as failure:
        return str(failure)
    except Exception as failure:  # noqa: BLE001  # whatever a member raises is its failure
        return str(failure) or type(failure).__name__
    return None


def total(usages: list[dict[str, int] | None]) -> dict[str, int]:
    """Add up what several agents cost."""
    return {name: sum((usage or {}).get(name, 0) for usage in usages) for name in TOKENS}
