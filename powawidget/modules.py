"""The parts of the front end that a page asks for when it first needs them.

The core travels with every widget; what only some runs show is sent once a page, as a binary
message. The build puts each part into `static/modules/`.
"""

import functools
import hashlib
import pathlib

_FOLDER = pathlib.Path(__file__).parent / "static" / "modules"


@functools.cache
def _names() -> frozenset[str]:
    return frozenset(path.stem for path in _FOLDER.glob("*.js"))


@functools.lru_cache(maxsize=16)
def _read(name: str) -> tuple[str, bytes]:
    code = (_FOLDER / f"{name}.js").read_bytes()
    return hashlib.sha256(code).hexdigest()[:16], code


def module(name: object) -> tuple[str, bytes] | None:
    """Give a part of the front end.

    Args:
        name: Its name, as a page sent it.

    Returns:
        The hash of its content, as the core knows it, and its code; None where there is none of
        that name.
    """
    return _read(name) if isinstance(name, str) and name in _names() else None
