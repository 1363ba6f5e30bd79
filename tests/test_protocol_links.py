"""Every citation of the protocol, and every link of the documents, leads somewhere."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.walk import ROOT

PROTOCOL = ROOT / "docs" / "protocol.md"
DOCUMENTS = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
CODE = [
    path
    for folder in ("powawidget", "js/src", "js/test", "tests")
    for kind in ("*.py", "*.ts", "*.tsx", "*.md")
    for path in sorted((ROOT / folder).rglob(kind))
    if path != Path(__file__).resolve() and not {"static", "node_modules"} & {*path.parts}
]
# `docs/protocol.md#one`, or `docs/protocol.md#one, #two and #three`; a comment may break between.
ANCHORS = r"#[a-z][a-z0-9-]*(?:(?:,| and)\s+(?:(?:#|//|\*)\s+)?#[a-z][a-z0-9-]*)*"
CITATION = re.compile(rf"docs/protocol\.md({ANCHORS})")
OLD = re.compile(r"(?i)\bwire\s+(?:#\s+)?protocol\b|\b(?<!RFC )sections?\s+(?:#\s+)?[0-9]+\b")
WRITTEN = re.compile(r'<a id="([^"]+)"></a>')
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def cited(text: str) -> list[str]:
    return [
        name for found in CITATION.finditer(text) for name in re.findall(r"#([a-z0-9-]+)", found[1])
    ]


def anchors(path: Path) -> list[str]:
    """The anchors of a document: those written out, and those that its headings make."""
    text = re.sub(r"(?s)^```.*?^```", "", path.read_text("utf-8"), flags=re.MULTILINE)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    made = (re.sub(r"[^\w\- ]", "", each.lower()).strip().replace(" ", "-") for each in headings)
    return [*WRITTEN.findall(text), *made]


def links(path: Path) -> Iterator[tuple[Path, str]]:
    """The file and the anchor of each link that stays within the project."""
    for target in LINK.findall(path.read_text("utf-8")):
        if not re.match(r"[a-z]+:", target):
            file, _, anchor = target.partition("#")
            yield (path.parent / file if file else path), anchor


def test_every_citation_leads_to_a_rule() -> None:
    known = set(WRITTEN.findall(PROTOCOL.read_text("utf-8")))
    found = {path: cited(path.read_text("utf-8")) for path in [*CODE, *DOCUMENTS]}
    wrong = {
        f"{path.relative_to(ROOT)}: #{name}"
        for path, names in found.items()
        for name in names
        if name not in known
    }
    assert not wrong
    assert len([*itertools.chain(*found.values())]) > 100


def test_a_citation_that_leads_nowhere_would_be_found() -> None:
    text = "# Rules (docs/protocol.md#text-whole,\n# #nowhere and #deadline). Not #this."
    assert cited(text) == ["text-whole", "nowhere", "deadline"]


def test_the_protocol_is_cited_by_its_anchors_alone() -> None:
    bare = re.compile(r"docs/protocol\.md(?!#)")
    texts = {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in CODE}
    old = {name: OLD.findall(text) for name, text in texts.items() if OLD.search(text)}
    assert not old
    assert {name for name, text in texts.items() if bare.search(text)} <= {
        "powawidget/state/reduce/__init__.py"  # which says where all the rules are
    }


def test_no_anchor_stands_twice() -> None:
    written = WRITTEN.findall(PROTOCOL.read_text("utf-8"))
    assert len(written) == len(set(written))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_of_a_document_leads_somewhere(path: Path) -> None:
    for target, anchor in links(path):
        assert target.exists(), target
        assert not anchor or anchor in anchors(target), f"{target}#{anchor}"


def test_every_path_that_contributing_names_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    paths = re.findall(r"`((?:powawidget|js|tests|docs|notebooks)/[\w./*-]+)`", text)
    assert len(paths) > 30
    built = "powawidget/static/"  # which a clone doesn't have
    assert [path for path in paths if path != built and not any(ROOT.glob(path))] == []
