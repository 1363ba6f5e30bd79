"""A blind vote."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from powawidget.comparison.ballot import LETTERS, Ballot


def test_names_are_hidden_until_all_rounds_are_voted_on() -> None:
    ballot = Ballot(["v1", "v2"], 2, is_hidden=True, shuffle=list.reverse)
    assert [ballot.label(0, side) for side in (0, 1)] == ["B", "A"]
    assert ballot.cast(0, 0, 10.0)
    assert ballot.is_hidden
    assert ballot.label(0, 0) == "B"
    assert ballot.cast(1, None, 11.0)
    assert not ballot.is_hidden
    assert [ballot.label(0, side) for side in (0, 1)] == ["v1", "v2"]
    assert ballot.order(0) == [0, 1]
    assert [ballot.outcome(0, side) for side in (0, 1)] == ["lost", "won"]
    assert [ballot.outcome(1, side) for side in (0, 1)] == ["tie", "tie"]
    assert [ballot.letter(0, side) for side in (0, 1)] == ["B", "A"]
    vote = ballot.votes[0]
    assert (vote.repeat, vote.order, vote.choice, vote.at) == (1, ("v2", "v1"), "v2", 10.0)


def test_a_round_is_voted_on_once_and_only_blind() -> None:
    ballot = Ballot(["v1", "v2"], 2)
    assert not ballot.cast(0, 0, 1.0)
    assert ballot.hide()
    assert not ballot.hide()
    assert not ballot.cast(0, 2, 1.0)
    assert not ballot.cast(2, 0, 1.0)
    assert ballot.cast(0, 1, 1.0)
    assert not ballot.cast(0, 0, 2.0)
    assert ballot.reveal()
    assert not ballot.cast(1, 0, 3.0)
    assert (ballot.outcome(1, 0), ballot.letter(1, 0)) == (None, None)
    assert list(ballot.votes) == [0]


def test_every_order_comes_up() -> None:
    seen = {tuple(Ballot(["a", "b", "c"], 1, is_hidden=True).order(0)) for _ in range(2000)}
    assert seen == set(itertools.permutations(range(3)))


def test_hiding_again_draws_anew() -> None:
    drawn = set()
    for _ in range(200):
        ballot = Ballot(["a", "b"], 1, is_hidden=True)
        first = ballot.order(0)
        ballot.reveal()
        ballot.hide()
        drawn.add(ballot.order(0) == first)
    assert drawn == {True, False}


@given(st.integers(2, 8), st.integers(1, 4))
def test_each_side_has_one_place_in_each_round(sides: int, rounds: int) -> None:
    ballot = Ballot([f"v{at}" for at in range(sides)], rounds, is_hidden=True)
    for turn in range(rounds):
        assert sorted(ballot.order(turn)) == list(range(sides))
        labels = [ballot.label(turn, side) for side in ballot.order(turn)]
        assert labels == list(LETTERS[:sides])
