"""What modules on demand bring to a run: colours, formulas, tables, trees, notes on sources."""

import json
import re
from collections import Counter
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, WebSocket, expect

from powawidget.widget import assets
from tests.browser.lab import Lab
from tests.walk import FIXTURES

LONG = 60_000
CONNECT = """
import json
import powawidget as pw
from tests.counterpart import Agent, Call, Calls, Say, Tool, start

ANSWER = {answer!r}

def rows(arguments):
    return json.dumps([
        {{"id": i, "late": (i * 7919) % 1009, "note": None if i % 5 == 0 else f"note {{i}}"}}
        for i in range(arguments["count"])
    ])

def tree(arguments):
    terms = [["region", [1, 2]], ["carrier", [3]]] * 20
    return json.dumps({{"fit": {{"r2": 0.42, "terms": terms}}}})

def script(turn):
    if turn.message == "look":
        sql = "SELECT id\\nFROM orders -- late"
        yield Calls(Call("rows", {{"sql": sql, "count": 250}}), Call("tree", {{"name": "x"}}))
    yield Say(ANSWER)

tools = (Tool("rows", rows), Tool("tree", tree))
server = start(agents=[Agent("Reporter", script, tools=tools)], tokens_per_second=400)
pb = pw.connect(server.url, api_key=server.key)
"""
ANSWER = r"""A price of $5 stays one, from $10 to $20, while $\frac{a_1}{b} * c$ is a formula.

$$
x = \begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}
$$

```python
def total(rows):
    '''Everything
    that is late.'''
    return sum(rows)  # all
```

```brainfuck
+[>.<]
```
"""
OFFSETS = 6
# A large one comes in pieces: then this is the text of the first.
MODULE = re.compile(rb'\\?"module\\?": ?\\?"(\w+)\\?", ?\\?"hash')


@pytest.fixture
def sent(page: Page) -> Counter[str]:
    """How often each module came over the page's websockets; "binary" is none."""
    count: Counter[str] = Counter()

    def on_frame(payload: bytes | str) -> None:
        raw = payload if isinstance(payload, bytes) else payload.encode()
        count.update(name.decode() for name in MODULE.findall(raw))
        # Jupyter's framing: how many offsets there are, then those of the channel, four parts and
        # the end. Further ones are a message's binary parts.
        if isinstance(payload, bytes) and int.from_bytes(payload[:8], "little") > OFFSETS:
            count["binary"] += 1

    def on_socket(socket: WebSocket) -> None:
        socket.on("framereceived", on_frame)

    page.on("websocket", on_socket)
    return count


def asked(lab: Lab, page: Page, name: str, *messages: str, answer: str = ANSWER) -> Locator:
    """Ask the agent in a cell each, and wait for the ends; the widgets."""
    cells = [
        f"run{n} = pb.agent('Reporter').run({message!r})\ndisplay(run{n})\nrun{n}.wait()"
        for n, message in enumerate(messages)
    ]
    lab.write_notebook(f"{name}.ipynb", [CONNECT.format(answer=answer), *cells])
    lab.open(page, f"{name}.ipynb")
    lab.run_all(page)
    widgets = page.locator(".pw")
    for n in range(len(messages)):
        expect(widgets.nth(n).locator(".pw-status")).to_have_text("Done", timeout=2 * LONG)
    lab.wait_idle(page)
    return widgets


@pytest.mark.own_page
def test_code_and_formulas_are_drawn_by_modules_that_are_sent_once_a_page(
    lab: Lab, page: Page, sent: Counter[str]
) -> None:
    widgets = asked(lab, page, "rich", "one", "two")
    for n in range(2):
        widget = widgets.nth(n)
        python = widget.locator(".pw-code").nth(0)
        expect(python.locator(".pw-t-keyword").first).to_have_text("def", timeout=LONG)
        expect(python.locator(".pw-t-comment")).to_have_text("# all")
        assert python.locator(".pw-t-string").all_inner_texts() == [
            "'''Everything",
            "    that is late.'''",
        ]
        expect(widget.locator(".pw-code").nth(1).locator(".pw-code-part span")).to_have_count(0)
        expect(widget.locator("math")).to_have_count(2, timeout=LONG)
        expect(widget.locator("math mfrac")).to_have_count(1)
        text = widget.locator(".pw-text p").first.inner_text()
        assert text.startswith("A price of $5 stays one, from $10 to $20, while")
        expect(widget.locator(".pw-text em")).to_have_count(0)
    assert set(sent) <= {"code", "maths", "mathfont"}
    assert {"code", "maths"} <= set(sent)
    assert set(sent.values()) == {1}, sent


