"""Orchestrations and workflows, live in a cell of a real JupyterLab."""

import itertools
import json
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.lab import Lab
from tests.browser.tempo import Tempo

CONNECT = "import powawidget as pw\npb = pw.connect()"
REPORT = 'run = pb.workflow("Weekly report").run()\ndisplay(run)'
RESEARCH = 'run = pb.orchestration("Research desk").run("Why are orders late?")\ndisplay(run)'
LONG = 60_000

# Notes, from now on, each different state of the first widget.
WATCH = """
() => {
  window.seen = [];
  const words = (from, selector) =>
    [...from.querySelectorAll(selector)].map((each) => each.textContent);
  const note = () => {
    const widget = document.querySelector(".pw");
    if (!widget) return;
    const entry = {
      who: words(widget, ".pw-who")[0],
      blocks: words(widget, ".pw-block .pw-unseen").map((state) => state.split(":")[0]),
      moving: widget.querySelectorAll(".pw-block .pw-spin").length,
      ran: parseFloat(widget.querySelector(".pw-progress-ran")?.style.width ?? "0"),
      bar: parseFloat(widget.querySelector(".pw-is-running .pw-strip i")?.style.width ?? "-1"),
      text: words(widget, ".pw-is-running .pw-open .pw-text").join("").length,
      agents: words(widget, ".pw-agent>.pw-row>.pw-agent-name"),
      open: widget.querySelectorAll(".pw-agent>[aria-expanded=true]").length,
    };
    const last = window.seen.at(-1);
    if (JSON.stringify(last) !== JSON.stringify(entry)) window.seen.push(entry);
  };
  new MutationObserver(note).observe(window.jupyterapp.shell.currentWidget.node, {
    subtree: true, childList: true, characterData: true, attributes: true });
}
"""

LIVE = {"Pending": 0, "Running": 1, "Done": 2, "Failed": 2, "Skipped": 2}


def status(widget: Locator) -> Locator:
    return widget.locator(".pw-status")


def watched(lab: Lab, page: Page, name: str, cells: list[str], end: str = "Done") -> Any:
    """Run a notebook and tell what its first widget showed, state by state."""
    lab.write_notebook(name, cells)
    lab.open(page, name)
    page.evaluate(WATCH)
    lab.run_all(page)
    expect(status(page.locator(".pw"))).to_have_text(end, timeout=LONG)
    lab.wait_idle(page)
    return page.evaluate("window.seen")


def test_blocks_are_seen_pending_running_and_done_in_order(
    lab: Lab, page: Page, tempo: Tempo
) -> None:
    tempo.slow()
    seen = watched(lab, page, "report.ipynb", [CONNECT, REPORT])
    listed = [entry for entry in seen if entry["blocks"]]
    assert listed[0]["blocks"][-1] == "Pending"  # known before they run
    for before, after in itertools.pairwise(listed):
        for one, other in zip(before["blocks"], after["blocks"], strict=True):
            assert LIVE[one] <= LIVE[other]
    assert max(entry["moving"] for entry in seen) == 1
    ran = [sorted(i for i, word in enumerate(e["blocks"]) if word == "Running") for e in listed]
    order = [place for place, _ in itertools.groupby(itertools.chain(*ran))]
    assert order == sorted(order)
    assert len(order) >= 4  # the quickest are over before they are painted
    widget = page.locator(".pw")
    expect(widget.locator(".pw-block-name")).to_have_text(
        ["Start", "Orders", "Rates", "Alarm", "Investigate", "All clear", "Report", "Response"]
    )
    assert listed[-1]["blocks"] == ["Done"] * 5 + ["Skipped"] + ["Done"] * 2
    expect(widget.locator(".pw-figures")).to_contain_text("7 of 8 blocks, 1 skipped")
    expect(widget.locator(".pw-output h2")).to_contain_text("Week 40")

    # The bars move while a block runs, and an agent's text grows in its row.
    shares = [entry["ran"] for entry in seen]
    assert shares == sorted(shares)
    assert len(set(shares)) > 4, shares
    bars = [entry["bar"] for entry in seen if entry["bar"] >= 0]
    assert sum(one < other for one, other in itertools.pairwise(bars)) > 5, bars
    texts = {entry["text"] for entry in seen}
    assert len(texts) > 10, texts
    assert seen[-1]["text"] == 0  # a block that is done closes itself


def test_a_block_that_fails_is_red_and_says_why(lab: Lab, page: Page) -> None:
    cells = [CONNECT, 'display(pb.workflow("Price import (code fails)").run())']
    watched(lab, page, "fails.ipynb", cells, end="Done, 1 block failed")
    block = page.locator(".pw-block").nth(1)
    expect(block.locator(".pw-row")).to_have_attribute("aria-expanded", "true")
    expect(block.locator(".pw-bad")).to_have_text("could not convert string to float: '12,50'")
    expect(block.locator(".pw-word")).to_have_text("Failed")
    red = page.locator(".pw").evaluate(
        """(widget) => {
          const probe = widget.appendChild(document.createElement("i"));
          probe.style.color = getComputedStyle(widget).getPropertyValue("--pw-red");
          const { color } = getComputedStyle(probe);
          probe.remove();
          return color;
        }"""
    )
    for part in (".pw-bad", ".pw-word", ".pw-row > .pw-glyph >> nth=0"):
        expect(block.locator(part)).to_have_css("color", red)
    expect(page.locator(".pw-block").nth(2).locator(".pw-row")).to_have_attribute(
        "aria-expanded", "false"
    )


