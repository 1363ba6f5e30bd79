"""An agent's run, live in a cell of a real JupyterLab."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.lab import SHOTS, Lab
from tests.browser.tempo import Tempo

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
CONNECT = "import powawidget as pw\npb = pw.connect()"
ASK = 'run = pb.agent("Analyst").run("Which orders are late, by region and carrier?")\ndisplay(run)'
LONG = 60_000
WIDGET = "application/vnd.jupyter.widget-view+json"

# Notes, from now on, each different state of the first widget: its words and how much it says.
WATCH = """
() => {
  window.seen = [];
  const note = () => {
    const widget = document.querySelector(".pw");
    if (!widget) return;
    const entry = {
      status: widget.querySelector(".pw-status")?.textContent.trim(),
      length: [...widget.querySelectorAll(".pw-text")].map((t) => t.textContent).join("").length,
      cards: [...widget.querySelectorAll(".pw-card .pw-row > .pw-unseen")].map(
        (state) => state.textContent.split(":")[0]),
    };
    const last = window.seen.at(-1);
    if (JSON.stringify(last) !== JSON.stringify(entry)) window.seen.push(entry);
  };
  new MutationObserver(note).observe(window.jupyterapp.shell.currentWidget.node, {
    subtree: true, childList: true, characterData: true, attributes: true });
}
"""


def status(widget: Locator) -> Locator:
    return widget.locator(".pw-status")


def test_text_grows_in_many_paints_and_a_tool_card_goes_from_running_to_done(
    lab: Lab, page: Page, tempo: Tempo
) -> None:
    tempo.slow()
    lab.write_notebook("growing.ipynb", [CONNECT, ASK])
    lab.open(page, "growing.ipynb")
    page.evaluate(WATCH)
    lab.run_all(page)
    expect(status(page.locator(".pw"))).to_have_text("Done", timeout=LONG)
    seen = page.evaluate("window.seen")
    lengths = [entry["length"] for entry in seen if entry["status"] == "Running"]
    assert len(set(lengths)) > 5, lengths
    assert max(lengths) > 10 * min(filter(None, lengths))
    cards = [entry["cards"] for entry in seen]
    running = next(i for i, states in enumerate(cards) if "Running" in states)
    done = next(i for i, states in enumerate(cards) if states[:1] == ["Done"])
    assert running < done
    assert cards[-1] == ["Done", "Done"]


def test_the_quickstart_runs_from_top_to_bottom(lab: Lab, page: Page) -> None:
    notebook = json.loads((NOTEBOOKS / "01_quickstart.ipynb").read_text())
    (lab.root / "quickstart.ipynb").write_text(json.dumps(notebook))
    lab.open(page, "quickstart.ipynb")
    lab.run_all(page)
    lab.wait_idle(page, timeout=90)
    lab.command(page, "docmanager:save")
    outputs = [
        output
        for cell in json.loads((lab.root / "quickstart.ipynb").read_text())["cells"]
        for output in cell.get("outputs", [])
    ]
    assert [output for output in outputs if output["output_type"] == "error"] == []
    printed = "".join(
        "".join(output["text"]) for output in outputs if output["output_type"] == "stream"
    )
    assert "I count the late orders by region and carrier." in printed
    assert "database_query: 12 rows in" in printed
    views = [output for output in outputs if WIDGET in output.get("data", {})]
    assert len(views) == 4


def test_a_done_card_opens_to_its_arguments_and_its_full_result(lab: Lab, page: Page) -> None:
    lab.write_notebook("card.ipynb", [CONNECT, ASK])
    lab.open(page, "card.ipynb")
    lab.run_all(page)
    widget = page.locator(".pw")
    expect(status(widget)).to_have_text("Done", timeout=LONG)
    card = widget.locator(".pw-card").first
    expect(card.locator(".pw-peek")).to_have_text("12 rows")
    card.locator(".pw-row").click()
    expect(card.locator(".pw-pre").first).to_contain_text("SELECT region, carrier")
    expect(card.locator("tbody tr")).to_have_count(12)


@pytest.mark.own_page
def test_a_reload_in_mid_stream_restores_everything_and_goes_on(
    lab: Lab, page: Page, tempo: Tempo
) -> None:
    tempo.slow()
    lab.write_notebook("reload.ipynb", [CONNECT, ASK, "run.wait()"])
    lab.open(page, "reload.ipynb")
    lab.run_all(page)
    widget = page.locator(".pw")
    expect(widget.locator(".pw-card").first).to_be_visible(timeout=LONG)
    tempo.hold()
    lab.reload(page)
    expect(status(widget)).to_have_text("Running", timeout=LONG)
    expect(widget.locator(".pw-card")).not_to_have_count(0)
    tempo.fast()
    expect(status(widget)).to_have_text("Done", timeout=LONG)
    lab.wait_idle(page)
    shown = "".join(widget.locator(".pw-text").all_inner_texts())
    assert shown.startswith("I count the late orders by region and carrier.")
    assert shown.rstrip().endswith("ORDER BY month")
    expect(widget.locator(".pw-card")).to_have_count(2)


def seen(view: Locator) -> str:
    """What a person sees; what a screen reader is told of news depends on when the view came."""
    told = view.locator(".pw-unseen").all_inner_texts()
    return "\n".join(line for line in view.inner_text().splitlines() if line not in told)


def test_two_views_of_one_run_show_the_same(lab: Lab, page: Page) -> None:
    lab.write_notebook("views.ipynb", [CONNECT, ASK, "display(run)", "run.wait()"])
    lab.open(page, "views.ipynb")
    lab.run_all(page)
    lab.wait_idle(page)
    views = page.locator(".pw")
    expect(views).to_have_count(2)
    expect(status(views.nth(0))).to_have_text("Done")
    expect(status(views.nth(1))).to_have_text("Done")
    assert seen(views.nth(0)) == seen(views.nth(1))


def test_stop_ends_the_run_while_another_cell_computes(lab: Lab, page: Page, tempo: Tempo) -> None:
    lab.write_notebook(
        "stop.ipynb",
        [
            CONNECT,
            'run = pb.agent("Writer").run("Write a long report.")\ndisplay(run)',
            "import os\nwhile not os.path.exists('stopped'): pass\nprint('SAW', run.status)",
        ],
    )
    lab.open(page, "stop.ipynb")
    lab.run_all(page)
    widget = page.locator(".pw")
    expect(widget.locator(".pw-text").first).to_be_visible(timeout=LONG)
    tempo.hold()
    widget.get_by_role("button", name="Stop").click()
    expect(status(widget)).to_have_text("Stopped", timeout=LONG)
    (lab.root / "stopped").touch()
    lab.wait_idle(page)
    expect(lab.output(page, 2)).to_contain_text("SAW stopped")


def test_after_a_stop_the_widget_says_what_the_server_did(
    lab: Lab, page: Page, tempo: Tempo
) -> None:
    tempo.slow()
    lab.write_notebook("stopped.ipynb", [CONNECT, ASK])
    lab.open(page, "stopped.ipynb")
    lab.run_all(page)
    widget = page.locator(".pw")
    expect(widget.locator(".pw-card").first).to_be_visible(timeout=LONG)
    tempo.hold()
    widget.get_by_role("button", name="Stop").click()
    expect(status(widget)).to_have_text("Stopped", timeout=LONG)
    expect(widget).to_contain_text("The server ends the run at its next write")
    tempo.fast()
    expect(widget).to_contain_text("The server ended the run as failed", timeout=LONG)


def test_a_failed_run_says_why_and_keeps_its_text(lab: Lab, page: Page) -> None:
    frames = [
        {"event": "start", "run_id": "r-1", "session_id": "s-1"},
        {"event": "content_delta", "type": "content_delta", "delta": "So far so good"},
        {
            "event": "complete",
            "run_id": "r-1",
            "status": "failed",
            "content": "So far so good",
            "error": "litellm.RateLimitError: slow down",
        },
    ]
    data = "".join(f"data: {json.dumps(frame)}\n\n" for frame in frames)
    lab.write_notebook("failed.ipynb", [f"import powawidget as pw\npw.replay({data.encode()!r})"])
    lab.open(page, "failed.ipynb")
    lab.run_all(page)
    widget = page.locator(".pw")
    expect(status(widget)).to_have_text("Failed", timeout=LONG)
    expect(widget.locator(".pw-text")).to_have_text("So far so good")
    expect(widget.locator(".pw-error")).to_contain_text("rate limit was reached")
    expect(widget.locator(".pw-error")).to_contain_text("slow down")


def test_the_picture_in_the_readme_is_taken_from_the_real_widget(lab: Lab, page: Page) -> None:
    """`docs/quickstart.png` is a copy of the light one."""
    lab.write_notebook("picture.ipynb", [CONNECT, ASK])
    lab.open(page, "picture.ipynb")
    lab.run_all(page)
    widget = page.locator(".pw")
    expect(status(widget)).to_have_text("Done", timeout=LONG)
    lab.wait_idle(page)
    widget.locator(".pw-box").evaluate("(box) => { box.scrollTop = 0; }")
    for theme in ("dark", "light"):
        lab.set_theme(page, theme)
        shot = SHOTS / f"quickstart-{theme}.png"
        SHOTS.mkdir(exist_ok=True)
        widget.screenshot(path=shot, animations="disabled")
        assert shot.stat().st_size > 10_000


REUSE = f"""{CONNECT}
import os, tempfile
pw.options.reuse = os.path.join(tempfile.mkdtemp(), "runs.powa")
question = "Which orders are late, by region and carrier?"
first = pb.agent("Analyst").run(question).wait(display=False)"""


def test_what_was_asked_before_says_since_when_and_runs_anew(
    lab: Lab, page: Page, tempo: Tempo, powabase: Any
) -> None:
    def starts() -> int:
        return sum(path.endswith("/run/stream") for _, path, _ in powabase.requests)

    before = starts()
    lab.write_notebook("reuse.ipynb", [REUSE, 'pb.agent("Analyst").run(question)'])
    lab.open(page, "reuse.ipynb")
    lab.run_all(page)
    widget = page.locator(".pw")
    anew = widget.get_by_role("button", name="Run anew")
    expect(anew).to_be_visible(timeout=LONG)
    expect(status(widget)).to_have_text("Done")
    notice = widget.locator(".pw-notice").first
    since = re.compile(r"^From \d+ \w+ \d{4}, \d\d:\d\d \S+, not paid again\.$")
    expect(notice).to_have_text(since)
    expect(widget.locator(".pw-card")).to_have_count(2)
    assert starts() == before + 1
    tempo.slow()
    anew.click()
    expect(status(widget)).to_have_text("Running", timeout=LONG)
    expect(anew).to_have_count(0)
    expect(notice).to_have_count(0)
    tempo.fast()
    expect(status(widget)).to_have_text("Done", timeout=LONG)
    expect(widget.locator(".pw-card")).to_have_count(2)
    expect(widget.locator(".pw-who")).not_to_contain_text("stored run")
    assert starts() == before + 2


RATED = f"""{CONNECT}
pw.options.ratings = True
rated = pb.agent("Analyst").run("How much did we sell by month?")
rated"""
KEPT = """rated.wait(display=False)
print(pw.ratings()[["rating", "note"]].to_dict("records"))"""


def test_a_run_is_rated_by_a_thumb_and_a_note(lab: Lab, page: Page) -> None:
    lab.write_notebook("rated.ipynb", [RATED, KEPT])
    lab.open(page, "rated.ipynb")
    lab.run_all(page)
    down = page.locator(".pw-thumb-down")
    down.click(timeout=LONG)
    expect(page.locator(".pw-rating-ask")).to_have_text("Rated bad")
    note = page.locator(".pw-rating .pw-input")
    note.fill("It counted <b>cancelled</b> orders")
    note.press("Enter")
    expect(page.locator(".pw-rating .pw-quiet")).to_have_text("Save", timeout=LONG)
    lab.wait_idle(page)
    page.locator(".jp-CodeCell").nth(1).click()
    page.keyboard.press("Shift+Enter")
    kept = page.locator(".jp-CodeCell").nth(1).locator(".jp-OutputArea-output")
    said = "[{'rating': 'down', 'note': 'It counted <b>cancelled</b> orders'}]"
    expect(kept).to_have_text(said, timeout=LONG)