def test_a_bracket_grows_with_what_stands_in_it(lab: Lab, page: Page) -> None:
    """Where the page has no font for formulas, ours comes."""
    widget = asked(lab, page, "bracket", "one")
    bracket = widget.locator("math mtable").locator("xpath=preceding-sibling::*[1]")
    expect(bracket).to_have_text("(", timeout=LONG)
    page.wait_for_function(
        """() => {
          const table = document.querySelector("math mtable");
          const bracket = table?.previousElementSibling;
          const height = (el) => el.getBoundingClientRect().height;
          return bracket && height(bracket) > 0.8 * height(table);
        }""",
        timeout=LONG,
    )


def test_a_formula_stays_in_its_place_whatever_it_asks_for(lab: Lab, page: Page) -> None:
    hostile = (
        "\\kern-100em y",
        "\\raisebox{100em}{z}",
        "\\rule{1000em}{1000em}",
        "\\hspace{1000em}a",
    )
    over = "\\mathllap{\\text{" + "all over " * 40 + "}}"  # words over other words stay source
    answer = "".join(f"before ${tex}$ after\n\n$$\n{tex}\n$$\n\n" for tex in (*hostile, over))
    widget = asked(lab, page, "hostile", "one", answer=answer)
    expect(widget.locator("math")).to_have_count(2 * len(hostile), timeout=LONG)
    expect(widget.locator(".pw-text")).to_contain_text("\\mathllap{\\text{all over")
    text = widget.locator(".pw-text").bounding_box()
    assert text is not None
    for formula in widget.locator(".pw-maths:has(math)").all():
        box = formula.bounding_box()
        assert box is not None
        assert box["x"] >= text["x"] - 2
        assert box["x"] + box["width"] <= text["x"] + text["width"] + 2
        assert box["height"] < 700
        clip = formula.evaluate(
            "(el) => getComputedStyle(el).clipPath + getComputedStyle(el).overflowX"
        )
        assert clip != "nonevisible"


def test_the_copied_text_of_a_formula_is_its_source(lab: Lab, page: Page) -> None:
    widget = asked(lab, page, "copied", "one")
    expect(widget.locator("math")).to_have_count(2, timeout=LONG)
    selected = widget.locator(".pw-text p").first.evaluate(
        "(p) => { getSelection().selectAllChildren(p); return getSelection().toString(); }"
    )
    assert " ".join(selected.split()) == ANSWER.split("\n", 1)[0]


def test_every_colour_of_code_can_be_read(lab: Lab, page: Page) -> None:
    answer = "".join(
        f"```{language}\n{code}\n```\n\n"
        for language, code in {
            "python": "@a\nclass B:  # c\n    def d(self): return 'e', 1, None, len(f.g)",
            "sql": "SELECT count(a) FROM b WHERE c = 'd' AND e > 1 AND f IS NULL -- g",
            "ts": "const a: string = `b`; /* c */",
            "yaml": "a: 'b' # c",
            "html": "<a href='b'>c</a>",
            "diff": "+ a\n- b\n@@ c",
        }.items()
    )
    widget = asked(lab, page, "colours", "one", answer=answer)
    expect(widget.locator(".pw-t-inserted")).to_have_count(1, timeout=LONG)
    for theme in ("light", "dark"):
        lab.set_theme(page, theme)
        contrasts = page.evaluate(CONTRASTS)
        assert len(contrasts) > 10, contrasts
        assert {kind: ratio for kind, ratio in contrasts.items() if ratio < 4.5} == {}


CONTRASTS = """
() => {
  const part = (value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = (colour) => {
    const canvas = document.createElement("canvas").getContext("2d");
    canvas.fillStyle = "white";
    canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((value) => part(value / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (el) => {
    const { backgroundColor } = getComputedStyle(el);
    return backgroundColor === "rgba(0, 0, 0, 0)" ? behind(el.parentElement) : backgroundColor;
  };
  const found = {};
  for (const el of document.querySelectorAll("[class^=pw-t-]")) {
    const pair = [light(getComputedStyle(el).color), light(behind(el))].sort();
    found[el.className] = (pair[1] + 0.05) / (pair[0] + 0.05);
  }
  return found;
}
"""


@pytest.mark.own_page
def test_a_table_sorts_and_turns_its_pages(lab: Lab, page: Page, sent: Counter[str]) -> None:
    widget = asked(lab, page, "table", "look")
    card = widget.locator(".pw-card").nth(0)
    card.locator(".pw-row").click()
    expect(card.locator(".pw-t-keyword").first).to_have_text("SELECT", timeout=LONG)
    expect(card.locator("tbody tr")).to_have_count(100, timeout=LONG)
    expect(card).to_contain_text("Result, 250 rows")
    expect(card.locator(".pw-pages")).to_contain_text("1 to 100 of 250 rows")
    late = card.locator("th").nth(1)

    def column() -> list[int]:
        return [int(text) for text in card.locator("tbody td:nth-child(2)").all_inner_texts()]

    late.get_by_role("button").click()
    expect(late).to_have_attribute("aria-sort", "ascending")
    assert column() == sorted(i * 7919 % 1009 for i in range(250))[:100]
    late.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(late).to_have_attribute("aria-sort", "descending")
    assert column() == sorted((i * 7919 % 1009 for i in range(250)), reverse=True)[:100]
    card.get_by_role("button", name="Next").click()
    expect(card.locator(".pw-pages")).to_contain_text("101 to 200 of 250 rows")
    assert sent["results"] == 1


