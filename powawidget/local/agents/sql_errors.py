"""What the service's database says where a conversation's id can't be used.

The service passes it on whole, SQL and parameters (docs/protocol.md#own-session-id).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from powawidget.local.agents.records import USER_ID

if TYPE_CHECKING:
    from powawidget.local.agents.records import Session

LONGEST_ID = 255
_SAID = """(psycopg.errors.{problem}
[SQL:
            INSERT INTO "ai".agent_sessions
            (session_id, agent_id, user_id)
            VALUES (%(session_id)s, %(agent_id)s, %(user_id)s)
        ]
[parameters: {given}]
(Background on this error at: https://sqlalche.me/e/20/gkpj)"""


def why_not(session_id: str, session: Session | None, agent_id: str) -> str | None:
    """Say why a run can't be in a conversation.

    Args:
        session_id: The id that was given.
        session: The conversation of that id, where there is one.
        agent_id: Who runs.

    Returns:
        The error of the database; None where the run can begin.
    """
    if len(session_id) > LONGEST_ID:
        problem = "StringDataRightTruncation) value too long for type character varying(255)"
    elif session is not None and session.agent_id != agent_id:
        problem = (
            "UniqueViolation) duplicate key value violates unique constraint "
            f'"agent_sessions_session_id_key"\nDETAIL:  Key (session_id)=({session_id}) already '
            "exists."
        )
    else:
        return None
    given = {"session_id": session_id, "agent_id": agent_id, "user_id": USER_ID}
    return _SAID.format(problem=problem, given=given)
