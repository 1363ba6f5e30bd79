"""What the source tree promises about the version and the front end's size."""

import json
import re
import tomllib
from pathlib import Path

import powawidget

ROOT = Path(__file__).parents[2]


def test_the_version_is_in_one_place() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "version" not in pyproject["project"]
    assert pyproject["tool"]["hatch"]["version"] == {"path": "powawidget/__init__.py"}
    assert "version" not in json.loads((ROOT / "js" / "package.json").read_text())


def test_the_changelog_begins_with_the_version() -> None:
    newest = re.search(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None
    assert newest[1] == powawidget.__version__


def test_the_front_end_keeps_its_budget() -> None:
    loader = ROOT / "powawidget" / "static" / "loader.js"
    assert loader.stat().st_size <= 2_500, "each widget instance carries it"
    text = (ROOT / "powawidget" / "static" / "core.b91").read_text()
    unpacker, core = text.split("\n")
    assert len(core) <= 60_000 * 16 / 13, "each page is sent it, two digits for 13 bits"
    assert len(unpacker) <= 1_000, "and what unpacks it"


def test_the_front_end_ships_the_licences_of_what_it_bundles() -> None:
    licences = (ROOT / "powawidget" / "static" / "LICENSES.txt").read_text()
    for name in json.loads((ROOT / "js" / "package.json").read_text())["dependencies"]:
        assert re.search(rf"^{re.escape(name)} \d", licences, re.MULTILINE), name