def test_a_tree_opens_by_keyboard_and_the_notebook_stays(lab: Lab, page: Page) -> None:
    widget = asked(lab, page, "tree", "look")
    card = widget.locator(".pw-card").nth(1)
    card.locator(".pw-row").click()
    branches = card.locator(".pw-branch")
    expect(branches).to_have_count(40, timeout=LONG)  # the terms, each closed
    branches.first.focus()
    page.keyboard.press("ArrowRight")
    expect(branches).to_have_count(41)
    page.keyboard.press("ArrowDown")
    expect(branches.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(branches.nth(1)).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(branches.first).to_be_focused()


SOURCES = [
    {"key": "1", "source_name": "Tides, page 12", "text_excerpt": "The Moon causes tides."},
    {"key": "2", "source_name": "", "text_excerpt": "The Sun too."},
]
CITED = "Tides come from the Moon [1].\n\n- and the Sun [2]\n\n| from |\n|---|\n| the Moon [1] |\n"


def recording() -> bytes:
    frames: list[dict[str, Any]] = [
        {"event": "start", "run_id": "r-1", "session_id": "s-1"},
        *({"event": "content_delta", "type": "content_delta", "delta": part} for part in CITED),
        {
            "event": "complete",
            "run_id": "r-1",
            "status": "completed",
            "content": CITED,
            "citations": SOURCES,
        },
    ]
    return "".join(f"data: {json.dumps(frame)}\n\n" for frame in frames).encode()


def test_a_badge_opens_a_note_inside_the_widget_and_escape_closes_it(lab: Lab, page: Page) -> None:
    lab.write_notebook("cited.ipynb", [f"import powawidget as pw\npw.replay({recording()!r})"])
    lab.open(page, "cited.ipynb")
    lab.run_all(page)
    widget = page.locator(".pw")
    badges = widget.locator(".pw-cite")
    expect(badges).to_have_count(3, timeout=LONG)
    expect(widget.locator("td .pw-cite")).to_have_text("1")
    # The note's module comes a moment after the badges; until then a click opens the list below.
    digest, _ = assets.module("sources") or ("", "")
    page.wait_for_function("hash => globalThis.powawidgetModules?.has(hash)", arg=digest)
    page.evaluate("hash => powawidgetModules.get(hash).then(() => {})", digest)
    badges.nth(0).click()
    note = widget.locator(".pw-source-note")
    expect(note).to_contain_text("Tides, page 12")
    expect(note).to_contain_text("The Moon causes tides.")
    around, inside = widget.bounding_box(), note.bounding_box()
    assert around is not None
    assert inside is not None
    assert around["x"] <= inside["x"]
    assert inside["x"] + inside["width"] <= around["x"] + around["width"]
    assert inside["y"] + inside["height"] <= around["y"] + around["height"]
    page.keyboard.press("Escape")
    expect(note).to_have_count(0)
    badges.nth(1).hover()
    expect(note).to_contain_text("The Sun too.")
    expect(widget.get_by_role("button", name="2 sources")).to_be_visible()


# A recorded run whose tool returned megabytes: agents cut results off long before.
LARGE = """
import json
import powawidget as pw

rows = [{{"id": i, "late": (i * 7919) % 1009, "note": "some text"}} for i in range(100_000)]
text = json.dumps(rows)
frames = [json.loads(line[6:]) for line in {recorded!r}.splitlines() if line.startswith("data: ")]
for frame in frames:
    if frame["event"] == "tool_result":
        frame |= {{"result_preview": text[:200], "result_meta": {{"char_count": len(text)}}}}
    if frame["event"] == "complete":
        frame["tool_calls"][0]["result"] = text
run = pw.replay("".join(f"data: {{json.dumps(frame)}}\\n\\n" for frame in frames).encode())
"""


def test_megabytes_of_json_are_read_and_are_a_table(lab: Lab, page: Page) -> None:
    recorded = (FIXTURES / "tool.sse").read_text(encoding="utf-8")
    lab.write_notebook("large.ipynb", [LARGE.format(recorded=recorded), "run"])
    lab.open(page, "large.ipynb")
    lab.run_all(page)
    widget = page.locator(".pw")
    expect(widget.locator(".pw-glance")).to_have_text(
        re.compile(r"^[4-6],\d{3},\d{3} characters$"), timeout=LONG
    )
    widget.locator(".pw-row").click()
    expect(widget.locator("tbody tr")).to_have_count(100, timeout=LONG)
    expect(widget.locator(".pw-pages")).to_contain_text("1 to 100 of 100,000 rows")
