"""Hostile texts in a real browser: nothing runs, is asked of a server, covered or hidden."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.hostile import Hostile, HostileServer, corpus, start_server, watched

AT_ONCE = 20
TEXTS = corpus()
CATEGORIES = sorted({entry.category for entry in TEXTS})


@pytest.fixture(scope="module")
def server() -> Iterator[HostileServer]:
    with start_server() as server:
        yield server


def of(category: str) -> list[Hostile]:
    return [entry for entry in TEXTS if entry.category == category]


@pytest.mark.timeout(240)
@pytest.mark.parametrize("how", ["whole", "growing"])
@pytest.mark.parametrize("category", CATEGORIES)
def test_a_hostile_text_is_only_text(
    browser: Browser, server: HostileServer, category: str, how: str
) -> None:
    """Beside a request for approval that waits, at once and one character at a time."""
    problems: list[str] = []
    with watched(browser, server, "/") as watch:
        for entry in of(category):
            found = watch.page.evaluate(f"(name) => hostile.{how}(name)", entry.name)
            happened = [*found, *watch.take(), *server.leaks]
            server.leaks.clear()
            problems += [f"{entry.name}: {each}" for each in happened]
    assert not problems, "\n".join(problems)


def test_the_corpus_is_wide() -> None:
    assert len(TEXTS) >= 400
    assert len({entry.name for entry in TEXTS}) == len(TEXTS)
    assert all(len(of(category)) >= 15 for category in CATEGORIES)
    assert len({entry.where for entry in TEXTS}) == 9


def test_the_oracle_sees_what_a_naive_page_lets_through(browser: Browser) -> None:
    """Texts in frames of their own: what one does isn't taken for another's."""
    names = [
        each.name for each in TEXTS if each.where == "answer" and each.category != "exhaustion"
    ]
    scripts: list[str] = []
    marked: list[str] = []
    with start_server() as naive, watched(browser, naive, "/naive") as watch:
        for start in range(0, len(names), AT_ONCE):
            some = names[start : start + AT_ONCE]
            seen = watch.page.evaluate("(names) => hostile.show(names)", some)
            scripts += [name for name, each in zip(some, seen, strict=True) if each["hasRun"]]
            marked += [name for name, each in zip(some, seen, strict=True) if each["found"]]
        requests = {path.split("/")[2] for path in naive.leaks if path.startswith("/leak/")}
    assert len(scripts) >= 30, scripts
    assert len(requests) >= 30, requests
    assert len(marked) >= 100, marked


def test_no_mark_in_a_request_pushes_text_out_of_its_card(browser: Browser) -> None:
    """A mark holds the letters themselves, perhaps a whole name of them, which may be long."""
    with start_server() as server, watched(browser, server, "/") as opened:
        page = opened.page
        page.set_viewport_size({"width": 330, "height": 900})
        marks = page.evaluate(MARKS, "\u0443\u0434\u0430\u043b\u0438\u0442\u044c" * 8 + "_id")
        assert opened.take() == []
    assert len(marks) == 5
    assert [mark for mark in marks if mark["right"] > mark["edge"]] == []


MARKS = """async (name) => {
  const part = { tool_name: name, arguments: JSON.stringify({ [name]: 1, in: { [name]: [1] } }) };
  const asked = { kind: "approval", decision: "pending", digest: "d", covers: "call", call: null };
  const { el, close } = window.hostile.open({ parts: [{ ...asked, ...part, message: "\u200b" }] });
  await window.hostile.paint();
  const right = (element) => Math.floor(element.getBoundingClientRect().right);
  const marks = [...el.querySelectorAll(".pw-ask :is(.pw-hidden-char,.pw-value)")].map((mark) => ({
    text: mark.textContent,
    right: right(mark),
    edge: right(el.querySelector(".pw-ask")),
  }));
  close();
  return marks;
}"""


def test_on_a_touch_screen_no_button_of_a_result_waits_for_a_mouse(browser: Browser) -> None:
    with start_server() as server, watched(browser, server, "/") as opened:
        emulation = opened.page.context.new_cdp_session(opened.page)
        emulation.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
        shape = {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": True}
        emulation.send("Emulation.setDeviceMetricsOverride", shape)
        buttons = opened.page.evaluate(BUTTONS)
        assert opened.take() == []
    assert len(buttons) >= 4
    assert [each for each in buttons if each["opacity"] != "1" or each["height"] < 36] == []


BUTTONS = """async () => {
  const result = JSON.stringify([{ a: { b: [1, 2] } }, { c: { d: 1 } }, 7]);
  const call = { kind: "tool", name: "t", arguments: "{}", result, full: true, json: true };
  const { el } = await hostile.open(
    { parts: [{ ...call, status: "done", call_id: "c", step: 1, started: 0 }] },
    { isWatched: false },
  );
  const find = () => [...el.querySelectorAll(".pw-node-head .pw-quiet")];
  while (find().length < 4) {
    for (const row of el.querySelectorAll("[aria-expanded=false]")) row.click();
    await hostile.paint();
    await new Promise((done) => setTimeout(done, 20));
  }
  return find().map((each) => ({
    opacity: getComputedStyle(each).opacity,
    height: each.getBoundingClientRect().height,
  }));
}"""
