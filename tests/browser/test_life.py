"""What a view survives, and what it leaves: rows K2, K3, K5 and B2 to B5 of the faults."""

import os
import re
import signal
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import nbformat
import pytest
from nbformat.sign import NotebookNotary
from playwright.sync_api import CDPSession, Locator, Page, expect

from tests.browser.deciding import armed
from tests.browser.lab import Lab
from tests.browser.tempo import Tempo

LONG = 60_000
CONNECT = "import powawidget as pw, os, time\npb = pw.connect()\nprint('PID', os.getpid())"
OPERATE = (
    'run = pb.agent("Operator").run("Raise the price of the best seller by 5%")\ndisplay(run)\n'
    "while not run.approvals: time.sleep(0.05)"
)
WRITE = 'run = pb.agent("Writer").run("Write a long report.")\ndisplay(run)'
ASK = 'run = pb.agent("Analyst").run("Which orders are late, by region and carrier?")\ndisplay(run)'
CHAT = 'chat = pb.agent("Writer").chat()\ndisplay(chat)\nrun = chat.send("Write a long report.")'
TRANSCRIPT = ".powawidget-transcript"
CHOICES = ["Approve", "Deny", "Stop", "Send", "Retry", "Try again"]

# Counts what the page gets and says about changes, and loses changes while it is told to.
LOSSY = """
window.lossy = { is: false, lost: 0, asked: 0 };
const read = (data) => (typeof data === "string" ? data : new TextDecoder().decode(data));
window.WebSocket = class extends WebSocket {
  constructor(...all) {
    super(...all);
    this.addEventListener("message", (event) => {
      const text = read(event.data);
      if (!window.lossy.is || !/"kind": ?"ops"/.test(text)) return;
      window.lossy.lost += 1;
      event.stopImmediatePropagation();
    });
  }
  send(data) {
    if (/"kind": ?"sync"/.test(read(data))) window.lossy.asked += 1;
    super.send(data);
  }
};
"""


def sent(powabase: Any, end: str) -> list[dict[str, Any]]:
    return [body for _, path, body in powabase.requests if path.endswith(end)]


def until(page: Page, condition: Callable[[], Any], what: str) -> Any:
    end = time.monotonic() + 60
    while not (found := condition()):
        assert time.monotonic() < end, f"not seen: {what}"
        page.wait_for_timeout(50)
    return found


def status(widget: Locator) -> Locator:
    return widget.locator(".pw-head .pw-status, .pw-status").first


def said(widget: Locator) -> str:
    return "".join(widget.locator(".pw-text").all_text_contents())


def button(widget: Locator, name: str) -> Locator:
    return widget.get_by_role("button", name=name, exact=True)


def is_inert(widget: Locator) -> None:
    """Nothing that asks the kernel for anything can be used."""
    for name in CHOICES:
        for found in button(widget, name).all():
            expect(found).to_be_disabled()
    for field in widget.get_by_role("textbox").all():
        expect(field).not_to_be_editable()


def shown(lab: Lab, page: Page, name: str, *cells: str) -> Locator:
    lab.write_notebook(name, [CONNECT, *cells])
    lab.open(page, name)
    lab.run_all(page)
    expect(page.locator(".pw").first).to_be_visible(timeout=LONG)
    return page.locator(".pw")


def kill_kernel(lab: Lab, page: Page) -> None:
    """As the system does where memory runs out."""
    words = lab.output(page, 0).inner_text().split()
    os.kill(int(words[words.index("PID") + 1]), signal.SIGKILL)


def restart_kernel(_: Lab, page: Page) -> None:
    page.evaluate("void window.jupyterapp.commands.execute('notebook:restart-kernel')")
    page.locator(".jp-Dialog button.jp-mod-accept").click()


ENDS = {"restart": restart_kernel, "kill -9": kill_kernel}


@pytest.mark.parametrize("end", ENDS)
def test_k2_a_view_says_that_its_kernel_is_gone_and_its_buttons_are_inert(
    lab: Lab, page: Page, powabase: Any, end: str
) -> None:
    before = len(sent(powabase, "/approve"))
    widget = shown(lab, page, f"k2_{end[:4]}.ipynb", OPERATE)
    armed(widget, "Approve")
    ENDS[end](lab, page)
    expect(status(widget)).to_contain_text("Interrupted", timeout=LONG)
    expect(widget).to_contain_text("kernel")
    is_inert(widget)
    # The kernel that follows is another one: the view stays what it is.
    lab.wait_idle(page)
    page.wait_for_timeout(1500)
    expect(status(widget)).to_contain_text("Interrupted")
    is_inert(widget)
    assert len(sent(powabase, "/approve")) == before
    assert lab.problems_beside_a_death(page) == []


