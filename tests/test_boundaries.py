"""Arrows run one way, the core knows no network and no widget, one folder alone knows httpx."""

import ast
import subprocess
import sys

import pytest

import powawidget
from tests.walk import ROOT

PACKAGE = ROOT / "powawidget"
CORE = ["protocol", "state", "spans", "transcript"]
FOREIGN = {"httpx", "asyncio", "anywidget", "ipywidgets", "traitlets", "threading", "IPython"}

# What a person waits for only who uses it.
LATER = {
    "markdown_it",
    "anywidget",
    "ipywidgets",
    "traitlets",
    "IPython",
    "pandas",
    "starlette",
} | {
    *("opentelemetry", "narwhals", "polars", "pyarrow", "pydantic", "jsonschema"),
}


def test_arrows_run_one_way() -> None:
    """The contracts stand in pyproject.toml; what is broken is printed.

    In a process of its own: it silences the loggers of the one that it runs in.
    """
    program = "import importlinter.cli as cli, sys; sys.exit(cli.lint_imports(no_cache=True))"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


def test_import_loads_nothing_that_is_needed_later_only() -> None:
    program = f"""
import sys
import powawidget
found = {LATER!r} & set(sys.modules)
assert not found, found
"""
    subprocess.run([sys.executable, "-c", program], check=True)


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
    files = sorted((PACKAGE / module).rglob("*.py"))
    assert files
    for file in files:
        assert imports(file.read_text(encoding="utf-8")).isdisjoint(FOREIGN), file.name


def test_the_core_loads_without_network_and_widget() -> None:
    """The package's own `__init__` loads all; so it is passed by."""
    files = [file for folder in CORE for file in (PACKAGE / folder).rglob("*.py")]
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]
    program = f"""
import sys, types
package = types.ModuleType("powawidget")
package.__path__ = [{str(PACKAGE)!r}]
sys.modules["powawidget"] = package
for name in {names!r}:
    __import__(name.removesuffix(".__init__"))
found = {FOREIGN - {"threading"}!r} & set(sys.modules)
assert not found, found
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_one_folder_alone_knows_httpx() -> None:
    knowing = {
        file.relative_to(PACKAGE).parts[0]
        for file in PACKAGE.rglob("*.py")
        if "httpx" in imports(file.read_text(encoding="utf-8"))
    }
    assert knowing == {"http"}


def test_no_type_of_httpx_is_public() -> None:
    for name in powawidget.__all__:
        bases = getattr(getattr(powawidget, name), "__mro__", ())
        assert not [base for base in bases if base.__module__.startswith("http")], name
