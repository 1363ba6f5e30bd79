"""Runs in Output widgets, interact, callbacks and layouts: seen, decided, and kept in the file."""

from typing import Any

import nbformat
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.deciding import armed
from tests.browser.hostile import start_server
from tests.browser.lab import Lab

LONG = 60_000
CONNECT = """
import ipywidgets as W
import powawidget as pw
pb = pw.connect()
made = []
def ask(agent, message):
    made.append(pb.agent(agent).run(message))
    return made[-1]
"""
# An Output of the cell itself, and one of an earlier cell within another.
TAKEN = """
out, inner = W.Output(), W.Output()
display(out)
with out:
    display(ask("Operator", "Raise the price of the best seller by 5%"))
"""
NESTED = """
with out, inner:
    display(ask("Writer", "haiku"))
with out:
    display(inner)
print("below")
"""
INTERACT = """
@W.interact(word=W.Dropdown(options=["late", "paid"]))
def show(word):
    display(ask("Analyst", f"Which orders are {word}?"))
first = made[0].widget
"""
BUTTON = """
later, button = W.Output(), W.Button(description="Ask")
def clicked(_):
    with later:
        later.clear_output()
        display(ask("Operator", f"Raise the price of the best seller by {len(made)}%"))
button.on_click(clicked)
tabs = W.Tab([W.VBox([button, later]), W.Accordion([ask("Writer", "haiku").widget])])
tabs
"""
TRANSCRIPT = ".powawidget-transcript"


def answered(area: Locator) -> None:
    """Approve by mouse what waits in there, and wait for the end."""
    armed(area).click()
    expect(area.get_by_text("Approved by a person")).to_be_visible(timeout=LONG)
    expect(area.locator(".pw-status")).to_have_text("Done", timeout=LONG)


def decisions(powabase: Any) -> int:
    return sum(path.endswith("/approve") for _, path, _ in powabase.requests)


def transcripts(lab: Lab, page: Page, name: str, cell: int) -> list[str]:
    """The transcripts that a cell of the saved file has."""
    lab.command(page, "docmanager:save")
    outputs = nbformat.read(lab.root / name, as_version=4).cells[cell].outputs
    return [each.data["text/html"] for each in outputs if "text/html" in each.get("data", {})]


def test_what_output_widgets_take_is_seen_decided_and_filed(
    lab: Lab, page: Page, powabase: Any
) -> None:
    seen_decided_and_filed(lab, page, powabase)


def test_in_notebook_7_too(notebook7: Lab, notebook7_page: Page, powabase: Any) -> None:
    seen_decided_and_filed(notebook7, notebook7_page, powabase)


def seen_decided_and_filed(lab: Lab, page: Page, powabase: Any) -> None:
    before = decisions(powabase)
    lab.write_notebook("taken.ipynb", [CONNECT, TAKEN, NESTED])
    lab.open(page, "taken.ipynb")
    lab.run_all(page)
    first = lab.output(page, 1).locator(".pw").first
    # What comes later may push the card out of sight, where nothing of it can be clicked.
    expect(lab.output(page, 1).locator(".pw")).to_have_count(2, timeout=LONG)
    lab.wait_idle(page)
    answered(first)
    assert decisions(powabase) == before + 1
    expect(lab.output(page, 1).locator(".pw-status").nth(1)).to_have_text("Done", timeout=LONG)
    lab.wait_idle(page)
    # A transcript is of the cell that showed the run; each is hidden by the view, wherever that is.
    for cell in (1, 2):
        expect(lab.output(page, cell).locator(TRANSCRIPT)).to_have_count(1)
        expect(lab.output(page, cell).locator(TRANSCRIPT)).to_be_hidden()
    expect(lab.output(page, 2)).to_have_text("below", use_inner_text=True)
    expect(lab.output(page, 1).locator(TRANSCRIPT)).to_contain_text("Approved by", timeout=LONG)
    expect(lab.output(page, 2).locator(TRANSCRIPT)).to_contain_text("Done", timeout=LONG)
    (raised,) = transcripts(lab, page, "taken.ipynb", 1)
    assert "Approved by" in raised, raised
    (haiku,) = transcripts(lab, page, "taken.ipynb", 2)
    assert "Done" in haiku
    assert "under way" not in raised + haiku


