"""The modules of the front end that a page asks for when it first needs them.

The core travels with every widget; what only some runs show is sent once a page. The build packs
each module into `static/modules/`. Modules go out as text: jupyter_server reads what comes from a
kernel gateway as text, and a binary message would end a notebook's connection for good.
"""

import base64
import functools
import gzip
import hashlib
import pathlib

_FOLDER = pathlib.Path(__file__).parents[1] / "static" / "modules"
_ENDING = ".js.gz"


@functools.cache
def _names() -> frozenset[str]:
    return frozenset(path.name.removesuffix(_ENDING) for path in _FOLDER.glob(f"*{_ENDING}"))


@functools.lru_cache(maxsize=16)
def _read(name: str) -> tuple[str, str]:
    packed = (_FOLDER / f"{name}{_ENDING}").read_bytes()
    code = gzip.decompress(packed)
    return hashlib.sha256(code).hexdigest()[:16], base64.b64encode(packed).decode()


def module(name: object) -> tuple[str, str] | None:
    """Give a module of the front end.

    Returns:
        The hash of its code, as the core knows it, and the code, in gzip and base64; None where
        there is none of that name.
    """
    return _read(name) if isinstance(name, str) and name in _names() else None