def test_a_block_opens_to_what_went_in_and_what_came_out(lab: Lab, page: Page) -> None:
    watched(lab, page, "open.ipynb", [CONNECT, REPORT, "run.wait()"])
    block = page.locator(".pw-block").nth(2)
    block.locator(".pw-row").click()
    expect(block.locator(".pw-label-text")).to_have_text(["Input", "Output"])
    expect(block.locator(".pw-open")).to_contain_text("late_share")
    block.locator(".pw-row").press("Enter")
    expect(block.locator(".pw-open")).to_have_count(0)


def test_an_orchestration_shows_which_agent_works(lab: Lab, page: Page, tempo: Tempo) -> None:
    tempo.slow()
    seen = watched(lab, page, "desk.ipynb", [CONNECT, RESEARCH])
    at_work = [
        entry["who"].partition(" · ")[2].removesuffix(" at work")
        for entry in seen
        if entry["who"].endswith("at work")
    ]
    names = ["Scout", "Statistician", "Controller"]
    assert [name for name, _ in itertools.groupby(at_work)] == names
    assert all(entry["open"] <= 1 for entry in seen)  # each is open while it works
    widget = page.locator(".pw")
    agents = widget.locator(".pw-agent > .pw-row")
    expect(agents.locator(".pw-agent-name")).to_have_text(names)
    for index in range(3):
        expect(agents.nth(index)).to_have_attribute("aria-expanded", "false")
    expect(agents.nth(0)).to_contain_text("3 steps, 2 tool calls")
    expect(widget).not_to_contain_text("delegate_to")
    agents.nth(0).click()
    expect(widget.locator(".pw-kids .pw-call")).to_have_count(2)
    expect(widget.locator(".pw-body > .pw-answer").last).to_contain_text("One lane is late")


def test_the_last_of_a_sequence_is_marked_as_the_answer(lab: Lab, page: Page) -> None:
    cells = [CONNECT, 'display(pb.orchestration("Report line").run("Report on late orders"))']
    watched(lab, page, "line.ipynb", cells)
    widget = page.locator(".pw")
    expect(widget.locator(".pw-agent-name")).to_have_text(["Analyst", "Statistician", "Writer"])
    expect(widget.locator(".pw-agent:has(.pw-tag) .pw-agent-name")).to_have_text("Writer")
    expect(widget.locator(".pw-kids .pw-text")).to_have_count(1)


def test_agents_in_parallel_are_shown_together_and_get_their_texts_in_the_end(
    lab: Lab, page: Page, tempo: Tempo
) -> None:
    tempo.slow()
    cells = [CONNECT, 'display(pb.orchestration("Forecast panel").run("Forecast the revenue"))']
    seen = watched(lab, page, "panel.ipynb", cells)
    group = "In parallel: Analyst, Statistician, Controller"
    assert any(entry["agents"] == [group] and entry["open"] == 1 for entry in seen)
    widget = page.locator(".pw")
    expect(widget.locator(".pw-body > .pw-answer")).to_have_count(1)
    widget.locator(".pw-agent > .pw-row").first.click()
    inner = widget.locator(".pw-kids .pw-agent > .pw-row")
    expect(inner).to_have_count(3, timeout=LONG)
    inner.first.click()
    expect(widget.locator(".pw-kids .pw-kids .pw-text").first).not_to_be_empty()


@pytest.mark.own_page
def test_a_reload_in_the_middle_keeps_a_workflow(lab: Lab, page: Page, tempo: Tempo) -> None:
    tempo.slow()
    lab.write_notebook("reload.ipynb", [CONNECT, REPORT, "run.wait()"])
    lab.open(page, "reload.ipynb")
    lab.run_all(page)
    widget = page.locator(".pw")
    expect(widget.locator(".pw-block.pw-is-done")).not_to_have_count(0, timeout=LONG)
    tempo.hold()
    lab.reload(page)
    expect(status(widget)).to_have_text("Running", timeout=LONG)
    expect(widget.locator(".pw-block.pw-is-done")).not_to_have_count(0)
    tempo.fast()
    expect(status(widget)).to_have_text("Done", timeout=LONG)
    lab.wait_idle(page)
    states = widget.locator(".pw-block .pw-unseen").all_text_contents()
    assert states == ["Done: "] * 5 + ["Skipped: "] + ["Done: "] * 2
    expect(widget.locator(".pw-output h2")).to_contain_text("Week 40")


