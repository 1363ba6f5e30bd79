"""The clock of one run: the time of day when it began, and from then on what has passed.

A machine's clock is set while runs go on. By that clock a call would have taken minus an hour, and
a request for approval be over that the server still waits for.
"""

import time
from collections.abc import Callable


def steady() -> Callable[[], float]:
    """Make a clock that begins now.

    Returns:
        What gives seconds since the epoch, which never go back or jump.
    """
    begun = time.time() - time.monotonic()
    return lambda: begun + time.monotonic()
