"""The widget for those who use a keyboard, a screen reader, large letters or another script."""

import asyncio
import json
import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.deciding import armed
from tests.browser.lab import SHOTS, Lab
from tests.browser.pages import Pages
from tests.browser.tempo import Tempo
from tests.browser.test_keys import by_tab
from tests.walk import FIXTURES

AXE = Path(__file__).parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"
LONG = 60_000
AGES = 9_000  # seconds, as those of a request
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
CALLED = {"event": "tool_call", "tool_name": "tide_table_of_all_the_harbours", "call_id": "c-1"}
STATES = {
    f'display(pb.agent("Analyst").run("{QUESTION}"))': "Done",
    'display(pb.agent("Operator").run("Raise the price of the best seller by 5%"))': (
        "Waiting for you"
    ),
    recorded(START, said("So far so good"), FAILED): "Failed",
    recorded(START, CALLED, said("So far")): "Interrupted",
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

# States that are on their way to another one, and are held; and those that a click made. Each
# with what its header says, and what shows that it is there.
LENGTHY = {**FAILED, "error": "litellm.RateLimitError: slow down. " + "No capacity. " * 300}
CITED = {**COMPLETE, "content": "Tides come from the Moon [1], and the Sun [2]."}
SOURCES = [
    {"key": "1", "source_name": "Tides, page 12", "text_excerpt": "The Moon causes tides."},
    {"key": "2", "source_name": "", "text_excerpt": f"The Sun too. {HEBREW}"},
]
RAISE = "Raise the price of the best seller by 5%"
# By code: Approve on the page isn't pressed before it has been in sight for a while.
SEND = "while not sent.approvals: time.sleep(0.05)\nsent.approve();"
HOLD = """\
import powawidget as pw
from tests.counterpart import start
patient = pw.Timeouts(look_up=(900.0,), look_up_unreachable=900.0, retry_after=900.0)
cut, refusing = start(tokens_per_second=20), start()
refusing.refuse(429, retry_after=800)
def through(server):
    return pw.connect(server.url, api_key=server.key, timeouts=patient)
pb = pw.connect()"""
LOOKED_UP, REFUSED, QUEUED, NOTED, LENGTHY_AT, SORTED, FOLDED, BRANCHED = range(8)
ASKED_TWICE, DENIED, EXPIRED, UNKNOWN, SENDING = range(8, 13)
HELD = {
    'display(through(cut).agent("Writer").run("Write a long report."))': (
        "Interrupted",
        ".pw-pause",
    ),
    'display(through(refusing).agent("Analyst").run("Why?"))': ("Reconnecting", ".pw-pause"),
    'chat = pb.agent("Writer").chat()\nchat.send("Write a long report.")\n'
    'chat.send("Shorter, please")\nchat.send("And in Hebrew")\ndisplay(chat)': (
        "Stopped",
        ".pw-paused",
    ),
    recorded(START, said(CITED["content"]), {**CITED, "citations": SOURCES}): (
        "Done",
        ".pw-source-note",
    ),
    recorded(START, said("So far so good"), LENGTHY): ("Failed", ".pw-error .pw-more"),
    f"display(pw.replay({(FIXTURES / 'tool.sse').read_bytes()!r}))": (
        "Done",
        "[aria-sort=ascending]",
    ),
    'display(pb.orchestration("Research desk").run("Why are orders late?"))': (
        "Done",
        ".pw-agent>[aria-expanded=false]",
    ),
    'display(pb.workflow("Year digest (agent fails)").run())': (
        "Done, 1 block failed",
        ".pw-block.pw-is-skipped",
    ),
    'display(raised(operators, "Operator (parallel reads)"))': (
        "Waiting for you",
        ".pw-ask:has-text('Approve all 2')",
    ),
    'display(raised(operators, "Operator"))': (
        "Done",
        ".pw-decided:has-text('Denied by a person')",
    ),
    'display(raised(operators, "Operator (short deadline)"))': (
        "Done",
        ".pw-decided:has-text('Not answered')",
    ),
    'display(raised(lost, "Operator"))': (
        "Running",
        ".pw-decided:has-text('known what became')",
    ),
    'sent = raised(operators, "Endless")\ndisplay(sent)': (
        "Running",
        ".pw-decided:has-text('Approved by code, running')",
    ),
}

# Runs that are on their way when their kernel goes, and what says it.
GOING = {
    'display(raised(operators, "Operator"))': ".pw-ask-lost",
    'display(raised(operators, "Operator (parallel reads)"))': ".pw-ask-lost",
    f'chat = operators.agent("Operator").chat()\nchat.send({RAISE!r})\nchat.send("Thanks")\n'
    "display(chat)": ".pw-ask-lost",
    'sent = raised(operators, "Endless")\ndisplay(sent)': ".pw-decided:has-text('known what')",
}

# A call whose result is read, and whose table is sorted, a little at a time.
LARGE = """\
import json
import powawidget as pw
rows = [{"id": i, "late": (i * 7919) % 12_007} for i in range(12_007)]
call = {"run_id": "r-1", "step": 1, "tool_name": "rows", "call_id": "c-1"}
frames = [
    {"event": "start", "run_id": "r-1", "session_id": "s-1"},
    {"event": "tool_call", **call, "arguments": {}},
    {"event": "tool_result", **call, "result": json.dumps(rows), "duration_ms": 5},
    {"event": "complete", "run_id": "r-1", "status": "completed", "content": ""},
]
display(pw.replay("".join(f"data: {json.dumps(each)}\\n\\n" for each in frames).encode()))"""
# Work that the page puts off to its next turn is kept until `release()`; after `hold()` what is
# put off later goes on, so that axe can work.
HOLD_WORK = """
() => {
  const real = window.setTimeout;
  const kept = [];
  window.setTimeout = (work, delay, ...rest) =>
    delay === undefined ? kept.push(work) : real(work, delay, ...rest);
  window.hold = () => { window.setTimeout = real; };
  window.release = () => { window.hold(); for (const work of kept) real(work); };
}
"""

# The faintest text on its background among the hosts: VS Code's, light and dark.
HOSTS = ["color:#3b3b3b;background:#fff", "color:#ccc;background:#1f1f1f"]
# What can have the focus, of all that Tab reaches.
TABBABLE = ":is(button,a[href],input,textarea,summary,[tabindex='0'])"
# What opens a card, a block, an agent's work or a thought, and isn't open.
CLOSED = "[aria-expanded=false]:is(.pw-row,.pw-pill,.pw-branch)"


@pytest.fixture(scope="module")
def shown(pages: Pages, lab: Lab) -> Iterator[Page]:
    """A page with a widget in every state, all that opens opened."""
    with pages.own() as page:
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


@pytest.fixture(scope="module")
def servers() -> Iterator[str]:
    """Code that connects to servers that outlive the kernel, and at which decisions wait.

    No request expires there but that of the short deadline; the call of the agent "Endless" never
    ends; and the first decision that is sent to `lost` fails.
    """
    from tests.counterpart import (  # noqa: PLC0415  # only where a browser test runs
        Agent,
        Call,
        Calls,
        Hook,
        Script,
        Tool,
        Turn,
        start,
    )

    def order(_: Turn) -> Script:
        yield Calls(Call("reorder", {"sku": "A-7", "pieces": 40}))

    async def never(_: dict[str, Any]) -> str:
        await asyncio.Event().wait()
        return ""

    endless = Agent(
        "Endless",
        order,
        tools=(Tool("reorder", never),),
        hooks=(Hook("PreToolUse", timeout=AGES),),
    )
    deadlines = {
        "Operator": AGES,
        "Operator (parallel reads)": AGES,
        "Operator (short deadline)": 1,
    }
    with (
        start(agents=[endless], deadlines=deadlines) as asking,
        start(deadlines=deadlines) as losing,
    ):
        losing.refuse(500, ending="/approve")
        yield (
            "import powawidget as pw, time\n"
            f"operators = pw.connect({asking.url!r}, api_key={asking.key!r})\n"
            f"lost = pw.connect({losing.url!r}, api_key={losing.key!r})\n"
            "def raised(server, name):\n"
            f"    return server.agent(name).run({RAISE!r})"
        )


@pytest.fixture(scope="module")
def held(pages: Pages, lab: Lab, servers: str, tempo: Tempo) -> Iterator[Page]:
    """A page with a widget in each of the held states."""
    tempo.slow()
    with pages.own() as page:
        hold = f"{servers}\n{HOLD}"
        lab.write_notebook("held.ipynb", [hold, "\n".join(HELD), f"cut.kill()\n{SEND}"])
        lab.open(page, "held.ipynb")
        page.add_script_tag(path=AXE)
        run_cell(page, 0)
        run_cell(page, 1)
        for place in (QUEUED, LOOKED_UP):
            expect(widget(page, place).locator(".pw-text").first).not_to_be_empty(timeout=LONG)
        widget(page, QUEUED).locator(".pw-head").get_by_role("button", name="Stop").click()
        tempo.fast()
        for place in (DENIED, UNKNOWN):
            deny(widget(page, place))
        run_cell(page, 2)
        statuses = [status for status, _ in HELD.values()]
        expect(page.locator(".pw-head .pw-status")).to_have_text(statuses, timeout=LONG)
        lab.wait_idle(page)
        open_all(page)
        sorting(page).click()
        widget(page, FOLDED).locator(".pw-agent>.pw-row").first.click()
        yield page


def deny(asking: Locator) -> None:
    """Deny a request and give a reason."""
    armed(asking, "Deny").click()
    reason = asking.get_by_role("textbox")
    reason.fill(f"Prices are fixed. {HEBREW}")
    reason.press("Enter")
    expect(reason).to_have_count(0)


def sorting(page: Page) -> Locator:
    """The button in the head of a column."""
    return widget(page, SORTED).locator("th").nth(1).get_by_role("button")


def badge(page: Page) -> Locator:
    """The badge whose note is open."""
    return widget(page, NOTED).locator(".pw-cite").first


def check_held(page: Page) -> None:
    """Check that each widget is in its state still; the note opens anew, where there is room."""
    page.keyboard.press("Escape")
    expect(page.locator(".pw-source-note")).to_have_count(0)
    badge(page).click()
    for place, (status, mark) in enumerate(HELD.values()):
        expect(widget(page, place).locator(".pw-head .pw-status")).to_have_text(status)
        expect(widget(page, place).locator(mark)).not_to_have_count(0)


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
    coloured = [
        node
        for ruled in (*result["passes"], *result["violations"])
        for node in ruled["nodes"]
        if ruled["id"] == "color-contrast"
    ]
    unsure = [
        check["message"]
        for ruled in result["incomplete"]
        for node in ruled["nodes"][:3]
        for check in node["any"]
    ]
    assert len(coloured) >= page.locator(selector).count(), f"axe looked at no colours: {unsure}"
    found = [
        f"{each['impact']}: {each['id']}: {each['help']}\n    {json.dumps(node['target'])} "
        f"{node['html'][:300]}\n    {node['failureSummary']}"
        for each in result["violations"]
        for node in each["nodes"]
    ]
    return sorted(found, key=lambda each: not each.startswith(GRAVE))


@contextmanager
def all_in_sight(page: Page) -> Iterator[None]:
    """Make a page so tall that nothing is scrolled away: axe says nothing of such colours.

    Nor does it of what stands in a body without a height, as JupyterLab's.
    """
    size = page.viewport_size
    assert size is not None
    style = page.add_style_tag(content="body{min-height:100vh}")
    page.set_viewport_size({"width": size["width"], "height": 12_000})
    page.wait_for_function(
        """() => {
          document.querySelector(".jp-WindowedPanel-outer")?.scrollTo(0, 0);
          return [...document.querySelectorAll(".pw")].every((each) => {
            const { top, bottom } = each.getBoundingClientRect();
            return top >= 0 && bottom <= innerHeight;
          });
        }"""
    )
    yield
    page.set_viewport_size(size)
    style.evaluate("(style) => style.remove()")


def is_clean(page: Page, selector: str) -> None:
    """Check that axe finds nothing grave; a failure lists the rest too."""
    with all_in_sight(page):
        found = findings(page, selector)
    assert not (found and found[0].startswith(GRAVE)), "\n".join(found)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_any_state(lab: Lab, shown: Page, theme: str) -> None:
    lab.set_theme(shown, theme)
    is_clean(shown, ".pw")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_any_held_state(lab: Lab, held: Page, theme: str) -> None:
    lab.set_theme(held, theme)
    check_held(held)
    pictures(held, f"held-{theme}", range(len(HELD)))
    is_clean(held, ".pw")


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


# Whether the focus is in a widget, is seen there, and comes in order; and what of the widget it has
# not reached yet. "Jump to latest" comes and goes with where its box is scrolled to: places are
# told by their elements, not by their numbers, and Tab goes on from where it was.
FOCUS = """
async (widget, tabbable) => {
  const drawn = () => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
  await drawn();
  const focused = document.activeElement;
  widget.walked ??= [];
  const { walked } = widget;
  const last = walked.findLast((each) => each.isConnected);
  const isInOrder = last === undefined
    || (last.compareDocumentPosition(focused) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
  const isWithin = widget.contains(focused) && focused.matches(tabbable);
  const isGone = focused === document.body && walked.at(-1)?.isConnected === false;
  if (isWithin) walked.push(focused);
  else if (isGone) walked.pop();
  const left = [...widget.querySelectorAll(tabbable)]
    .filter((each) => each.checkVisibility() && !walked.includes(each));
  if (!isWithin && !isGone) delete widget.walked;
  const { outlineStyle, outlineWidth, outlineColor, opacity } = getComputedStyle(focused);
  const isSeen = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2
    && focused.matches(":focus-visible") && opacity === "1";
  return { isWithin, isGone, isInOrder, isSeen, html: focused.outerHTML.slice(0, 200),
    left: left.map((each) => each.textContent) };
}
"""


@pytest.mark.parametrize("place", [*range(len(STATES))])
def test_tab_reaches_every_control_in_order_and_is_seen_there(shown: Page, place: int) -> None:
    walk(shown, widget(shown, place))


@pytest.mark.parametrize("place", [*range(len(HELD))])
def test_tab_reaches_every_control_of_a_held_state_too(held: Page, place: int) -> None:
    check_held(held)
    walk(held, widget(held, place))


def walk(page: Page, this: Locator) -> None:
    """Go through a widget by Tab."""
    this.locator(TABBABLE).first.focus()
    # On and back, by keys: before the widget the notebook would take the focus for itself.
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    reached = 0
    while (focus := this.evaluate(FOCUS, TABBABLE))["isWithin"] or focus["isGone"]:
        if focus["isWithin"]:
            assert focus["isSeen"], focus
            assert focus["isInOrder"], focus
            reached += 1
        page.keyboard.press("Tab")
    assert reached > 0
    assert set(focus["left"]) <= {"Jump to latest"}


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
    shown.wait_for_function("document.querySelector('.pw').clientWidth < 560")
    assert shown.locator(".pw").evaluate_all(STRAYS) == []
    pictures(shown, "zoomed")
    lab.command(shown, "application:toggle-left-area")
    shown.set_viewport_size({"width": 1280, "height": 900})


# The words of a card that lie over the name of its tool.
LAPS = """
(widgets) => widgets.flatMap((widget) => [...widget.querySelectorAll(".pw-row .pw-word")])
  .filter((word) => {
    const name = word.closest(".pw-row").querySelector(".pw-name")?.getBoundingClientRect();
    const at = word.getBoundingClientRect();
    return name && at.width > 0 && at.left < name.right && at.top < name.bottom
      && name.top < at.bottom;
  })
  .map((word) => word.textContent)
"""

# A column of the page: WCAG asks for 320 pixels.
NARROW = ".jp-OutputArea-output:has(.pw){width:320px;flex:none}"


def test_held_states_fit_at_twice_the_size_and_in_a_narrow_page(lab: Lab, held: Page) -> None:
    held.set_viewport_size({"width": 640, "height": 450})
    lab.command(held, "application:toggle-left-area")
    held.wait_for_function("document.querySelector('.pw').clientWidth < 560")
    check_held_fits(held, "zoomed")
    lab.command(held, "application:toggle-left-area")
    held.set_viewport_size({"width": 1280, "height": 900})
    style = held.add_style_tag(content=NARROW)
    held.wait_for_function("document.querySelector('.pw').clientWidth <= 320")
    check_held_fits(held, "narrow")
    style.evaluate("(style) => style.remove()")


def check_held_fits(page: Page, name: str) -> None:
    """Check that nothing reaches out."""
    check_held(page)
    assert page.locator(".pw").evaluate_all(STRAYS) == []
    pictures(page, f"held-{name}", range(len(HELD)))


def test_a_narrow_page_keeps_every_state_whole(shown: Page) -> None:
    style = shown.add_style_tag(content=NARROW)
    shown.wait_for_function("document.querySelector('.pw').clientWidth <= 320")
    assert shown.locator(".pw").evaluate_all(STRAYS) == []
    pictures(shown, "narrow", range(len(STATES)))
    style.evaluate("(style) => { style.textContent = style.textContent.replace(/320/, 240); }")
    assert shown.locator(".pw").evaluate_all(LAPS) == []
    style.evaluate("(style) => style.remove()")


def test_a_page_from_right_to_left_keeps_the_widget_whole(shown: Page) -> None:
    shown.evaluate("document.documentElement.dir = 'rtl'")
    expect(widget(shown, ANALYST).locator(".pw-head")).to_have_css("direction", "ltr")
    expect(widget(shown, FOREIGNER).locator("p").first).to_have_css("direction", "rtl")
    assert shown.locator(".pw").evaluate_all(STRAYS) == []
    pictures(shown, "rtl")
    shown.evaluate("document.documentElement.dir = ''")


def pictures(page: Page, name: str, places: Iterable[int] = (ANALYST, CHAT)) -> None:
    """Take pictures of some states, to look at."""
    SHOTS.mkdir(exist_ok=True)
    for place in places:
        widget(page, place).screenshot(path=SHOTS / f"{name}-{place}.png", animations="disabled")


MOVING = """
() => document.getAnimations()
  .filter((each) => each.effect.target.closest(".pw") && each.playState === "running").length
"""


def test_nothing_moves_for_who_asked_for_less_motion_and_running_is_clean(
    shown: Page, tempo: Tempo
) -> None:
    tempo.slow()
    before = shown.locator(".pw").count()
    run_cell(shown, REPORTS_AT)
    writer, workflow = widget(shown, before), widget(shown, before + 1)
    expect(writer.locator(".pw-text").first).not_to_be_empty(timeout=LONG)
    expect(workflow.locator(".pw-block.pw-is-running")).not_to_have_count(0, timeout=LONG)
    tempo.hold()
    shown.wait_for_function(f"({MOVING})() > 0")
    shown.emulate_media(reduced_motion="reduce")
    assert shown.evaluate(MOVING) == 0
    shown.wait_for_timeout(300)
    assert shown.evaluate(MOVING) == 0
    shown.emulate_media(reduced_motion="no-preference")
    expect(writer.locator(".pw-status")).to_have_text("Running")
    is_clean(shown, ".pw")
    # A kernel that ends while a long text is on its way complains.
    writer.locator(".pw-head").get_by_role("button", name="Stop").click()
    expect(writer.locator(".pw-status")).to_have_text("Stopped")


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
    approve = armed(card)
    assert shown.evaluate("moves") == []
    expect(row).to_be_focused()
    for elsewhere in (row, approve, card.get_by_role("button", name="Deny")):
        elsewhere.focus()
        shown.keyboard.press("a")
        shown.keyboard.press("d")
        expect(card.get_by_role("textbox")).to_have_count(0)
    by_tab(shown, card)
    shown.keyboard.press("d")
    expect(card.get_by_role("textbox")).to_be_focused()
    is_clean(shown, ".pw-ask")
    shown.keyboard.type("ad")
    shown.keyboard.press("Escape")
    expect(card).to_be_focused()
    expect(card.get_by_role("textbox")).to_have_count(0)
    assert len(decisions(powabase)) == before
    armed(card)
    shown.keyboard.press("a")
    asked = shown.locator(".jp-Cell").nth(ASK_AT).locator(".pw-status")
    expect(asked).to_have_text("Done", timeout=LONG)
    assert decisions(powabase)[before:] == [{"approved": True}]
    assert shown.locator(".jp-Cell").count() == cells
    assert shown.locator(".pw").count() == count + 1


def test_keys_work_everything_in_a_held_state(held: Page) -> None:
    check_held(held)
    held.emulate_media(reduced_motion="reduce")
    assert held.evaluate(MOVING) == 0
    held.emulate_media(reduced_motion="no-preference")

    # The note of a source: open by a click, closed by Escape, open again by Enter.
    note = widget(held, NOTED).locator(".pw-source-note")
    badge(held).focus()
    held.keyboard.press("Escape")
    expect(note).to_have_count(0)
    expect(badge(held)).to_be_focused()
    held.keyboard.press("Enter")
    expect(note).to_contain_text("The Moon causes tides.")
    expect(badge(held)).to_have_attribute("aria-expanded", "true")

    # A column, in three steps.
    column = widget(held, SORTED).locator("th").nth(1)
    sorting(held).focus()
    held.keyboard.press("Space")
    expect(column).to_have_attribute("aria-sort", "descending")
    held.keyboard.press("Enter")
    held.keyboard.press("Enter")
    expect(column).to_have_attribute("aria-sort", "ascending")
    expect(sorting(held)).to_be_focused()

    # An agent's work.
    agent = widget(held, FOLDED).locator(".pw-agent>.pw-row").first
    agent.focus()
    held.keyboard.press("Enter")
    expect(agent).to_have_attribute("aria-expanded", "true")
    held.keyboard.press("Space")
    expect(agent).to_have_attribute("aria-expanded", "false")

    # The rest of a long message.
    more = widget(held, LENGTHY_AT).locator(".pw-error .pw-more")
    more.focus()
    held.keyboard.press("Enter")
    expect(more).to_have_count(0)

    # What waits in a chat goes, one and then all.
    chat = widget(held, QUEUED)
    chips = chat.locator(".pw-queue li")
    expect(chips).to_have_count(2)
    chips.nth(1).get_by_role("button", name="Edit").focus()
    held.keyboard.press("Enter")
    expect(chips).to_have_count(1)
    expect(chat.get_by_role("textbox", name="Message", exact=True)).to_have_value("And in Hebrew")
    chat.locator(".pw-paused").get_by_role("button", name="Discard").focus()
    held.keyboard.press("Enter")
    expect(chips).to_have_count(0)

    # What is waited for is given up.
    for place in (LOOKED_UP, REFUSED):
        pause = widget(held, place).locator(".pw-pause")
        pause.get_by_role("button").focus()
        held.keyboard.press("Enter")
        expect(pause).to_have_count(0)
    expect(widget(held, REFUSED).locator(".pw-error")).to_contain_text("The wait was given up")
    is_clean(held, ".pw")


# On pages of their own, at whose end all kernels are ended: after the pages that are shared.


def test_axe_finds_nothing_serious_once_the_kernel_is_gone(
    lab: Lab, page: Page, servers: str
) -> None:
    tell = f"{servers}\nimport os\nprint(os.getpid())"
    lab.write_notebook("gone.ipynb", [tell, "\n".join(GOING), SEND])
    lab.open(page, "gone.ipynb")
    page.add_script_tag(path=AXE)
    run_cell(page, 0)
    told = lab.output(page, 0)
    expect(told).not_to_be_empty(timeout=LONG)
    kernel = int(told.inner_text())
    for place in (1, 2):
        run_cell(page, place)
    lab.wait_idle(page)
    statuses = page.locator(".pw-head .pw-status")
    expect(statuses).to_have_text(["Waiting for you"] * 3 + ["Running"], timeout=LONG)
    expect(page.locator(".pw-queue li")).to_have_count(1)
    # One that is asked to end may end its runs itself before.
    os.kill(kernel, signal.SIGKILL)
    gone = "Interrupted: the kernel is gone"
    expect(statuses).to_have_text([gone] * len(GOING), timeout=LONG)
    # JupyterLab starts another one, and says so over everything.
    page.locator(".jp-Dialog button.jp-mod-accept").click(timeout=LONG)
    lab.wait_idle(page)
    for place, mark in enumerate(GOING.values()):
        expect(widget(page, place).locator(mark)).not_to_have_count(0)
    open_all(page)
    for theme in ("light", "dark"):
        lab.set_theme(page, theme)
        pictures(page, f"gone-{theme}", range(len(GOING)))
        is_clean(page, ".pw")
    for place in range(len(GOING)):
        walk(page, widget(page, place))
    assert lab.problems_beside_a_death(page) == []


def test_axe_finds_nothing_serious_while_a_result_is_read_and_a_table_sorted(
    lab: Lab, page: Page
) -> None:
    lab.write_notebook("busy_table.ipynb", [LARGE])
    lab.open(page, "busy_table.ipynb")
    page.add_script_tag(path=AXE)
    lab.run_all(page)
    lab.wait_idle(page)
    this = widget(page, 0)
    row, grid = this.locator(".pw-card>.pw-row"), this.locator(".pw-grid")
    expect(row).to_be_visible(timeout=LONG)

    page.evaluate(HOLD_WORK)
    row.press("Enter")
    expect(this.get_by_text("Reading…")).to_be_visible()
    page.evaluate("hold()")
    is_clean(page, ".pw")
    page.evaluate("release()")
    expect(grid).to_have_attribute("aria-busy", "false", timeout=LONG)

    page.evaluate(HOLD_WORK)
    this.locator("th").nth(1).get_by_role("button").press("Enter")
    expect(grid).to_have_attribute("aria-busy", "true")
    page.evaluate("hold()")
    is_clean(page, ".pw")
    page.evaluate("release()")
    expect(grid).to_have_attribute("aria-busy", "false", timeout=LONG)
    expect(this.locator("td").nth(1)).to_have_text("0")
