"""How far tests look that try many cases: the same few on each push, others each night.

`POWAWIDGET_TESTS=nightly` tries many, `POWAWIDGET_SEED` says where those begin that are numbered.
"""

import os

PROFILE = os.environ.get("POWAWIDGET_TESTS", "push")
SEED = int(os.environ.get("POWAWIDGET_SEED", "0"))


def examples(push: int, nightly: int) -> int:
    """How many cases to try."""
    return nightly if PROFILE == "nightly" else push
