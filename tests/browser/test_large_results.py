"""Results of megabytes: they come whole, are read a little at a time, and the page goes on."""

import json
import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.lab import Lab
from tests.walk import FIXTURES

LONG = 60_000
# Agents cut results off at 50,000 characters; a server need not, and a block of a workflow doesn't.
SETUP = """
import json
import pathlib
import powawidget as pw
from tests.counterpart import Agent, Block, Call, Calls, Edge, Say, Tool, Workflow, start
from powawidget.local.agents import tool_calls

tool_calls.LONGEST_RESULT = 20_000_000

def rows(arguments):
    return json.dumps([
        {"id": i, "late": (i * 7919) % 130_003, "note": f"note {i}"} for i in range(130_000)
    ])

def script(turn):
    yield Calls(Call("rows", {}))
    yield Say("That is all.")

CODE = '''
output = [{"id": i, "late": (i * 7919) % 90_001} for i in range(90_000)]
'''
flow = Workflow(
    "Flow",
    blocks=(
        Block("Start", "starter"),
        Block("Make", "code", {"code": CODE}),
        Block("Response", "response", {"output": "<Make.output>"}),
    ),
    edges=(Edge("Start", "Make"), Edge("Make", "Response")),
)
server = start(
    agents=[Agent("Reporter", script, tools=(Tool("rows", rows),))],
    workflows=[flow],
    tokens_per_second=400,
)
pb = pw.connect(server.url, api_key=server.key)
"""
FIRST = """
first = pw.replay({recorded!r})
display(first)
"""
SAVED = """
first.save("large.json")
saved = json.loads(pathlib.Path("large.json").read_text())
call = next(part for part in saved["run"]["parts"] if part["kind"] == "tool")
value = {
    "list": [[i, [i, i + 1], f"text {i}"] for i in range(125_000)],
    "map": {f"key {i}": {"a": i, "b": [i]} for i in range(125_000)},
}
call |= {"result": json.dumps(value), "full": True, "json": True, "size": None}
pathlib.Path("large.json").write_text(json.dumps(saved))
large = pw.replay("large.json")
display(large)
assert len(large.tool_calls[0].result["list"]) == 125_000
"""
# Clicks a button elsewhere, in a task of its own, once the first percents of a text are read.
CLICK_MEANWHILE = """
(button) => {
  window.clickedWhileReading = null;
  const isReading = () => [...document.querySelectorAll(".pw-note")]
    .some((note) => /^Reading… [1-9]/.test(note.textContent));
  const tasks = new MessageChannel();
  tasks.port1.onmessage = () => {
    window.clickedWhileReading = isReading();
    button.click();
  };
  const watch = new MutationObserver(() => {
    if (!isReading()) return;
    watch.disconnect();
    tasks.port2.postMessage(0);
  });
  watch.observe(document.body, { subtree: true, childList: true, characterData: true });
}
"""


def opened(lab: Lab, page: Page, name: str, *cells: str) -> Locator:
    """Run a notebook whose first widget is a small run; the widgets."""
    recorded = (FIXTURES / "tool.sse").read_bytes()
    lab.write_notebook(name, [SETUP, FIRST.format(recorded=recorded), *cells])
    lab.open(page, name)
    lab.run_all(page)
    widgets = page.locator(".pw")
    expect(widgets.nth(1).locator(".pw-status")).to_have_text("Done", timeout=LONG)
    lab.wait_idle(page)
    return widgets


def open_meanwhile(page: Page, row: Locator, elsewhere: Locator) -> None:
    """Open something large, and click a button elsewhere while it is being read."""
    expect(elsewhere).to_have_attribute("aria-expanded", "false")
    elsewhere.evaluate(CLICK_MEANWHILE)
    row.click()
    expect(elsewhere).to_have_attribute("aria-expanded", "true", timeout=LONG)
    assert page.evaluate("window.clickedWhileReading") is True


