"""What a batch needs of an agent, an orchestration or a workflow."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from powawidget.approvals.policy import PolicyFunction
from powawidget.batch.deciding import UNASKED, Deciding
from powawidget.batch.target import Body, Check, Target, fits
from powawidget.http.client import Client
from powawidget.http.held import BeforeLastByte
from powawidget.http.timeouts import Timeouts
from powawidget.resources.agent import Agent
from powawidget.resources.executions import rows_at
from powawidget.resources.lookup import stored_run
from powawidget.resources.orchestration import Orchestration
from powawidget.resources.sessions import new_session_id
from powawidget.resources.workflow import Workflow
from powawidget.run.plan import Plan
from powawidget.state.about import About, host_of

_MOST_EXECUTIONS = 100


def agent_target(
    agent: Agent,
    *,
    on_approval: PolicyFunction | None = None,
    makes_session: bool = False,
    deciding: Deciding = UNASKED,
    check: Check = fits,
) -> Target:
    """Make the target of an agent.

    Args:
        agent: The agent.
        on_approval: Decides in place of a person, as for `agent.run`.
        makes_session: Whether the server has to make each row's conversation, as for a user's own
            token (docs/protocol.md#rights).
        deciding: What follows from who decides on approvals.
        check: Says what of a result doesn't fit.
    """
    client = agent._client  # noqa: SLF001  # of this folder
    limits = _once(client.timeouts)

    def plan(body: Body, sent: Body, before_last_byte: BeforeLastByte) -> Plan:
        del body  # a conversation's id stands beside the message
        return agent._plan(  # noqa: SLF001  # of this folder
            sent, on_approval, before_last_byte=before_last_byte, timeouts=limits
        )

    return Target(
        kind="agent",
        id=agent.id,
        name=agent.name,
        client=client,
        about=About(host_of(client.url), agent.model or ""),
        new_session_id=new_session_id,
        plan=plan,
        stored=functools.partial(_stored_run, "agent"),
        has_tools=agent._has_tools,  # noqa: SLF001  # of this folder
        makes_session=makes_session,
        on_approval=on_approval,
        deciding=deciding,
        check=check,
    )


def orchestration_target(orchestration: Orchestration, *, check: Check = fits) -> Target:
    """Make the target of an orchestration.

    Args:
        orchestration: The orchestration.
        check: Says what of a result doesn't fit.
    """
    client = orchestration._client  # noqa: SLF001  # of this folder
    limits = _once(client.timeouts)

    def plan(body: Body, sent: Body, before_last_byte: BeforeLastByte) -> Plan:
        del body  # as an agent's
        return orchestration._plan(  # noqa: SLF001  # of this folder
            sent, before_last_byte=before_last_byte, timeouts=limits
        )

    return Target(
        kind="orchestration",
        id=orchestration.id,
        name=orchestration.name,
        client=client,
        about=About(host_of(client.url)),
        new_session_id=new_session_id,
        plan=plan,
        stored=functools.partial(_stored_run, "orchestration"),
        check=check,
    )


def workflow_target(workflow: Workflow, *, check: Check = fits) -> Target:
    """Make the target of a workflow.

    Args:
        workflow: The workflow.
        check: Says what of a result doesn't fit.
    """
    client = workflow._client  # noqa: SLF001  # of this folder
    limits = _once(client.timeouts)

    def plan(body: Body, sent: Body, before_last_byte: BeforeLastByte) -> Plan:
        return workflow._plan(  # noqa: SLF001  # of this folder
            body, before_last_byte, limits, sent=sent
        )

    async def executions(asked: Client) -> Sequence[Mapping[str, Any]]:
        return await rows_at(asked, workflow.id, _MOST_EXECUTIONS)

    return Target(
        kind="workflow",
        id=workflow.id,
        name=workflow.name,
        client=client,
        about=About(host_of(client.url)),
        new_session_id=new_session_id,
        plan=plan,
        stored=workflow._look_up,  # noqa: SLF001  # of this folder
        executions=executions,
        has_starter=workflow._has_starter,  # noqa: SLF001  # of this folder
        check=check,
    )


def _once(timeouts: Timeouts) -> Timeouts:
    """Leave out the tries after the first: a row that was refused is released, and claimed anew."""
    return msgspec.structs.replace(timeouts, retry=(), reconnect=())


async def _stored_run(noun: str, client: Client, run_id: str) -> Any:
    return await stored_run(client, noun, run_id)
