"""The widget for those who use a keyboard, a screen reader, large letters or another script."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import watched_page
from tests.browser.lab import SHOTS, Lab

AXE = Path(__file__).parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"
LONG = 60_000
GRAVE = ("serious", "critical")
QUESTION = "Which orders are late, by region and carrier?"
HEBREW = "תשעה־עשר הזמנות מאחרות. הגרוע ביותר: `carrier_2`, צפון."
ARABIC = "- تأخرت تسعة عشر طلبًا\n- الأسوأ في الشمال"


def recorded(*frames: dict[str, Any]) -> str:
    """Code that shows a recorded run."""
    data = "".join(f"data: {json.dumps(frame)}\n\n" for frame in frames)
    return f"display(pw.replay({data.encode()!r}))"


START = {"event": "start", "run_id": "r-1", "session_id": "s-1"}
FAILED = {
    "event": "complete",
    "run_id": "r-1",
    "status": "failed",
    "content": "",
    "error": "litellm.RateLimitError: slow down",
}
FOREIGN = f"{HEBREW}\n\n{ARABIC}"
COMPLETE = {"event": "complete", "run_id": "r-1", "status": "completed", "content": FOREIGN}


def said(text: str) -> dict[str, Any]:
    return {"event": "content_delta", "type": "content_delta", "delta": text}


CONNECT = "import powawidget as pw\npb = pw.connect()"
# All at once, so that one wait is enough; the words beside them are their headers' in the end.
ANALYST, CHAT, FOREIGNER = 0, 8, 9
STATES = {
    f'display(pb.agent("Analyst").run("{QUESTION}"))': "Done",
    'display(pb.agent("Operator").run("Raise the price of the best seller by 5%"))': (
        "Waiting for you"
    ),
    recorded(START, said("So far so good"), FAILED): "Failed",
    recorded(START, said("So far")): "Interrupted",
    'display(pb.orchestration("Research desk").run("Why are orders late?"))': "Done",
    'display(pb.orchestration("Forecast panel").run("Forecast the revenue"))': "Done",
    'display(pb.workflow("Price import (code fails)").run())': "Done, 1 block failed",
    'display(pb.workflow("Weekly report").run())': "Done",
    f'chat = pb.agent("Analyst").chat()\nchat.send("{QUESTION}")\nchat.send("Thanks")\n'
    "display(chat)": "Done",
    recorded(START, said(FOREIGN), COMPLETE): "Done",
}
# Cells that a test runs when it is their turn.
ASK = 'display(pb.agent("Operator").run("Raise the price of the best seller by 5%"))'
REPORTS = """\
display(pb.agent("Writer").run("Write a long report."))
display(pb.workflow("Weekly report").run())"""
ASK_AT, REPORTS_AT = 2, 3

# The faintest text on its background among the hosts: VS Code's, light and dark.
HOSTS = ["color:#3b3b3b;background:#fff", "color:#ccc;background:#1f1f1f"]
# What can have the focus, of all that Tab reaches.
TABBABLE = ":is(button,a[href],input,textarea,summary,[tabindex='0'])"
# What opens a card, a block, an agent's work or a thought, and isn't open.
CLOSED = "[aria-expanded=false]:is(.pw-row,.pw-pill,.pw-branch)"


@pytest.fixture(scope="module")
def shown(browser: Browser, lab: Lab) -> Iterator[Page]:
    """A page with a widget in every state, all that opens opened."""
    for page in watched_page(browser, lab):
        lab.write_notebook("states.ipynb", [CONNECT, "\n".join(STATES), ASK, REPORTS])
        lab.open(page, "states.ipynb")
        page.add_script_tag(path=AXE)
        run_cell(page, 0)
        run_cell(page, 1)
        expect(page.locator(".pw-status")).to_have_text(list(STATES.values()), timeout=LONG)
        expect(widget(page, CHAT).locator(".pw-turn")).to_have_count(2)
        lab.wait_idle(page)
        open_all(page)
        yield page


def run_cell(page: Page, place: int) -> None:
    page.evaluate(
        """async (place) => {
          const notebook = window.jupyterapp.shell.currentWidget.content;
          notebook.activeCellIndex = place;
          await window.jupyterapp.commands.execute("notebook:run-cell");
        }""",
        place,
    )


def open_all(page: Page) -> None:
    """Open all cards, and all that they hold."""
    closed = page.locator(f".pw {CLOSED}")
    while closed.count() > 0:
        closed.evaluate_all("(all) => all.forEach((each) => each.click())")
        page.wait_for_timeout(100)


def widget(page: Page, place: int) -> Locator:
    return page.locator(".pw").nth(place)


def findings(page: Page, selector: str) -> list[str]:
    """What axe finds in what is selected, as lines to read, the grave ones first."""
    result = page.evaluate("(selector) => axe.run(selector)", selector)
    assert len(result["passes"]) > 10, "axe looked at nothing"
    found = [
        f"{each['impact']}: {each['id']}: {each['help']}\n    {json.dumps(node['target'])} "
        f"{node['html'][:300]}\n    {node['failureSummary']}"
        for each in result["violations"]
        for node in each["nodes"]
    ]
    return sorted(found, key=lambda each: not each.startswith(GRAVE))


def is_clean(page: Page, selector: str) -> None:
    """Check that axe finds nothing grave; a failure lists the rest too."""
    found = findings(page, selector)
    assert not (found and found[0].startswith(GRAVE)), "\n".join(found)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_any_state(lab: Lab, shown: Page, theme: str) -> None:
    lab.set_theme(shown, theme)
    is_clean(shown, ".pw")


@pytest.mark.parametrize("colours", HOSTS)
def test_axe_finds_nothing_serious_in_the_transcripts(shown: Page, colours: str) -> None:
    transcripts = shown.locator(".powawidget-transcript").evaluate_all(
        "(all) => all.map((each) => each.outerHTML)"
    )
    assert len(transcripts) == len(STATES)
    page = shown.context.new_page()
    page.set_content(
        "<!doctype html><html lang=en><title>Transcripts</title>"
        f"<body style='{colours}'><main><h1>Runs</h1><h2>Shown</h2>{''.join(transcripts)}</main>"
    )
    page.locator("details").evaluate_all("(all) => all.forEach((each) => { each.open = true; })")
    page.add_script_tag(path=AXE)
    is_clean(page, ".powawidget-transcript")
    page.close()


# Where the focus is among the places that Tab reaches in a widget, and whether it is seen there.
FOCUS = """
(widget, tabbable) => {
  const focused = document.activeElement;
  const reached = [...widget.querySelectorAll(tabbable)].filter((each) => each.checkVisibility());
  const { outlineStyle, outlineWidth, outlineColor, opacity } = getComputedStyle(focused);
  const isSeen = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2
    && focused.matches(":focus-visible") && opacity === "1";
  return { place: reached.indexOf(focused), all: reached.length, isSeen,
    html: focused.outerHTML.slice(0, 200) };
}
"""


@pytest.mark.parametrize("place", [*range(len(STATES))])
def test_tab_reaches_every_control_in_order_and_is_seen_there(shown: Page, place: int) -> None:
    this = widget(shown, place)
    this.locator(TABBABLE).first.focus()
    shown.keyboard.press("Shift+Tab")
    shown.keyboard.press("Tab")
    places = []
    while (focus := this.evaluate(FOCUS, TABBABLE))["place"] >= 0:
        assert focus["isSeen"], focus
        places.append(focus["place"])
        shown.keyboard.press("Tab")
    # "Jump to latest" goes once its end is reached: then there is one less.
    assert places == sorted(set(places))
    assert len(places) in (focus["all"], focus["all"] + 1)


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_a_key_closes_and_opens_a_card_and_the_focus_stays(shown: Page, key: str) -> None:
    row = widget(shown, ANALYST).locator(".pw-card>.pw-row").first
    row.focus()
    shown.keyboard.press(key)
    expect(row).to_have_attribute("aria-expanded", "false")
    shown.keyboard.press(key)
    expect(row).to_have_attribute("aria-expanded", "true")
    expect(row).to_be_focused()
    expect(shown.locator(".jp-CodeCell.jp-mod-editMode")).to_have_count(0)


def test_text_of_another_direction_stands_in_its_own(shown: Page) -> None:
    text = widget(shown, FOREIGNER).locator(".pw-text")
    expect(text.locator("p").first).to_have_css("direction", "rtl")
    expect(text.locator("ul")).to_have_css("direction", "rtl")
    expect(text.locator("code")).to_have_css("direction", "rtl")


# What reaches out of the widgets sideways, and isn't in a box that scrolls or is cut on purpose.
STRAYS = """
(all) => all.flatMap((widget) => {
  const { left, right } = widget.getBoundingClientRect();
  const mayCut = (each) => {
    for (let around = each; around && around !== widget; around = around.parentElement) {
      const { overflowX, textOverflow } = getComputedStyle(around);
      if (around.matches(".pw-unseen") || textOverflow === "ellipsis") return true;
      const scrolls = overflowX === "auto" || overflowX === "scroll";
      if (scrolls && !around.matches(".pw-box")) return true;
    }
    return false;
  };
  const strays = [...widget.querySelectorAll("*")].filter((each) => {
    const at = each.getBoundingClientRect();
    return at.width > 0 && (at.left < left - 1 || at.right > right + 1) && !mayCut(each);
  });
  const wide = [...widget.querySelectorAll(".pw-box,.pw-card,.pw-head")]
    .filter((each) => each.scrollWidth > each.clientWidth + 1);
  const page = document.querySelector(".jp-OutputArea-output:has(.pw)");
  if (page.scrollWidth > page.clientWidth + 1) wide.push(page);
  return [...strays, ...wide].map((each) => each.outerHTML.slice(0, 200));
})
"""


def test_at_twice_the_size_nothing_reaches_out_of_the_widget(lab: Lab, shown: Page) -> None:
    shown.set_viewport_size({"width": 640, "height": 450})
    lab.command(shown, "application:toggle-left-area")
    shown.wait_for_timeout(300)
    assert widget(shown, 0).bounding_box()["width"] < 560  # type: ignore[index]
    assert shown.locator(".pw").evaluate_all(STRAYS) == []
    pictures(shown, "zoomed")
    lab.command(shown, "application:toggle-left-area")
    shown.set_viewport_size({"width": 1280, "height": 900})


def test_a_page_from_right_to_left_keeps_the_widget_whole(shown: Page) -> None:
    shown.evaluate("document.documentElement.dir = 'rtl'")
    expect(widget(shown, ANALYST).locator(".pw-head")).to_have_css("direction", "ltr")
    expect(widget(shown, FOREIGNER).locator("p").first).to_have_css("direction", "rtl")
    assert shown.locator(".pw").evaluate_all(STRAYS) == []
    pictures(shown, "rtl")
    shown.evaluate("document.documentElement.dir = ''")


def pictures(page: Page, name: str) -> None:
    """Take pictures of some states, to look at."""
    SHOTS.mkdir(exist_ok=True)
    for place in (ANALYST, CHAT):
        widget(page, place).screenshot(path=SHOTS / f"{name}-{place}.png", animations="disabled")


MOVING = """
() => document.getAnimations()
  .filter((each) => each.effect.target.closest(".pw") && each.playState === "running").length
