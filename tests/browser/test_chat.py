"""A chat in a real JupyterLab: what is typed gets through, in order, once, and stays."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.deciding import armed
from tests.browser.lab import Lab
from tests.browser.tempo import Tempo

CONNECT = "import powawidget as pw, time\npb = pw.connect()"
CHAT = 'chat = pb.agent("Analyst").chat()\nchat'
# Sleeps, a little at a time, until the test says that it is enough.
ASLEEP = """\
import pathlib
go, end = pathlib.Path("../go"), time.monotonic() + 120
while not go.exists() and time.monotonic() < end: time.sleep(0.05)
assert go.exists(), "nobody said to go on"
print("ENDED")"""
LATE = "Which orders are late, by region and carrier?"
LONG = 60_000


def sent(powabase: Any) -> list[dict[str, Any]]:
    return [body for _, path, body in powabase.requests if path.endswith("/run/stream")]


def until(page: Page, condition: Callable[[], Any], what: str) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, what
        page.wait_for_timeout(50)


def opened(lab: Lab, page: Page, name: str, cells: list[str]) -> Locator:
    """Write and run a notebook whose cells show one chat, and wait for its box."""
    lab.write_notebook(name, cells)
    lab.open(page, name)
    lab.run_all(page)
    chat = page.locator(".pw")
    expect(box(chat)).to_be_visible(timeout=LONG)
    # Before the kernel has answered the page nothing can be sent: the words would stay in the box.
    expect(chat.locator(".pw-send")).to_be_enabled(timeout=LONG)
    return chat


def box(chat: Locator) -> Locator:
    return chat.get_by_role("textbox", name="Message", exact=True)


def say(chat: Locator, words: str) -> None:
    box(chat).click()
    box(chat).press_sequentially(words)
    box(chat).press("Enter")


def turns(chat: Locator) -> Locator:
    return chat.locator(".pw-turn")


def is_done(chat: Locator, count: int) -> None:
    """Wait until there are so many turns and the last is over."""
    expect(turns(chat)).to_have_count(count, timeout=LONG)
    expect(chat.locator(".pw-head")).to_contain_text(f"{count} turn", timeout=LONG)
    expect(chat.locator(".pw-head .pw-status")).to_have_text(
        re.compile("Done|Failed|Stopped"), timeout=LONG
    )


def button(place: Locator, name: str) -> Locator:
    return place.get_by_role("button", name=name, exact=True)


def test_three_turns_typed_while_the_answers_stream_are_asked_in_order(
    lab: Lab, page: Page, powabase: Any, tempo: Tempo
) -> None:
    tempo.hold()
    before = len(sent(powabase))
    chat = opened(lab, page, "three.ipynb", [CONNECT, CHAT, "print(len(chat.runs))"])
    say(chat, LATE)
    expect(turns(chat)).to_have_count(1)
    say(chat, "Why?")
    say(chat, "What would you do?")
    expect(chat.locator(".pw-queue li")).to_have_count(2)
    assert len(sent(powabase)) == before + 1
    tempo.fast()
    is_done(chat, 3)
    bodies = sent(powabase)[before:]
    assert [body["message"] for body in bodies] == [LATE, "Why?", "What would you do?"]
    assert len({body.get("session_id") for body in bodies[1:]}) == 1
    expect(turns(chat).nth(1)).to_contain_text("Why?")
    expect(chat.locator(".pw-queue")).to_have_count(0)


def test_what_is_typed_while_another_cell_sleeps_is_asked_before_that_ends(
    lab: Lab, page: Page, powabase: Any
) -> None:
    before = len(sent(powabase))
    go = lab.root.parent / "go"
    go.unlink(missing_ok=True)
    cells = [CONNECT, CHAT, ASLEEP]
    chat = opened(lab, page, "busy_chat.ipynb", cells)
    say(chat, LATE)
    until(page, lambda: len(sent(powabase)) > before, "nothing was asked")
    assert "ENDED" not in lab.output(page, 2).inner_text()
    # The answer is drawn too, while the kernel sleeps on.
    expect(turns(chat).locator(".pw-call")).to_have_count(1, timeout=LONG)
    is_done(chat, 1)
    assert "ENDED" not in lab.output(page, 2).inner_text()
    go.touch()
    lab.wait_idle(page)
    go.unlink()
    expect(lab.output(page, 2)).to_contain_text("ENDED")
    assert [body["message"] for body in sent(powabase)[before:]] == [LATE]


def test_no_key_typed_in_the_box_reaches_the_notebook(lab: Lab, page: Page, powabase: Any) -> None:
    before = len(sent(powabase))
    chat = opened(lab, page, "keys.ipynb", [CONNECT, CHAT, "print('RAN')"])
    lab.wait_idle(page)
    lab.output(page, 2).evaluate("element => element.replaceChildren()")
    count = page.locator(".jp-Notebook .jp-Cell").count()
    box(chat).click()
    # In JupyterLab's command mode: delete, above, below, cut, to Markdown, undo, interrupt, run.
    box(chat).press_sequentially("ddabxmziiy0")
    box(chat).press("Shift+Enter")
    box(chat).press_sequentially("second line")
    expect(box(chat)).to_have_value("ddabxmziiy0\nsecond line")
    assert page.locator(".jp-Notebook .jp-Cell").count() == count
    assert "RAN" not in lab.output(page, 2).inner_text()
    box(chat).press("Enter")
    is_done(chat, 1)
    assert [body["message"] for body in sent(powabase)[before:]] == ["ddabxmziiy0\nsecond line"]
    box(chat).press("ArrowUp")
    expect(box(chat)).to_have_value("ddabxmziiy0\nsecond line")


def test_an_approval_inside_a_chat_needs_its_own_click_and_never_enter(
    lab: Lab, page: Page, powabase: Any
) -> None:
    def decisions() -> list[Any]:
        return [body for _, path, body in powabase.requests if path.endswith("/approve")]

    before = len(decisions())
    operator = 'chat = pb.agent("Operator").chat()\nchat'
    chat = opened(lab, page, "approve_chat.ipynb", [CONNECT, operator])
    say(chat, "Raise the price of the best seller by 5%")
    approve = armed(chat)
    expect(box(chat)).to_be_focused()
    for pressed in ("Enter", "a", "A", "Enter", "d", "Backspace", "Enter"):
        box(chat).press(pressed)
    box(chat).fill("")
    page.wait_for_timeout(500)
    assert len(decisions()) == before
    approve.click()
    is_done(chat, 1 if chat.locator(".pw-queue li").count() == 0 else 2)
    assert decisions()[before:] == [{"approved": True}]
    expect(turns(chat).first).to_contain_text("Approved by a person")


@pytest.mark.own_page
def test_a_reload_in_the_middle_of_a_turn_keeps_turns_queue_and_draft(
    lab: Lab, page: Page, powabase: Any, tempo: Tempo
) -> None:
    before = len(sent(powabase))
    chat = opened(lab, page, "reload_chat.ipynb", [CONNECT, CHAT])
    say(chat, LATE)
    is_done(chat, 1)
    tempo.hold()
    say(chat, "Why?")
    expect(turns(chat)).to_have_count(2)
    say(chat, "What would you do?")
    expect(chat.locator(".pw-queue li")).to_have_count(1)
    box(chat).press_sequentially("half a thought")
    lab.reload(page)
    expect(box(chat)).to_have_value("half a thought", timeout=LONG)
    tempo.fast()
    is_done(chat, 3)
    messages = [body["message"] for body in sent(powabase)[before:]]
    assert messages == [LATE, "Why?", "What would you do?"]
    for index, message in enumerate(messages):
        expect(turns(chat).nth(index)).to_contain_text(message)


def test_a_conversation_comes_back_in_the_next_kernel(lab: Lab, page: Page, powabase: Any) -> None:
    ask = f'chat = pb.agent("Analyst").chat()\nchat.send("{LATE}")\nchat.send("Why?")\nchat.wait()'
    keep = "open('session.txt', 'w').write(chat.session_id)"
    again = "session = open('session.txt').read()\nchat = pb.agent('Analyst').chat(session)\nchat"
    lab.write_notebook("first_kernel.ipynb", [CONNECT, ask, keep])
    lab.open(page, "first_kernel.ipynb")
    lab.run_all(page)
    lab.wait_idle(page, timeout=90)
    lab.clear()
    before = len(sent(powabase))
    chat = opened(lab, page, "second_kernel.ipynb", [CONNECT, again])
    expect(turns(chat)).to_have_count(2)
    expect(turns(chat).first).to_contain_text("Late orders by region and carrier", timeout=LONG)
    expect(turns(chat).first.locator(".pw-call").first).to_contain_text("database_query")
    expect(turns(chat).first).to_contain_text("stored")
    say(chat, "What would you do?")
    is_done(chat, 3)
    assert sent(powabase)[before:][0]["session_id"] == (lab.root / "session.txt").read_text()


def test_a_turn_is_asked_again_and_copied_as_python_that_runs(
    lab: Lab, page: Page, powabase: Any
) -> None:
    before = len(sent(powabase))
    chat = opened(lab, page, "tools_chat.ipynb", [CONNECT, CHAT])
    said = 'Say "hi" to C:\\new\tand Grüße'
    box(chat).fill(said)
    box(chat).press("Enter")
    is_done(chat, 1)
    button(turns(chat).first, "Copy as Python").click()
    box(chat).click()
    box(chat).press("Control+V")
    expect(box(chat)).not_to_have_value("")
    pasted = box(chat).input_value()
    assert pasted.startswith('run = pb.agent("Analyst").run("Say \\"hi\\" to ')
    ran: dict[str, Any] = {}

    class Heard:
        def agent(self, name: str) -> "Heard":
            ran["agent"] = name
            return self

        def run(self, message: str, session_id: str) -> None:
            ran.update(message=message, session_id=session_id)

    exec(pasted, {"pb": Heard()})
    assert (ran["agent"], ran["message"]) == ("Analyst", said)
    box(chat).fill("")
    button(turns(chat).first, "Retry").click()
    is_done(chat, 2)
    expect(turns(chat).first).to_contain_text("Sent again below")
    bodies = sent(powabase)[before:]
    assert [body["message"] for body in bodies] == [said, said]
    assert bodies[1]["session_id"] == ran["session_id"]


def test_stop_keeps_what_came_and_what_is_queued_until_somebody_says(
    lab: Lab, page: Page, powabase: Any, tempo: Tempo
) -> None:
    tempo.hold()
    before = len(sent(powabase))
    chat = opened(lab, page, "stop_chat.ipynb", [CONNECT, CHAT])
    say(chat, LATE)
    expect(turns(chat)).to_have_count(1)
    say(chat, "Why?")
    expect(chat.locator(".pw-queue li")).to_have_count(1)
    button(chat.locator(".pw-head"), "Stop").click()
    expect(chat.locator(".pw-paused")).to_contain_text("1 message waits", timeout=LONG)
    assert len(sent(powabase)) == before + 1
    button(chat, "Edit").click()
    expect(box(chat)).to_have_value("Why?")
    expect(chat.locator(".pw-queue")).to_have_count(0)
    box(chat).fill("")
    tempo.fast()
    say(chat, "Who?")
    is_done(chat, 2)
    assert [body["message"] for body in sent(powabase)[before:]] == [LATE, "Who?"]


def test_a_chat_is_shown_once_and_ends_when_its_cell_is_run_again(lab: Lab, page: Page) -> None:
    send = 'chat.send("What data do you have?")'
    cells = [CONNECT, CHAT, send, "chat.wait()", "print(len(chat.runs), chat.status)"]
    chat = opened(lab, page, "once.ipynb", cells)
    lab.wait_idle(page)
    expect(page.locator(".pw")).to_have_count(1)
    expect(lab.output(page, 2)).to_be_empty()  # the chat stands shown already
    expect(lab.output(page, 4)).to_contain_text("1 completed")
    lab.cell(page, 1).locator(".jp-InputArea-editor").click()
    page.keyboard.press("Control+Enter")
    lab.wait_idle(page)
    expect(page.locator(".pw")).to_have_count(1)
    expect(turns(chat)).to_have_count(0)
    expect(chat.locator(".pw-status")).to_have_text("Ready")
