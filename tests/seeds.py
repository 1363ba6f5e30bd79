"""How far tests look that try many cases: the same few on each push, others each night.

`POWAWIDGET_TESTS=nightly` tries many, `POWAWIDGET_SEED` says where those begin that are numbered.
"""

import os
from typing import TypeVar

PROFILE = os.environ.get("POWAWIDGET_TESTS", "push")
SEED = int(os.environ.get("POWAWIDGET_SEED", "0"))


T = TypeVar("T")


def examples(push: T, nightly: T) -> T:
    """How many cases to try, or which."""
    return nightly if PROFILE == "nightly" else push
