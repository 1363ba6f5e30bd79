"""Names that a file may have."""

import os


def can_be_named(name: str) -> bool:
    """Tell whether this system's files may have a name: no NUL is in it, and no half character.

    Python raises a ValueError of its own for these, from wherever the file is first touched.
    """
    try:
        return b"\0" not in os.fsencode(name)
    except UnicodeEncodeError:
        return False