def test_what_a_callback_shows_takes_the_place_of_what_it_showed_before(
    lab: Lab, page: Page
) -> None:
    lab.write_notebook(
        "interact.ipynb", [CONNECT, INTERACT, "if first.comm is None: print('closed')"]
    )
    lab.open(page, "interact.ipynb")
    lab.run_all(page)
    output = lab.output(page, 1)
    expect(output.locator(".pw-status")).to_have_text("Done", timeout=LONG)
    lab.wait_idle(page)
    expect(output.locator(TRANSCRIPT)).to_be_hidden()
    (late,) = transcripts(lab, page, "interact.ipynb", 1)
    assert "Which orders are late?" in late
    output.locator("select").select_option("paid")
    expect(output.locator(".pw-question")).to_contain_text("Which orders are paid?", timeout=LONG)
    expect(output.locator(".pw-status")).to_have_text("Done", timeout=LONG)
    lab.wait_idle(page)
    expect(output.locator(".pw")).to_have_count(1)
    expect(output.locator(TRANSCRIPT)).to_have_count(1)
    expect(output.locator(TRANSCRIPT)).to_contain_text("Which orders are paid?")
    expect(output.locator(TRANSCRIPT)).to_be_hidden()
    (paid,) = transcripts(lab, page, "interact.ipynb", 1)
    assert "Which orders are paid?" in paid
    assert "late?" not in paid
    # The run that was there before is closed, as by a cell that is run again.
    page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 2; }")
    lab.command(page, "notebook:run-cell")
    expect(lab.output(page, 2)).to_have_text("closed", timeout=LONG)


def test_a_buttons_callback_and_a_layout(lab: Lab, page: Page, powabase: Any) -> None:
    before = decisions(powabase)
    lab.write_notebook("layout.ipynb", [CONNECT, BUTTON])
    lab.open(page, "layout.ipynb")
    lab.run_all(page)
    lab.wait_idle(page)
    output = lab.output(page, 1)
    output.get_by_role("button", name="Ask").click()
    answered(output.locator(".pw").first)
    assert decisions(powabase) == before + 1
    expect(output.locator(TRANSCRIPT)).to_have_count(2)
    expect(output.locator(f"{TRANSCRIPT}:visible")).to_have_count(0)
    laid_out, first = transcripts(lab, page, "layout.ipynb", 1)
    assert "haiku" in laid_out
    assert "by 1%" in first
    output.get_by_role("button", name="Ask").click()
    expect(output.locator(".pw").first).to_contain_text("by 2%", timeout=LONG)
    answered(output.locator(".pw").first)
    expect(output.locator(f"{TRANSCRIPT}:visible")).to_have_count(0)
    expect(output.locator(TRANSCRIPT).nth(1)).to_contain_text("Approved by", timeout=LONG)
    same, second = transcripts(lab, page, "layout.ipynb", 1)
    assert same == laid_out
    assert "by 2%" in second
    assert "Approved by" in second
    output.get_by_role("tab").nth(1).click()
    output.locator(".jupyter-widget-Collapse-header").first.click()
    expect(output.locator(".pw:visible .pw-status")).to_have_text("Done", timeout=LONG)


def test_the_transcript_is_hidden_beside_the_view_in_each_front_ends_outputs(
    browser: Browser,
) -> None:
    """By the shape of their pages; the view's output, and one around it, stay."""
    shapes = {
        "jupyterlab": ("jp-OutputArea", "jp-OutputArea-child"),
        "classic": ("output", "output_area"),
        "myst-nb": ("cell_output docutils container", "output text_html"),
        "vscode": ("cell_container", "output_container"),
    }
    page = browser.new_page()
    with start_server() as server:
        page.goto(f"{server.url}/empty")
        seen = page.evaluate(SEEN, shapes)
        page.close()
    assert seen == {name: [True, False, True] for name in shapes}


SEEN = """async (shapes) => {
  const { default: widget } = await import("/widget.js");
  const seen = {};
  for (const [name, [area, output]] of Object.entries(shapes)) {
    const mark = `powawidget-${name}`;
    const values = { _state: { seq: 0, now: 0, state: { kind: "agent" } }, _mark: mark };
    const none = () => {};
    const model = { get: (key) => values[key], set: none, on: none, off: none, send: none };
    const told = `<div class="${output}"><div class="${mark} told">told</div></div>`;
    const inner = `<div class="${area}"><div class="${output}"><b></b></div></div>`;
    const place = document.createElement("div");
    place.innerHTML = `<div class="${area}"><div class="${output}">${inner}</div>${told}</div>
      <div class="${area}">${told}</div>`;
    document.body.append(place);
    const made = widget();
    made.initialize({ model });
    made.render({ model, el: place.querySelector("b") });
    seen[name] = [...place.querySelectorAll(".pw, .told")].map(
      (each) => each.getClientRects().length > 0
    );
  }
  return seen;
}"""
