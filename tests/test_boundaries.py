"""The core knows no network and no widget, and one module alone knows httpx."""

import ast
import subprocess
import sys

import pytest

import powawidget
from tests.street import ROOT

PACKAGE = ROOT / "powawidget"
CORE = ["sse", "text", "state", "ops", "events", "failures", "reduce", "transcript"]
FOREIGN = {"httpx", "asyncio", "anywidget", "ipywidgets", "traitlets", "threading", "IPython"}


def imports(source: str) -> set[str]:
    """The top packages that a module's text imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("module", CORE)
def test_the_core_imports_neither_network_nor_widget(module: str) -> None:
    place = PACKAGE / f"{module}.py"
    files = [place] if place.exists() else sorted((PACKAGE / module).glob("*.py"))
    assert files
    for file in files:
        assert imports(file.read_text(encoding="utf-8")).isdisjoint(FOREIGN), file.name


def test_the_core_loads_without_network_and_widget() -> None:
    """The package's own `__init__` loads all; so it is passed by."""
    program = f"""
import sys, types
package = types.ModuleType("powawidget")
package.__path__ = [{str(PACKAGE)!r}]
sys.modules["powawidget"] = package
for name in {CORE!r}:
    __import__("powawidget." + name)
found = {FOREIGN - {"threading"}!r} & set(sys.modules)
assert not found, found
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_only_the_client_knows_httpx() -> None:
    knowing = [
        file.relative_to(PACKAGE).as_posix()
        for file in PACKAGE.rglob("*.py")
        if "httpx" in imports(file.read_text(encoding="utf-8"))
    ]
    assert knowing == ["client.py"]


def test_no_type_of_httpx_is_public() -> None:
    for name in powawidget.__all__:
        bases = getattr(getattr(powawidget, name), "__mro__", ())
        assert not [base for base in bases if base.__module__.startswith("http")], name