@pytest.mark.own_page
def test_a_reload_in_the_middle_keeps_an_orchestration(lab: Lab, page: Page, tempo: Tempo) -> None:
    tempo.slow()
    lab.write_notebook("again.ipynb", [CONNECT, RESEARCH, "run.wait()"])
    lab.open(page, "again.ipynb")
    lab.run_all(page)
    widget = page.locator(".pw")
    expect(widget.locator(".pw-who")).to_contain_text("Statistician at work", timeout=LONG)
    tempo.hold()
    lab.reload(page)
    expect(widget.locator(".pw-who")).to_contain_text("at work", timeout=LONG)
    expect(widget.locator(".pw-agent-name").first).to_have_text("Scout")
    tempo.fast()
    expect(status(widget)).to_have_text("Done", timeout=LONG)
    lab.wait_idle(page)
    agents = widget.locator(".pw-agent > .pw-row")
    expect(agents.locator(".pw-agent-name")).to_have_text(["Scout", "Statistician", "Controller"])
    agents.nth(1).click()
    expect(widget.locator(".pw-kids .pw-call")).to_have_count(2)
    texts = widget.locator(".pw-body > .pw-answer .pw-text").all_inner_texts()
    assert len(texts) == 4, json.dumps(texts)


SERVER = """\
import powawidget as pw
from tests.counterpart import start
server = start()
pb = pw.connect(server.url, api_key=server.key)"""


# The server is away from the first words on, until the test has seen what the page says of it. The
# run is held until then, too: however slow this machine is, it isn't over before the server goes.
CUT = """\
import pathlib, time
import powawidget as pw
from tests.counterpart import Agent, Pause, Say, start
go = pathlib.Path("../go")
def writer(turn):
    yield Say("The shop took ")
    while not go.exists(): yield Pause(0.05)
    yield Say("410,203.01 EUR.")
server = start(agents=[Agent("Writer", writer)])
run = pw.connect(server.url, api_key=server.key).agent("Writer").run("Write about the shop.")
display(run)
while not run.text: time.sleep(0.01)
server.kill()
end = time.monotonic() + 120
while not go.exists() and time.monotonic() < end: time.sleep(0.05)
assert go.exists(), "nobody said to go on"
server.restart()"""


# How many seconds of the pause are left, as the page shows it.
LEFT = r"""
() => {
  const [, minutes, seconds] = /next try in (\d+):(\d\d)/.exec(
    document.querySelector(".pw-pause").textContent);
  return 60 * minutes + Number(seconds);
}"""


def test_a_server_that_asks_to_wait_is_tried_again_and_the_pause_is_seen(
    lab: Lab, page: Page
) -> None:
    cells = [SERVER, "server.refuse(429, retry_after=4)", REPORT]
    lab.write_notebook("retry.ipynb", cells)
    lab.open(page, "retry.ipynb")
    lab.run_all(page)
    widget = page.locator(".pw")
    pause = widget.locator(".pw-pause")
    counting = re.compile(r"next try in 0:0\d \(2nd try\).*Give up")
    expect(pause).to_contain_text(counting, timeout=LONG)
    expect(status(widget)).to_have_text("Running", timeout=LONG)
    expect(pause).to_have_count(0)
    expect(status(widget)).to_have_text("Done", timeout=LONG)
    # Where the time went: the wait comes first, for longer than the server asked for.
    widget.get_by_role("button", name="Where the time went").click()
    first = widget.locator(".pw-gantt-rows > li").first
    expect(first.locator(".pw-fill-wait")).to_be_visible(timeout=LONG)
    expect(first).to_have_text(re.compile(r"wait before another try~([4-9]|\d\d)\.\d s"))


def test_a_wait_that_counts_down_is_given_up_by_a_click(lab: Lab, page: Page) -> None:
    cells = [SERVER, "server.refuse(429, retry_after=50)", REPORT]
    lab.write_notebook("giveup.ipynb", cells)
    lab.open(page, "giveup.ipynb")
    lab.run_all(page)
    widget = page.locator(".pw")
    pause = widget.locator(".pw-pause")
    expect(pause).to_contain_text("(2nd try)", timeout=LONG)
    left = page.evaluate(LEFT)
    # However long the page may stall, enough of the pause is left to see it get shorter.
    page.wait_for_function(f"(before) => ({LEFT})() < before", arg=left)
    pause.get_by_role("button").click()
    expect(status(widget)).to_have_text("Failed", timeout=LONG)
    expect(widget.locator(".pw-pause")).to_have_count(0)
    expect(widget.locator(".pw-error")).to_contain_text("The wait was given up")


def test_a_run_that_was_cut_is_looked_up_and_says_so(lab: Lab, page: Page) -> None:
    go = lab.root.parent / "go"
    go.unlink(missing_ok=True)
    lab.write_notebook("cut.ipynb", [CUT])
    lab.open(page, "cut.ipynb")
    lab.run_all(page)
    widget = page.locator(".pw")
    pause = widget.locator(".pw-pause")
    expect(pause).to_contain_text("Looking up what the server made of it", timeout=LONG)
    expect(pause.get_by_role("button")).to_have_text("Stop looking")
    expect(widget.locator(".pw-text").first).to_be_visible()
    go.touch()
    expect(status(widget)).to_have_text("Done", timeout=LONG)
    # An agent without tools: what is stored of it lacks a word, and that is said.
    expect(widget).to_contain_text("This is the answer as the server has stored it; a word may be")
    go.unlink()
