"""The modules of the front end that a page asks for when it first needs them.

What only some runs show is sent once a page. The build packs each module into `static/modules/`,
its hash before it. Modules go out as text: jupyter_server reads what comes from a kernel gateway as
text, and a binary message would end a notebook's connection for good.
"""

import functools
import pathlib

_FOLDER = pathlib.Path(__file__).parents[1] / "static" / "modules"
_ENDING = ".b91"


@functools.cache
def _names() -> frozenset[str]:
    return frozenset(path.name.removesuffix(_ENDING) for path in _FOLDER.glob(f"*{_ENDING}"))


@functools.lru_cache(maxsize=16)
def _read(name: str) -> tuple[str, str]:
    digest, packed = (_FOLDER / f"{name}{_ENDING}").read_text(encoding="ascii").split(" ")
    return digest, packed


def module(name: object) -> tuple[str, str] | None:
    """Give a module of the front end.

    Returns:
        What the core knows it by, its name and the hash of all modules, and the code, in gzip and
        base91; None where there is none of that name.
    """
    return _read(name) if isinstance(name, str) and name in _names() else None
