"""A blind vote: sides without names, in an order that nobody chose. Pure.

While names are hidden, what a page is told of a side hangs on where it stands, and on nothing else.
"""

import secrets
from collections.abc import Callable, Sequence

import msgspec

LETTERS = "ABCDEFGH"


class Vote(msgspec.Struct, frozen=True, kw_only=True):
    """What a person chose of one round, without knowing the names.

    Attributes:
        repeat: Which round, from 1.
        order: The names in the order in which they were shown, as A, B and so on.
        choice: The name of what was better; None for a tie.
        at: When, in seconds since the epoch.
    """

    repeat: int
    order: tuple[str, ...]
    choice: str | None
    at: float


class Ballot:
    """The votes on a comparison, and whether its names are hidden.

    Attributes:
        is_hidden: Whether they are.
        votes: What was chosen, by round from 0.

    Args:
        names: The sides' names.
        rounds: How many rounds there are.
        is_hidden: Whether the names are hidden from the beginning.
        shuffle: Puts a list into another order.
    """

    def __init__(
        self,
        names: Sequence[str],
        rounds: int,
        *,
        is_hidden: bool = False,
        shuffle: Callable[[list[int]], None] | None = None,
    ) -> None:
        self._names = tuple(names)
        self._rounds = rounds
        self._shuffle = shuffle or secrets.SystemRandom().shuffle
        self.is_hidden = is_hidden
        self.votes: dict[int, Vote] = {}
        self._orders = self._drawn()

    def order(self, turn: int) -> list[int]:
        """Tell which side stands where in a round."""
        return list(self._orders[turn]) if self.is_hidden else list(range(len(self._names)))

    def label(self, turn: int, side: int) -> str:
        """Tell what a side is called in a round: its name, or a letter while that is hidden."""
        return LETTERS[self.order(turn).index(side)] if self.is_hidden else self._names[side]

    def letter(self, turn: int, side: int) -> str | None:
        """Tell by which letter a side was known to who voted on a round; None where nobody did."""
        vote = self.votes.get(turn)
        return None if vote is None else LETTERS[vote.order.index(self._names[side])]

    def hide(self) -> bool:
        """Hide the names, in a new order; returns whether there is anything left to vote on."""
        if self.is_hidden or len(self.votes) == self._rounds:
            return False
        self._orders = self._drawn()
        self.is_hidden = True
        return True

    def reveal(self) -> bool:
        """Show the names; returns whether they were hidden."""
        was_hidden, self.is_hidden = self.is_hidden, False
        return was_hidden

    def cast(self, turn: int, place: int | None, now: float) -> bool:
        """Vote on a round, once; the last round's vote shows the names.

        Args:
            turn: The round, from 0.
            place: Where the better side stands; None for a tie.
            now: The time.

        Returns:
            Whether the vote counts.
        """
        if not self.is_hidden or turn in self.votes or not 0 <= turn < self._rounds:
            return False
        order = self._orders[turn]
        if place is not None and not 0 <= place < len(order):
            return False
        self.votes[turn] = Vote(
            repeat=turn + 1,
            order=tuple(self._names[side] for side in order),
            choice=None if place is None else self._names[order[place]],
            at=now,
        )
        if len(self.votes) == self._rounds:
            self.is_hidden = False
        return True

    def outcome(self, turn: int, side: int) -> str | None:
        """Tell what a side's run got in a round: won, lost, tie; None where nobody voted."""
        vote = self.votes.get(turn)
        if vote is None:
            return None
        if vote.choice is None:
            return "tie"
        return "won" if vote.choice == self._names[side] else "lost"

    def _drawn(self) -> list[list[int]]:
        orders = []
        for _ in range(self._rounds):
            order = list(range(len(self._names)))
            self._shuffle(order)
            orders.append(order)
        return orders
