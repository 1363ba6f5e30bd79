"""Rows that line up, with generated lists of names."""

from hypothesis import given
from hypothesis import strategies as st

from powawidget.comparison import align
from powawidget.comparison.align import Rows, aligned

NAMES = st.lists(st.sampled_from("abcd"), max_size=9)
LISTS = st.lists(NAMES, min_size=1, max_size=4)


def longest(one: list[str], other: list[str]) -> int:
    """The length of the longest common subsequence, the plain way."""
    if not one or not other:
        return 0
    if one[0] == other[0]:
        return 1 + longest(one[1:], other[1:])
    return max(longest(one[1:], other), longest(one, other[1:]))


def check_rows(places: list[list[int]], lists: list[list[str]]) -> None:
    """What stands in one row has one name, and no list goes back."""
    names: dict[int, str] = {}
    for own, each in zip(places, lists, strict=True):
        assert len(own) == len(each)
        assert own == sorted(set(own))
        for row, name in zip(own, each, strict=True):
            assert names.setdefault(row, name) == name
    assert sorted(names) == list(range(len(names)))


def test_what_both_have_shares_a_row_and_what_one_has_alone_stands_between() -> None:
    assert aligned([["query", "write"], ["query", "check", "write"]]) == [[0, 2], [0, 1, 2]]
    assert aligned([["a", "b"], ["c"], ["a", "c", "b"]]) == [[0, 2], [3], [0, 1, 2]]
    assert aligned([]) == []
    assert aligned([[], ["a"]]) == [[], [0]]


@given(LISTS)
def test_rows_have_one_name_each(lists: list[list[str]]) -> None:
    check_rows(aligned(lists), lists)


@given(NAMES, NAMES)
def test_two_lists_share_as_many_rows_as_they_can(one: list[str], other: list[str]) -> None:
    first, second = aligned([one, other])
    assert len(set(first) & set(second)) == longest(one, other)


@given(NAMES)
def test_a_list_lines_up_with_itself(names: list[str]) -> None:
    assert aligned([names, names, names]) == [list(range(len(names)))] * 3


def test_lists_without_end_are_compared_within_a_bound() -> None:
    """What is beyond the bound stands in rows of its own."""
    one = [f"a{at % 7}" for at in range(2000)]
    other = [f"b{at % 5}" if at % 2 else f"a{at % 7}" for at in range(2000)]
    places = aligned([one, other])
    check_rows(places, [one, other])
    assert len(one) * len(other) > 10 * align._MOST_COMPARED
    assert set(places[0]) & set(places[1])


@given(LISTS, st.randoms(use_true_random=False))
def test_a_row_that_stands_never_moves_while_lists_grow(
    lists: list[list[str]], rng: object
) -> None:
    rows = Rows(len(lists))
    shown: list[list[str]] = [[] for _ in lists]
    while any(len(now) < len(all_) for now, all_ in zip(shown, lists, strict=True)):
        growing = [at for at, all_ in enumerate(lists) if len(shown[at]) < len(all_)]
        at = rng.choice(growing)  # type: ignore[attr-defined]  # hypothesis names no type of it
        shown[at].append(lists[at][len(shown[at])])
        before, names = [list(own) for own in rows.places], list(rows.names)
        rows.update(shown)
        assert rows.names[: len(names)] == names
        for own, was in zip(rows.places, before, strict=True):
            assert own[: len(was)] == was
        check_rows(rows.places, shown)
    rows.settle(lists)
    assert rows.places == aligned(lists)
    assert all(
        rows.names[row] == name
        for own, each in zip(rows.places, lists, strict=True)
        for row, name in zip(own, each, strict=True)
    )


def test_a_run_that_begins_anew_is_placed_anew() -> None:
    rows = Rows(2)
    rows.update([["a", "b"], ["a"]])
    rows.update([["c"], ["a"]])
    assert rows.names == ["c", "a"]
    assert rows.places == [[0], [1]]