@pytest.mark.parametrize("end", ENDS)
def test_k2_a_chat_takes_nothing_when_its_kernel_is_gone(
    lab: Lab, page: Page, powabase: Any, tempo: Tempo, end: str
) -> None:
    chat = shown(lab, page, f"k2_chat_{end[:4]}.ipynb", CHAT)
    expect(chat.locator(".pw-text").first).to_be_visible(timeout=LONG)
    tempo.hold()
    field = chat.get_by_role("textbox", name="Message", exact=True)
    field.click()
    field.press_sequentially("lost?")
    before = len(sent(powabase, "/run/stream"))
    ENDS[end](lab, page)
    expect(status(chat)).to_contain_text("Interrupted", timeout=LONG)
    lab.wait_idle(page)
    # The draft stays, and goes nowhere.
    field.press("Enter")
    page.wait_for_timeout(1000)
    expect(field).to_have_value(re.compile("lost\\?"))
    expect(chat).to_contain_text("No live kernel")
    for name in CHOICES:
        for found in button(chat, name).all():
            expect(found).to_be_disabled()
    assert len(sent(powabase, "/run/stream")) == before
    assert lab.problems_beside_a_death(page) == []


def test_k3_a_cell_that_is_run_again_has_no_ghost_writer(
    lab: Lab, page: Page, powabase: Any, tempo: Tempo
) -> None:
    tempo.slow()
    widget = shown(lab, page, "k3.ipynb", WRITE)
    expect(widget.locator(".pw-text").first).to_be_visible(timeout=LONG)
    lab.wait_idle(page)
    page.evaluate(
        """() => {
          const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
          window.heard = [];
          kernel.iopubMessage.connect((_, { header, content }) => {
            const kind = content.data?.content?.kind ?? header.msg_type;
            window.heard.push([content.comm_id ?? "", kind]);
          });
        }"""
    )
    page.evaluate(
        """async () => {
          const { content } = window.jupyterapp.shell.currentWidget;
          content.activeCellIndex = 1;
          await window.jupyterapp.commands.execute("notebook:run-cell");
        }"""
    )
    expect(widget).to_have_count(1)
    expect(widget.locator(".pw-text").first).to_be_visible(timeout=LONG)
    until(page, lambda: powabase.open_streams == 1, "the end of the first run's stream")
    expect(status(widget)).to_have_text("Running")
    page.evaluate("window.heard = []")
    length = len(said(widget))
    until(page, lambda: len(said(widget)) > length + 100, "the second run's text")
    writers = {comm for comm, kind in page.evaluate("window.heard") if kind == "ops"}
    assert len(writers) == 1
    button(widget, "Stop").click()
    expect(status(widget)).to_have_text("Stopped", timeout=LONG)
    # The transcript of the end is written beside the page's state, and may come after it.
    expect(page.locator(".powawidget-transcript")).to_contain_text("Stopped", timeout=LONG)
    outputs = saved(lab, page, "k3.ipynb").cells[1].outputs
    assert len(outputs) == 2
    assert "Stopped" in outputs[1].data["text/markdown"]
    assert widget.count() == 1


# A rich run each time, so that one that is kept is seen in every count.
REPLAY = """
import ipywidgets, json
import powawidget as pw
words = "".join(f"## Part {i}\\n\\n- one *{i}*\\n- 2 `{i}`\\n\\n" + "word "*400 for i in range(60))
frames = [
    {"event": "start", "run_id": "r", "session_id": "s"},
    {"event": "content_delta", "type": "content_delta", "delta": words},
    {"event": "complete", "run_id": "r", "status": "completed", "content": words},
]
data = "".join(f"data: {json.dumps(frame)}\\n\\n" for frame in frames).encode()
"""
# As much text in a widget of ipywidgets' own, closed with all that it has before the next is shown.
PLAIN = """
body = "".join(f"<h2>{i}</h2><p>one <em>{i}</em><p>2 <code>{i}</code><p>" + "word "*400
               for i in range(60))
for old in [shown, shown.layout, shown.style] if "shown" in globals() else []: old.close()
shown = ipywidgets.HTML(f'<div class="plain">{body}</div>')
shown
"""