"""


def test_nothing_moves_for_who_asked_for_less_motion_and_running_is_clean(shown: Page) -> None:
    before = shown.locator(".pw").count()
    run_cell(shown, REPORTS_AT)
    writer, workflow = widget(shown, before), widget(shown, before + 1)
    expect(writer.locator(".pw-text").first).not_to_be_empty(timeout=LONG)
    expect(workflow.locator(".pw-block.pw-is-running")).not_to_have_count(0, timeout=LONG)
    shown.wait_for_function(f"({MOVING})() > 0")
    shown.emulate_media(reduced_motion="reduce")
    assert shown.evaluate(MOVING) == 0
    shown.wait_for_timeout(300)
    assert shown.evaluate(MOVING) == 0
    shown.emulate_media(reduced_motion="no-preference")
    expect(writer.locator(".pw-status")).to_have_text("Running")
    is_clean(shown, ".pw")


def decisions(powabase: Any) -> list[dict[str, Any]]:
    return [body for _, path, body in powabase.requests if path.endswith("/approve")]


def test_keys_decide_only_on_the_card_and_nothing_takes_the_focus(
    shown: Page, powabase: Any
) -> None:
    before = len(decisions(powabase))
    count = shown.locator(".pw").count()
    cells = shown.locator(".jp-Cell").count()
    run_cell(shown, ASK_AT)
    row = widget(shown, ANALYST).locator(".pw-card>.pw-row").first
    row.focus()
    shown.evaluate(
        """() => {
          window.moves = [];
          addEventListener("focusin", (event) => moves.push(event.target.outerHTML.slice(0, 200)));
        }"""
    )
    card = shown.locator(".jp-Cell").nth(ASK_AT).locator(".pw-ask")
    approve = card.get_by_role("button", name="Approve", exact=True)
    approve.scroll_into_view_if_needed(timeout=LONG)
    expect(approve).to_be_enabled(timeout=LONG)
    assert shown.evaluate("moves") == []
    expect(row).to_be_focused()
    for elsewhere in (row, approve, card.get_by_role("button", name="Deny")):
        elsewhere.focus()
        shown.keyboard.press("a")
        shown.keyboard.press("d")
        expect(card.get_by_role("textbox")).to_have_count(0)
    card.focus()
    shown.keyboard.press("d")
    expect(card.get_by_role("textbox")).to_be_focused()
    is_clean(shown, ".pw-ask")
    shown.keyboard.type("ad")
    shown.keyboard.press("Escape")
    expect(card).to_be_focused()
    expect(card.get_by_role("textbox")).to_have_count(0)
    assert len(decisions(powabase)) == before
    expect(approve).to_be_enabled()
    shown.keyboard.press("a")
    asked = shown.locator(".jp-Cell").nth(ASK_AT).locator(".pw-status")
    expect(asked).to_have_text("Done", timeout=LONG)
    assert decisions(powabase)[before:] == [{"approved": True}]
    assert shown.locator(".jp-Cell").count() == cells
    assert shown.locator(".pw").count() == count + 1
