"""How what a page takes to draw grows: twice as many parts, or a text twice as long."""

import pathlib
import statistics
from collections.abc import Iterator

from playwright.sync_api import Page, sync_playwright

from tests.browser import chromium
from tests.browser.conftest import CHROMIUM_ARGUMENTS
from tests.browser.hostile import start_server, watched

SCRIPT = pathlib.Path(__file__).with_suffix(".js")
ROUNDS = 3

# How it is drawn, what of, and how many or how much.
CASES = (
    ("many", "open requests", 400),
    ("growing", "open requests", 400),
    ("growing", "decided requests", 400),
    ("many", "calls", 1_000),
    ("growing", "calls", 1_000),
    ("many", "calls of one tool", 1_000),
    ("many", "delegations", 1_000),
    ("growing", "agents at work", 1_000),
    ("many", "delegations in a group", 1_000),
    ("many", "notices", 1_000),
    ("many", "citations", 1_000),
    ("many", "blocks", 1_000),
    ("many", "steps of reasoning", 1_000),
    ("markdown", "hard breaks", 60_000),
    ("markdown", "breaks without letters", 60_000),
    ("markdown", "code without letters", 60_000),
    ("markdown", "mail addresses", 60_000),
    ("markdown", "web addresses", 60_000),
    ("markdown", "links", 60_000),
    ("markdown", "emphasis", 60_000),
    ("markdown", "entities", 60_000),
    ("markdown", "tags", 60_000),
    ("markdown", "paragraphs", 60_000),
    ("markdown", "table cells", 60_000),
    ("markdown", "definitions", 60_000),
)


def lines() -> Iterator[str]:
    """Draw each in a page of its own widget, and tell the result when it is there."""
    with start_server() as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.find(playwright.chromium.executable_path),
            args=CHROMIUM_ARGUMENTS,
        )
        with watched(browser, server, "/") as watch:
            watch.page.evaluate(f"() => {{{SCRIPT.read_text(encoding='utf-8')}}}")
            for how, what, size in CASES:
                yield _growth(watch.page, how, what, size)
            for field in watch.page.evaluate("drawing.fields"):
                longest = watch.page.evaluate("(name) => drawing.field(name)", field)["longest"]
                yield (
                    f"200 kB of hidden characters in {field}: longest task {longest:.0f} ms "
                    "(goal: at most 200)"
                )
        browser.close()


def _growth(page: Page, how: str, what: str, size: int) -> str:
    def cost(count: int) -> float:
        took = page.evaluate(f"([name, count]) => drawing.{how}(name, count)", [what, count])
        return float(took["ms"])

    cost(size // 4)  # what is compiled once
    pairs = [(cost(size), cost(2 * size)) for _ in range(ROUNDS)]
    ratio = statistics.median(twice / once for once, twice in pairs)
    once, twice = (statistics.median(each) for each in zip(*pairs, strict=True))
    one_by_one = ", as they come" if how == "growing" else ""
    unit = " characters" if how == "markdown" else ""
    return (
        f"drawing {what}{one_by_one}: {once:.0f} ms for {size:,}{unit}, {twice:.0f} ms for twice "
        f"as many, {ratio:.2f} times (goal: at most 2.5)"
    )