RUN_AGAIN = """
async ([cell, times]) => {
  const { content } = window.jupyterapp.shell.currentWidget;
  const { node } = content.widgets[cell];
  const drawn = () => node.querySelectorAll(".pw, .plain").length === 1
    && node.querySelector(".pw-text, .plain")?.textContent.length > 1000;
  for (let i = 0; i < times; i++) {
    content.activeCellIndex = cell;
    await window.jupyterapp.commands.execute("notebook:run-cell");
    const end = Date.now() + 30000;
    while (!drawn()) {
      if (Date.now() > end) throw new Error(`run ${i} was not drawn`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
"""

# Of all objects of the page, the states of runs: the store's, and those in traits and messages.
STATES = """
function () {
  const has = (each, name) => Object.hasOwn(each, name);
  let count = 0;
  for (const each of this) {
    try {
      if (has(each, "seq") && has(each, "now") && has(each, "state")) count += 1;
    } catch {}
  }
  return count;
}
"""


def kept(cdp: CDPSession) -> dict[str, float]:
    """What the page holds when all that nobody holds is gone."""
    for _ in range(3):
        cdp.send("HeapProfiler.collectGarbage")
    dom = cdp.send("Memory.getDOMCounters")
    heap = cdp.send("Runtime.getHeapUsage")["usedSize"]
    any_object = {"expression": "Object.prototype", "objectGroup": "kept"}
    prototype = cdp.send("Runtime.evaluate", any_object)["result"]["objectId"]
    found = cdp.send(
        "Runtime.queryObjects", {"prototypeObjectId": prototype, "objectGroup": "kept"}
    )["objects"]["objectId"]
    states = cdp.send(
        "Runtime.callFunctionOn",
        {"functionDeclaration": STATES, "objectId": found, "returnByValue": True},
    )["result"]["value"]
    cdp.send("Runtime.releaseObjectGroup", {"objectGroup": "kept"})
    nodes, listeners = dom["nodes"], dom["jsEventListeners"]
    return {"states": states, "nodes": nodes, "listeners": listeners, "heap": heap}


def grown(page: Page, cdp: CDPSession, cell: int) -> dict[str, float]:
    """What the page holds more after each five times that a cell is run again.

    A leak grows every time. What grows once in a while is the page's own, and is kept out.
    """
    page.evaluate(RUN_AGAIN, [cell, 10])
    found = [kept(cdp)]
    for _ in range(3):
        page.evaluate(RUN_AGAIN, [cell, 5])
        found.append(kept(cdp))
    return {name: min(b[name] - a[name] for a, b in pairwise(found)) for name in found[0]}


@pytest.mark.own_page
@pytest.mark.timeout(240)  # fifty widgets, and the whole heap is gone through eight times
def test_k5_the_page_keeps_nothing_of_closed_widgets(lab: Lab, page: Page) -> None:
    """Of five widgets that are shown and closed no state, no node and no listener is kept.

    JupyterLab's connection to a kernel keeps the model of every comm that was closed, and
    ipywidgets the nodes of views; anywidget imports what each widget is sent, and a page never
    forgets a module. What is left on the heap is that: less than of a widget of ipywidgets' own.
    """
    lab.write_notebook("k5.ipynb", [REPLAY, "pw.replay(data)", PLAIN])
    lab.open(page, "k5.ipynb")
    lab.run_all(page)
    lab.wait_idle(page)
    cdp = page.context.new_cdp_session(page)
    ours, theirs = grown(page, cdp, 1), grown(page, cdp, 2)
    assert ours["states"] <= 0
    assert ours["nodes"] < 5 * 20  # one that is drawn has hundreds
    assert ours["listeners"] < 5 * 2
    assert ours["heap"] < theirs["heap"]


