"""Ids and times, as the service writes them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

_NAMES = uuid.UUID("6f0d7c1e-52a4-4f5b-9f0e-3f2f7a1f9b11")


def now() -> str:
    """The time."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def fixed_id(name: str) -> str:
    """An id that is the same at every start."""
    return str(uuid.uuid5(_NAMES, name))


def drawn_id(generator: random.Random) -> str:
    """A new id of the database."""
    return str(uuid.UUID(int=generator.getrandbits(128), version=4))


def short_id(prefix: str, generator: random.Random) -> str:
    """A new id that clients use, such as `run_5a4c673a59cc`."""
    return f"{prefix}{generator.getrandbits(48):012x}"
