"""Twice as many of one thing cost twice the work, whatever a server repeats: counted, not timed."""

import asyncio
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from tests.bench import growth

FEW = 60
# The work for twice as many: a fixed share makes it less than 2, a quadratic one brings it near 4.
MOST = 2.25


def steps(work: Callable[[], object]) -> int:
    """Count the lines that Python runs."""
    count = 0

    def trace(_frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def ratio(work: Callable[[int], object]) -> float:
    work(5)  # what is imported or made once
    return steps(lambda: work(2 * FEW)) / steps(lambda: work(FEW))


@pytest.mark.parametrize("kind", growth.KINDS)
def test_twice_as_many_frames_are_twice_the_work(kind: str) -> None:
    assert ratio(lambda n: growth.replay(growth.KINDS[kind](n))) < MOST


@pytest.mark.parametrize("work", [growth.restore, growth.children, growth.sequence])
def test_what_is_stored_is_taken_in_linear_work(work: Callable[[int], object]) -> None:
    assert ratio(work) < MOST


def test_a_policy_decides_on_parallel_calls_in_linear_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "LARGE", 100)
    assert ratio(lambda n: asyncio.run(growth.gated(n))) < MOST