def test_b2_two_tabs_show_the_same_and_make_one_decision(
    lab: Lab, page: Page, powabase: Any
) -> None:
    before = len(sent(powabase, "/approve"))
    first = shown(lab, page, "b2.ipynb", OPERATE)
    lab.wait_idle(page)
    armed(first, "Approve")
    lab.command(page, "docmanager:save")
    other = page.context.new_page()
    lab.watch(other)
    lab.open(other, "b2.ipynb")
    second = other.locator(".pw")
    armed(second, "Deny")
    armed(first, "Approve")
    at = page.evaluate("Date.now() + 700")
    for tab, name in ((page, "Approve"), (other, "Approve")):
        tab.evaluate(
            """([at, name]) => {
              const found = [...document.querySelectorAll(".pw-ask button")]
                .find((button) => button.textContent.trim() === name);
              setTimeout(() => found.click(), at - Date.now());
            }""",
            [at, name],
        )
    expect(status(first)).to_have_text("Done", timeout=LONG)
    expect(status(second)).to_have_text("Done", timeout=LONG)
    assert sent(powabase, "/approve")[before:] == [{"approved": True}]
    assert said(first) == said(second)
    expect(second).to_contain_text("Approved by a person")
    assert lab.problems(other) == []
    other.close()


@pytest.mark.own_page
@pytest.mark.parametrize("until_the_end", [False, True], ids=["some", "all to the end"])
def test_b3_what_is_lost_on_the_way_is_noticed_and_fetched_anew(
    lab: Lab, page: Page, powabase: Any, tempo: Tempo, until_the_end: bool
) -> None:
    tempo.slow()
    page.add_init_script(LOSSY)
    before = len(sent(powabase, "/run/stream"))
    widget = shown(lab, page, f"b3_{until_the_end}.ipynb", ASK)
    lab.wait_idle(page)
    expect(widget.locator(".pw-card").first).to_be_visible(timeout=LONG)
    tempo.hold()
    page.evaluate("window.lossy.is = true")
    tempo.slow()
    if until_the_end:
        until(page, lambda: powabase.open_streams == 0, "the end of the stream")
    else:
        until(page, lambda: page.evaluate("window.lossy.lost") >= 5, "lost messages")
        page.evaluate("window.lossy.is = false")
    expect(status(widget)).to_have_text("Done", timeout=LONG)
    lossy = page.evaluate("window.lossy")
    assert lossy["lost"] > 0
    assert lossy["asked"] > 0
    expect(widget.locator(".pw-card")).to_have_count(2)
    formulas_drawn(page, widget)
    assert said(widget) == said_in_second_view(lab, page)
    assert len(sent(powabase, "/run/stream")) == before + 1


def said_in_second_view(lab: Lab, page: Page) -> str:
    """What a page that has lost nothing shows of the same run."""
    page.evaluate("window.lossy && (window.lossy.is = false)")
    lab.reload(page)
    widget = page.locator(".pw").first
    expect(status(widget)).to_have_text("Done", timeout=LONG)
    lab.wait_idle(page)
    formulas_drawn(page, widget)
    return said(widget)


def formulas_drawn(page: Page, widget: Locator) -> None:
    """What draws them comes after the text."""
    until(page, lambda: widget.locator("math").count() == 5, "formulas in place of their source")


def test_b4_a_tab_that_was_frozen_catches_up(
    lab: Lab, page: Page, powabase: Any, tempo: Tempo
) -> None:
    tempo.slow()
    before = len(sent(powabase, "/run/stream"))
    widget = shown(lab, page, "b4.ipynb", ASK)
    lab.wait_idle(page)
    expect(widget.locator(".pw-card").first).to_be_visible(timeout=LONG)
    tempo.hold()
    front = page.context.new_page()
    front.bring_to_front()
    cdp = page.context.new_cdp_session(page)
    cdp.send("Page.setWebLifecycleState", {"state": "frozen"})
    tempo.fast()
    end = time.monotonic() + 60
    while powabase.open_streams:
        assert time.monotonic() < end, "the run did not end"
        front.wait_for_timeout(50)
    cdp.send("Page.setWebLifecycleState", {"state": "active"})
    page.bring_to_front()
    expect(status(widget)).to_have_text("Done", timeout=LONG)
    expect(widget.locator(".pw-card")).to_have_count(2)
    front.close()
    formulas_drawn(page, widget)
    assert said(widget) == said_in_second_view(lab, page)
    assert len(sent(powabase, "/run/stream")) == before + 1


