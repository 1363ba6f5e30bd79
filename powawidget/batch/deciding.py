"""Who decides on what the rows of a batch ask, and what follows for how they are sent. Pure."""

from typing import NamedTuple

from powawidget.approvals.policy import PolicyFunction, may_ask
from powawidget.errors import ConfigurationError

MOST_ASKING = 3  # rows in flight that may come to wait: each request expires, after 300 s as a rule


class Deciding(NamedTuple):
    """What follows from who decides.

    Attributes:
        most: How many rows may be in flight at once; None where that sets no limit.
        needs_page: Whether nothing is sent before a page shows the batch, where a person can click.
    """

    most: int | None
    needs_page: bool


UNASKED = Deciding(most=None, needs_page=False)


def deciding_of(
    name: str,
    *,
    has_tools: bool | None,
    is_gated: bool | None,
    policy: PolicyFunction | None,
) -> Deciding:
    """Say what follows for an agent's rows.

    Args:
        name: The agent's name.
        has_tools: Whether it has tools; without any its hooks never run
            (docs/protocol.md#two-kinds). None where that isn't known.
        is_gated: Whether it asks for approvals; None where its hooks can't be read.
        policy: Decides in place of a person, where there is one.

    Raises:
        ConfigurationError: If nobody can tell whether a person will be asked.
    """
    if has_tools is False or is_gated is False:
        return UNASKED
    if policy is not None:
        return Deciding(MOST_ASKING if may_ask(policy) else None, needs_page=False)
    if is_gated is None:
        raise ConfigurationError(
            f"This key can't read whether {name} asks for approvals: say who decides if it does. "
            "on_approval=powawidget.policy() leaves it to a person at the board, "
            'powawidget.policy(otherwise="deny") denies. Nothing was sent.'
        )
    return Deciding(MOST_ASKING, needs_page=True)
