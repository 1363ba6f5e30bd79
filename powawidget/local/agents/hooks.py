"""The hooks of a run: a person's approval, or a machine's edit.

Rules: docs/protocol.md#gates-without-tool and #second-gate. All hooks of one moment run first,
their results are sent afterwards; the first that blocks ends it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from powawidget.local.agents.approvals import Slot
    from powawidget.local.agents.script import Agent, Hook

DEFAULT_TIMEOUT = 300.0
EXPIRED = "Approval timed out"


@dataclass(frozen=True)
class Checked:
    """What became of a subject (a call's arguments, an answer) that went through the hooks.

    Args:
        subject: It, as the hooks left it.
        refusal: Why it may not pass, or None.
    """

    subject: Any
    refusal: str | None = None


@dataclass
class Hooks:
    """An agent's hooks at work in one run.

    Args:
        agent: The agent.
        slot: Where decisions arrive; None where no hook asks for any.
        emit: Sends an engine frame, by its name and fields.
    """

    agent: Agent
    slot: Slot | None
    emit: Callable[..., None]

    async def run(
        self, event: str, subject: Any, *, tool_name: str = "", tool_input: Any = None
    ) -> Checked:
        """Send a subject through the hooks of an event.

        Args:
            event: PreToolUse, PreResponse or OnRunStart.
            subject: What the hooks may edit.
            tool_name: What the request for an approval names; also what matchers look at.
            tool_input: What the request for an approval shows.

        Returns:
            The subject as it may go on, or why it may not.
        """
        results: list[dict[str, Any]] = []
        checked = Checked(subject)
        for position, hook in enumerate(self.agent.hooks):
            if hook.event != event or hook.matcher not in (None, tool_name):
                continue
            asked = time.monotonic()
            shown = checked.subject if event == "PreToolUse" else tool_input
            status, after = await self._one(hook, checked, tool_name, shown)
            results.append(
                {
                    "hook_id": self.agent.hook_id(position),
                    "position": position,
                    "hook_event": event,
                    "status": status,
                    "modified": after.subject != checked.subject,
                    "blocked": after.refusal is not None,
                    "latency_ms": round((time.monotonic() - asked) * 1000),
                    "message": after.refusal,
                }
            )
            checked = after
            if checked.refusal is not None:
                break
        for result in results:
            self.emit("hook_result", **result)
        return checked

    async def _one(
        self, hook: Hook, checked: Checked, tool_name: str, tool_input: Any
    ) -> tuple[str, Checked]:
        if hook.type == "http" or self.slot is None:
            edited = hook.edit(checked.subject) if hook.edit else checked.subject
            return "succeeded", replace(checked, subject=edited)
        answered = self.slot.request()
        self.emit(
            "approval_requested", tool_name=tool_name, tool_input=tool_input, message=hook.message
        )
        seconds = DEFAULT_TIMEOUT if hook.timeout is None else hook.timeout
        decision = await self.slot.wait(answered, seconds)
        if decision is None:
            return "timed_out", replace(checked, refusal=EXPIRED)
        return "succeeded", checked if decision.approved else replace(
            checked, refusal=decision.refusal
        )