def begins_beside_its_dot(page: Page, words: Locator) -> None:
    """However narrow the column is: long words break, they don't go below the dot."""
    size = page.viewport_size
    assert size is not None
    for width in (640, 760, 900):
        page.set_viewport_size({"width": width, "height": 900})
        words.evaluate("() => new Promise(requestAnimationFrame)")
        dot, text = words.locator("xpath=../span").first.bounding_box(), words.bounding_box()
        assert dot is not None
        assert text is not None
        assert text["x"] > dot["x"], width
        assert text["y"] < dot["y"] < text["y"] + text["height"], width
    page.set_viewport_size(size)


def saved(lab: Lab, page: Page, name: str) -> Any:
    """The notebook's file as it is after saving."""
    lab.command(page, "docmanager:save")
    return nbformat.read(lab.root / name, as_version=4)


def no_key(powabase: Any, text: str) -> None:
    key = powabase.key
    for form in (key, key.replace("/", "\\/"), key.replace("/", "%2F")):
        assert form not in text


@pytest.mark.own_page
@pytest.mark.parametrize("trusted", [False, True], ids=["untrusted", "trusted"])
def test_b5_a_saved_notebook_opened_elsewhere_reads_well_and_does_nothing(
    lab: Lab, page: Page, powabase: Any, trusted: bool
) -> None:
    """It is saved with widget state while a request for approval is open."""
    name = f"b5_{trusted}.ipynb"
    lab.write_notebook(name, [CONNECT, ASK, OPERATE])
    lab.open(page, name)
    lab.command(page, "@jupyter-widgets/jupyterlab-manager:saveWidgetState")
    lab.run_all(page)
    armed(page.locator(".pw").nth(1), "Approve")
    expect(status(page.locator(".pw").nth(0))).to_have_text("Done", timeout=LONG)
    lab.wait_idle(page)
    answer = "Late orders by region and carrier"
    # A transcript comes a moment after the run's end, or after it has come to wait.
    expect(page.locator(TRANSCRIPT).first).to_contain_text(answer, timeout=LONG)
    expect(page.locator(TRANSCRIPT).nth(1)).to_contain_text("waiting for approval", timeout=LONG)
    file = saved(lab, page, name)
    assert "widgets" in file.metadata
    no_key(powabase, (lab.root / name).read_text())
    lab.clear()
    lab.problems(page)
    # Elsewhere: another content, so that no signature of this server's is of it, and no kernel.
    file.metadata.kernelspec = {"name": "elsewhere", "display_name": "Elsewhere"}
    # By the language JupyterLab takes the one kernel there is, which knows nothing of these runs.
    file.metadata.language_info = {"name": "python"}
    nbformat.write(file, lab.root / f"moved_{name}")
    if trusted:
        notary = NotebookNotary(data_dir=str(lab.root.parent / "data"))
        notary.sign(nbformat.read(lab.root / f"moved_{name}", as_version=4))
    before = len(powabase.requests)
    page.goto(f"{lab.url}/lab/workspaces/b5{trusted}/tree/moved_{name}?token={lab.token}")
    expect(lab.cell(page, 0)).to_be_visible(timeout=2 * LONG)
    if trusted:
        expect(page.locator(".pw")).to_have_count(2, timeout=LONG)
        expect(page.locator(".pw").nth(0)).to_contain_text(answer)
        # What became of it isn't known here: it isn't called interrupted.
        asked = page.locator(".pw").nth(1).locator(".pw-head strong")
        expect(asked).to_have_text(
            re.compile(r"As of [\d:]+: waiting for approval; "), timeout=LONG
        )
        expect(page.locator(".pw").nth(1)).not_to_contain_text("Interrupted")
        expect(page.locator(TRANSCRIPT).first).to_be_hidden()
        begins_beside_its_dot(page, asked)
        for widget in page.locator(".pw").all():
            is_inert(widget)
    else:
        expect(page.locator(TRANSCRIPT)).to_have_count(2, timeout=LONG)
        expect(page.locator(TRANSCRIPT).first).to_be_visible()
        expect(page.locator(TRANSCRIPT).first).to_contain_text(answer)
        expect(page.locator(TRANSCRIPT).nth(1)).to_contain_text(
            "waiting for approval; what came later isn't in this file"
        )
        expect(page.locator(".pw")).to_have_count(0)
        expect(page.locator(f"{TRANSCRIPT} button")).to_have_count(0)
    page.wait_for_timeout(1000)
    assert len(powabase.requests) == before
    problems = [one for one in lab.problems(page) if "elsewhere" not in one.lower()]
    assert problems == []
