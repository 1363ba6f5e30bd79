"""A world for each test; over all of them no log may hold the key."""

import logging
from collections.abc import Iterator

import pytest

from tests.faults.world import World
from tests.planted import Listening

_LOUD = ("httpx", "httpcore", "powawidget", "asyncio")


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


@pytest.fixture(scope="package", autouse=True)
def _listening() -> Iterator[None]:
    """Every log at its loudest, for all tests of this folder: the key stands in none of it."""
    root, heard = logging.getLogger(), Listening()
    before = {name: logging.getLogger(name).level for name in _LOUD}
    root.addHandler(heard)
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield
    root.removeHandler(heard)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)
    assert heard.heard
    assert not heard.found