def saved_bytes(lab: Lab, page: Page, name: str) -> list[tuple[int, str]]:
    """Save the notebook: how large the outputs of each cell are, and what they hold."""
    lab.command(page, "docmanager:save")
    cells: list[dict[str, Any]] = json.loads((lab.root / name).read_text())["cells"]
    held = [json.dumps(cell["outputs"]) for cell in cells]
    return [(len(text), text) for text in held]


def test_a_result_of_megabytes_is_a_table_and_the_page_goes_on_meanwhile(
    lab: Lab, page: Page
) -> None:
    name = "large_table.ipynb"
    widgets = opened(
        lab, page, name, "run = pb.agent('Reporter').run('x')\ndisplay(run)\nrun.wait()"
    )
    card = widgets.nth(1).locator(".pw-card")
    expect(card.locator(".pw-glance")).to_have_text(re.compile(r"^6,\d{3},\d{3} characters$"))
    open_meanwhile(page, card.locator(".pw-row"), widgets.nth(0).locator(".pw-row"))
    expect(card.locator("tbody tr")).to_have_count(100, timeout=LONG)
    expect(card.locator(".pw-pages")).to_contain_text("1 to 100 of 130,000 rows")

    late = card.locator("th").nth(1)
    late.get_by_role("button").click()
    late.get_by_role("button").click()
    expect(late).to_have_attribute("aria-sort", "descending")
    expect(card.locator(".pw-grid")).to_have_attribute("aria-busy", "false", timeout=LONG)
    column = [int(text) for text in card.locator("tbody td:nth-child(2)").all_inner_texts()]
    assert column == sorted((i * 7919 % 130_003 for i in range(130_000)), reverse=True)[:100]

    size, text = saved_bytes(lab, page, name)[2]
    assert size < 256_000
    assert "run.tool_calls[0].result" in text  # where the rest of it is


def test_a_tree_of_ten_megabytes_is_drawn_as_far_as_it_is_opened(lab: Lab, page: Page) -> None:
    widgets = opened(lab, page, "large_tree.ipynb", SAVED)
    card = widgets.nth(1).locator(".pw-card")
    expect(card.locator(".pw-glance")).to_have_text(re.compile(r"^10,\d{3},\d{3} characters$"))
    open_meanwhile(page, card.locator(".pw-row"), widgets.nth(0).locator(".pw-row"))
    expect(card).to_contain_text("125,000 items", timeout=LONG)
    expect(card).to_contain_text("object, 125,000 keys")
    listed = card.locator(".pw-tree").nth(0)
    items = listed.locator(":scope > .pw-level > div > .pw-node")
    expect(items).to_have_count(100)
    items.nth(7).locator(".pw-branch").click()
    expect(items.nth(7).locator(".pw-leaf")).to_have_text(["07", "2text 7"])
    listed.get_by_role("button", name="Show 124,900 more items").click()
    expect(items).to_have_count(1_100, timeout=LONG)
    expect(items.last.locator(".pw-place")).to_have_text("1099")
    expect(items.nth(7).locator(".pw-leaf")).to_have_count(2)
    expect(listed.get_by_role("button", name="Show 123,900 more items")).to_be_visible()


def test_what_came_out_of_a_block_is_read_a_little_at_a_time_too(lab: Lab, page: Page) -> None:
    name = "large_flow.ipynb"
    widgets = opened(lab, page, name, "run = pb.workflow('Flow').run()\ndisplay(run)\nrun.wait()")
    flow = widgets.nth(1)
    made = flow.locator(".pw-block").nth(1)
    expect(made.locator(".pw-block-glance")).to_have_text(
        re.compile(r"^\d,\d{3},\d{3} characters$")
    )
    output = flow.locator(".pw-output")
    expect(output.locator(".pw-pages")).to_contain_text("of 90,000 rows", timeout=LONG)
    open_meanwhile(page, made.locator(".pw-row"), widgets.nth(0).locator(".pw-row"))
    expect(made.locator(".pw-pages")).to_contain_text("1 to 100 of 90,000 rows", timeout=LONG)
    assert saved_bytes(lab, page, name)[2][0] < 256_000
