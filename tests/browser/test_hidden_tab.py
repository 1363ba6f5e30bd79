"""A tab in the background: no frames come, so nothing is painted; all is there when it is seen."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.lab import Lab

LONG = 60_000

# A server of the kernel's own, whose agent goes on when a file is there.
SETUP = """
import pathlib
import powawidget as pw
from tests.counterpart import Agent, Pause, Say, start

def halves(_):
    yield Say("The first half.\\n\\n")
    while not pathlib.Path("../go").exists():
        yield Pause(0.05)
    for part in range(40):
        yield Say(f"## Part {part}\\n\\n" + "some words of **it** " * 20 + "\\n\\n")
    yield Say("The very end.")

server = start(tokens_per_second=2000, agents=[Agent(name="Halves", script=halves)])
pb = pw.connect(server.url, api_key=server.key)
"""
CELL = 'run = pb.agent("Halves").run("hello")\nrun'

# What a page is told of its tab, and the frames that a browser gives to a tab that is seen only.
TAB = """
const real = window.requestAnimationFrame.bind(window);
const waiting = new Map();
let hidden = false, number = 1_000_000;
window.requestAnimationFrame = (job) => {
  if (!hidden) return real(job);
  waiting.set(++number, { job, ours: new Error().stack.includes("blob:") });
  return number;
};
const cancel = window.cancelAnimationFrame.bind(window);
window.cancelAnimationFrame = (id) => { if (!waiting.delete(id)) cancel(id); };
Object.defineProperty(Document.prototype, "hidden", { get: () => hidden });
Object.defineProperty(Document.prototype, "visibilityState",
  { get: () => (hidden ? "hidden" : "visible") });
const turn = (to) => {
  hidden = to;
  document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
};
const read = (data) => (typeof data === "string" ? data : new TextDecoder().decode(data));
window.tab = {
  asked: 0,
  hide: () => turn(true),
  waiting: () => [...waiting.values()].filter(({ ours }) => ours).length,
  // Resolves when the first frame after the return has been painted.
  show: () => new Promise((painted) => {
    turn(false);
    const jobs = [...waiting.values()];
    waiting.clear();
    real((now) => {
      for (const { job } of jobs) job(now);
      real(() => painted());
    });
  }),
};
window.WebSocket = class extends WebSocket {
  send(data) {
    if (/"kind": ?"sync"/.test(read(data))) window.tab.asked += 1;
    super.send(data);
  }
};
"""

LISTEN = """() => {
  window.heard = { ops: 0 };
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  kernel.iopubMessage.connect((_, { content }) => {
    const kind = content.data?.content?.kind;
    if (kind) window.heard[kind] = (window.heard[kind] ?? 0) + 1;
  });
}"""


def shown(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(
        """() => {
          const text = document.querySelector(".pw-text");
          return {
            status: document.querySelector(".pw-status").textContent.trim(),
            parts: text.querySelectorAll("h2").length,
            strong: text.querySelectorAll("strong").length,
            ends: text.textContent.trim().endsWith("The very end."),
          };
        }"""
    )
    return found


@pytest.mark.own_page
def test_a_hidden_tab_keeps_up_without_a_frame_and_shows_all_in_the_first_one(
    lab: Lab, page: Page
) -> None:
    """A headless Chromium hides no tab, whatever is brought to its front: the page is told so.

    `document.hidden`, its event and the frames are as in a hidden tab; timers aren't slowed. That
    a tab is really frozen is row B4 of the faults, in test_life.
    """
    go = lab.root.parent / "go"
    go.unlink(missing_ok=True)
    page.add_init_script(TAB)
    lab.write_notebook("hidden.ipynb", [SETUP, CELL])
    lab.open(page, "hidden.ipynb")
    lab.run_all(page)
    expect(page.locator(".pw-text")).to_have_text("The first half.", timeout=LONG)
    lab.wait_idle(page)
    page.evaluate(LISTEN)
    page.evaluate("window.tab.hide()")
    before = shown(page)
    assert before == {"status": "Running", "parts": 0, "strong": 0, "ends": False}
    go.touch()
    # The size of the transcript is the last that is said of a run.
    page.wait_for_function("window.heard.file === 1", polling=50)
    assert page.evaluate("window.heard.ops") > 10
    assert shown(page) == before
    assert page.evaluate("window.tab.waiting()") == 1
    page.evaluate("window.tab.show()")
    assert shown(page) == {"status": "Done", "parts": 40, "strong": 800, "ends": True}
    # It was folded in as it came, not fetched anew; and what is drawn is what a second view draws.
    assert page.evaluate("window.tab.asked") == 0
    go.unlink()
    here = page.locator(".pw-text").inner_html()
    lab.reload(page)
    expect(page.locator(".pw-status")).to_have_text("Done", timeout=LONG)
    expect(page.locator(".pw-text h2")).to_have_count(40)
    assert page.locator(".pw-text").inner_html() == here
