"""A board in a real JupyterLab: read, filtered, sorted and opened while its batch runs."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.boards import SETUP
from tests.browser.deciding import armed
from tests.browser.lab import Lab
from tests.browser.test_accessibility import AXE, is_clean

LONG = 60_000
ROWS = 2_000
# The first ones end at once but for a few; all others wait for the test.
MANY = f"""\
more = {{2: "odd one", 5: "will fail", 7: "slow first"}}
more |= {{n: f"slow {{n}}" for n in range(60, {ROWS})}}
many = pb.agent("Triage").map(tickets({ROWS}, more), "{{text}}", key="id", schema=Ticket,
                              concurrency=20)
many"""


def shown(lab: Lab, page: Page, name: str, *cells: str) -> Locator:
    """Run a notebook whose last cell shows a board, and wait until its first rows are over."""
    lab.write_notebook(name, [SETUP, *cells])
    lab.open(page, name)
    lab.run_all(page)
    board = page.locator(".pw-board")
    expect(row(board, 6).locator(".pw-standing.pw-is-done")).to_be_visible(timeout=LONG)
    return board


def row(board: Locator, place: int) -> Locator:
    return board.locator(f'[data-place="{place}"]')


def count(board: Locator, standing: str) -> Locator:
    return board.locator(f".pw-filter.pw-is-{standing} b")


def test_a_board_is_read_while_its_batch_runs(
    lab: Lab, page: Page, powabase: Any, go: Path
) -> None:
    del powabase
    board = shown(lab, page, "board.ipynb", MANY)
    expect(board.locator(".pw-head")).to_contain_text("agent Triage · 2,000 rows")
    expect(count(board, "done")).to_have_text("57", timeout=LONG)
    expect(count(board, "running")).to_have_text("20")
    expect(row(board, 2).locator(".pw-board-chip")).to_contain_text("answer doesn't fit")
    expect(row(board, 7).locator(".pw-board-time")).to_have_text(re.compile(r"\d"))

    # The wheel: rows far below come, and those that have left aren't there.
    box = board.locator(".pw-board-box")
    box.evaluate("box => { box.scrollTop = 31 * 1500; }")
    expect(row(board, 1502)).to_contain_text("slow 1502", timeout=LONG)
    assert board.locator(".pw-board-row").count() < 60

    # A filter counts, and shows the rows that it counts; a search within it.
    board.get_by_role("button", name="2 failed", exact=True).click()
    expect(board.locator("[data-place]")).to_have_count(2, timeout=LONG)
    board.get_by_role("searchbox").press_sequentially("WILL")
    expect(board.locator("[data-place]")).to_have_count(1, timeout=LONG)
    board.get_by_role("searchbox").press("Escape")
    expect(board.locator("[data-place]")).to_have_count(2, timeout=LONG)

    # A row opens in place to its run, by keys, and closes; the notebook stays in command mode.
    row(board, 2).focus()
    page.keyboard.press("Enter")
    run = row(board, 2).locator(".pw")
    expect(run.locator(".pw-answer")).to_contain_text("orders", timeout=LONG)
    page.keyboard.press("ArrowDown")
    expect(row(board, 5)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    expect(row(board, 2)).to_have_attribute("aria-expanded", "false")

    # Sorted, and back; a row that runs opens live, and is told on while it is open.
    board.get_by_role("button", name=re.compile("All")).click()
    category = board.get_by_role("button", name="category", exact=True)
    heading = board.get_by_role("columnheader", name="category")
    category.click()
    expect(board.locator("[data-at='0']")).to_contain_text("cannot", timeout=LONG)
    expect(heading).to_have_attribute("aria-sort", "ascending")
    category.click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    category.click()
    expect(board.locator("[data-at='0']")).to_contain_text("1182", timeout=LONG)
    row(board, 7).click()
    live = row(board, 7).locator(".pw")
    expect(live.locator(".pw-status")).to_have_text("Running", timeout=LONG)

    # Stopped: nothing new starts, and what runs goes on to its end.
    board.get_by_role("button", name="Stop").first.click()
    expect(board.locator(".pw-head .pw-status").first).to_have_text("Stopping", timeout=LONG)
    go.touch()
    expect(board.locator(".pw-head .pw-status").first).to_have_text("Stopped", timeout=LONG)
    expect(live.locator(".pw-status")).to_have_text("Done", timeout=LONG)
    expect(count(board, "done")).to_have_text("77")
    expect(board.get_by_role("button", name="Go on")).to_be_enabled()
    lab.wait_idle(page)
    page.add_script_tag(path=AXE)
    is_clean(page, ".pw-board")


@pytest.mark.own_page
def test_a_page_that_is_loaded_again_shows_the_batch_as_it_is(
    lab: Lab, page: Page, powabase: Any, go: Path
) -> None:
    del powabase
    lab.load(page)
    board = shown(lab, page, "again.ipynb", MANY)
    expect(count(board, "done")).to_have_text("57", timeout=LONG)
    lab.reload(page)
    again = page.locator(".pw-board")
    expect(count(again, "done")).to_have_text("57", timeout=LONG)
    expect(row(again, 7)).to_contain_text("running")
    transcript = page.locator(".powawidget-transcript")
    expect(transcript).to_be_hidden()
    again.get_by_role("button", name="Stop").click()
    expect(again.locator(".pw-status").first).to_have_text("Stopping", timeout=LONG)
    go.touch()
    expect(count(again, "done")).to_have_text("77", timeout=LONG)
    expect(again.locator(".pw-status").first).to_have_text("Stopped", timeout=LONG)


NAMES = {0: "delete Ada", 1: "delete Ben", 2: "delete Cleo", 3: "purge Dev"}
ASKING = f"""\
texts = {NAMES}
asking = pb.agent("Keeper").map(tickets(4, texts), "{{text}}", key="id", concurrency=4)
asking"""
LEDGER = """\
asking.wait(display=False)
for key in asking:
    for one in asking[key].approvals:
        print(key, one.decision, one.by, one.reason)
