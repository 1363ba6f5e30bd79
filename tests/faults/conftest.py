"""A world for each test; over all of them no log may hold the key."""

from collections.abc import Iterator

import pytest

from tests.faults.world import World
from tests.planted import listening


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _listening() -> Iterator[None]:
    """Every log at its loudest, in each test of this folder: the key stands in none of it."""
    with listening() as heard:
        yield
    assert not heard.found
