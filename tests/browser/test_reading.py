"""What a person selects or looks for in an answer survives what is written after it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.hostile import start_server, watched

# Selects a text, over whatever nodes it stands in.
SELECT = """([first, last]) => {
  const find = (words) => {
    const nodes = document.createTreeWalker(
      document.querySelector(".pw-text"), NodeFilter.SHOW_TEXT);
    for (let node = nodes.nextNode(); node; node = nodes.nextNode()) {
      const at = node.data.indexOf(words);
      if (at >= 0) return [node, at];
    }
  };
  const [from, start] = find(first);
  const [to, end] = find(last);
  getSelection().setBaseAndExtent(from, start, to, end + last.length);
}"""
SELECTED = "() => getSelection().toString()"
# Where a selection begins: what is selected must stay where it was, and not only what it says.
PLACE = """() => {
  const { left, top } = getSelection().getRangeAt(0).getBoundingClientRect();
  const text = document.querySelector(".pw-text").getBoundingClientRect();
  return [left - text.left, top - text.top].map(Math.round);
}"""
SETTLED = "# Report\n\nThe first paragraph is **done** and stays.\n\n- one\n- two\n\n"
REST = [
    " and on",
    " *it* goes",
    ".\n\n## Next\n\n",
    "| a | b |\n|---|---|\n",
    "| 1 | 2 |\n" * 30,
    "\n```py\n",
    "x = 1\n" * 300,
    "```\n\n[late]: https://example.org\n\n",
    "words and more words, " * 600,
    "\n\nThe end.",
]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with start_server() as server, watched(browser, server, "/") as watch:
        yield watch.page
        assert watch.take() == []


def write(page: Page, *pieces: str) -> None:
    for piece in pieces:
        page.evaluate("(text) => hostile.more(text)", piece)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("first paragraph", "stays"),  # in a settled block
        ("Report", "two"),  # over several of them
        ("The tail", "it gr"),  # in the paragraph that is being written
        ("stays", "The tail"),  # from the one into the other
    ],
)
def test_a_selection_stays_while_the_answer_goes_on(page: Page, first: str, last: str) -> None:
    page.evaluate("(text) => hostile.begin(text)", SETTLED + "The tail as it gr")
    page.evaluate(SELECT, [first, last])
    selected, place = page.evaluate(SELECTED), page.evaluate(PLACE)
    assert selected.startswith(first)
    assert selected.endswith(last)
    for piece in ["ows", *REST]:
        write(page, piece)
        assert page.evaluate(SELECTED) == selected
        assert page.evaluate(PLACE) == place


def test_a_selection_in_a_growing_listing_table_and_list_stays(page: Page) -> None:
    page.evaluate("(text) => hostile.begin(text)", "Start\n\n")
    for head, row, last in (
        ("```py\n", "value_{} = 1\n", "```\n\n"),
        ("| n | m |\n|---|---|\n", "| value_{} | x |\n", "\n"),
        ("", "- value_{} and more\n", "\n"),
        ("", "value_{} and more words, ", "\n\n"),
    ):
        kind = f"{len(head)}{len(row)}"
        write(page, head, row.format(f"{kind}_first"), row.format(f"{kind}_second"))
        page.evaluate(SELECT, [f"value_{kind}_first", f"value_{kind}_first"])
        for i in range(0, 400, 20):
            write(page, "".join(row.format(f"{kind}_{i + j}") for j in range(20)))
            assert page.evaluate(SELECTED) == f"value_{kind}_first"
        write(page, last)
        assert page.evaluate(SELECTED) == f"value_{kind}_first"


def test_a_search_in_the_page_goes_on_from_where_it_was(page: Page) -> None:
    find = "(words) => find(words, true, false, false)"
    text = SETTLED + "The needle one, the needle two"
    page.evaluate("(text) => hostile.begin(text)", text)
    page.evaluate("() => getSelection().removeAllRanges()")
    assert page.evaluate(find, "needle one")
    write(page, ", and the needle three", *REST, " The needle four.")
    assert page.evaluate(SELECTED) == "needle one"
    for words in ("needle two", "needle three", "needle four"):
        assert page.evaluate(find, words)
        assert page.evaluate(SELECTED) == words
    assert not page.evaluate(find, "needle five")


# The distance between each block and the next, by their kinds, at the seam of two boxes of blocks
# and elsewhere; and whether the boxes out of sight are left undrawn.
SEAMS = """() => {
  const md = document.querySelector(".pw-md");
  const parts = [...md.children].filter(({ className }) => className === "pw-part");
  const isDrawn = (part) => part.lastChild.checkVisibility({ contentVisibilityAuto: true });
  const isLeft = !parts.every(isDrawn);
  for (const part of parts) part.style.contentVisibility = "visible";
  const within = (each) => (parts.includes(each) ? [...each.children] : [each]);
  const blocks = [...md.children].flatMap(within);
  const found = { seams: {}, others: {}, isLeft };
  for (const [at, block] of blocks.entries()) {
    const before = blocks[at - 1];
    if (before === undefined) continue;
    const gap = block.getBoundingClientRect().top - before.getBoundingClientRect().bottom;
    const where = before.parentElement === block.parentElement ? "others" : "seams";
    found[where][`${before.localName} ${block.localName}`] = Math.round(gap);
  }
  return found;
}"""


def test_blocks_out_of_sight_are_left_undrawn_and_keep_their_distances(page: Page) -> None:
    # Five blocks in a row, 32 to a box: every kind of seam comes.
    part = "## A heading\n\nA paragraph.\n\n- one\n- two\n\n---\n\n| a |\n|---|\n| 1 |\n\n"
    page.evaluate("(text) => hostile.begin(text)", part * 60)
    found = page.evaluate(SEAMS)
    assert found["isLeft"]
    assert len(found["seams"]) == 5
    assert found["seams"] == {kind: found["others"][kind] for kind in found["seams"]}