paths = [path.rpartition("/")[2] for method, path, body in server.requests if method == "POST"]
print({name: paths.count(name) for name in ("stream", "approve")})"""


def to_card(page: Page, run: Locator) -> None:
    """Go by Tab from a row to the card of its run."""
    card = run.locator(".pw-ask")
    expect(card).to_be_visible(timeout=LONG)
    for _ in range(12):
        page.keyboard.press("Tab")
        if card.evaluate("card => card === document.activeElement"):
            return
    raise AssertionError("the card isn't reached by Tab")


def following_row(board: Locator, asked: list[int]) -> Locator:
    """Give the row that "Next to decide" led to, which has the focus, and note its place."""
    focused = board.locator("[data-place]:focus")
    expect(focused).to_have_count(1)
    place = int(str(focused.get_attribute("data-place")))
    assert place not in asked
    asked.append(place)
    return row(board, place)


def test_rows_that_wait_are_decided_on_in_their_places(lab: Lab, page: Page, powabase: Any) -> None:
    del powabase
    lab.write_notebook("asking.ipynb", [SETUP, ASKING, LEDGER])
    lab.open(page, "asking.ipynb")
    lab.run_all(page)  # the last cell holds the kernel meanwhile
    board = page.locator(".pw-board")
    # Three are in flight, whatever was asked for; the others are left.
    expect(count(board, "waiting")).to_have_text("3", timeout=LONG)
    expect(count(board, "left")).to_have_text("1")
    following = board.locator(".pw-board-next")
    expect(following).to_contain_text(re.compile(r"Next to decide[45]:\d\d left"))
    expect(row(board, 1)).to_contain_text(re.compile(r"waiting for you[45]:\d\d left"))

    # By the mouse: the way to the one that asked first, its card in place, all it would do. All
    # three were sent at once: which asks first is the server's.
    following.click()
    opened = board.locator('[data-place][aria-expanded="true"]')
    expect(opened).to_have_count(1)
    asked = [int(str(opened.get_attribute("data-place")))]
    first = row(board, asked[0])
    expect(first.locator(".pw-ask")).to_contain_text(NAMES[asked[0]], timeout=LONG)
    armed(first).click()
    expect(first.locator(".pw-decided")).to_contain_text("Approved by a person", timeout=LONG)

    # That made room for one that nobody decides on in time: it says so.
    expect(row(board, 3)).to_contain_text("approval expired", timeout=LONG)
    expect(count(board, "failed")).to_have_text("1")

    # By the keys: on to the next from there, a denial with its reason, and an approval.
    first.get_by_role("button", name="Next to decide (2)").focus()
    page.keyboard.press("Enter")
    second = following_row(board, asked)
    to_card(page, second)
    page.keyboard.press("d")
    page.keyboard.type("not ours")
    page.keyboard.press("Enter")
    expect(second.locator(".pw-decided")).to_contain_text("not ours", timeout=LONG)
    second.get_by_role("button", name="Next to decide (1)").focus()
    page.keyboard.press("Enter")
    third = following_row(board, asked)
    to_card(page, third)
    armed(third)
    page.keyboard.press("a")
    expect(third.locator(".pw-decided")).to_contain_text("Approved by a person", timeout=LONG)

    # The ledger: each decided once, by whom; each row sent once, one decision each.
    expect(count(board, "done")).to_have_text("3", timeout=LONG)
    expect(following).to_have_count(0)
    told = lab.output(page, 2)
    expect(told).to_contain_text("{'stream': 4, 'approve': 3}", timeout=LONG)
    first_key, second_key, third_key = (1182 + place for place in asked)
    for line in (
        f"{first_key} approved click None",
        f"{second_key} denied click not ours",
        f"{third_key} approved click None",
        "1185 expired deadline None",
    ):
        expect(told).to_contain_text(line)
    lab.wait_idle(page)
