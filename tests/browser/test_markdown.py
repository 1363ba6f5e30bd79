"""JupyterLab's own markdown and MathJax over transcripts: text stays text, and prices prices."""

import json
import random
from typing import Any

import nbformat
from playwright.sync_api import Page, expect

from powawidget import transcript
from powawidget.state.model import RunState, TextPart, ToolPart
from powawidget.state.text import Text
from tests.browser.hostile import corpus
from tests.browser.lab import Lab
from tests.transcript.pieces import PIECES
from tests.transcript.test_transcript_formulas import KINDS

SECONDS = 1000
FORMULA = "mjx-container"
# What MathJax would take for a formula, for markup, for two of them, for a reference.
SAID = [
    "Sales were $4,500 with 12% growth, so the profit is $900.",
    "Done. $\\color{white}{\\text{3 tables were dropped}}$ and $\\href{//b.example/x}{docs}$",
    "So $$x^2$$ and \\\\(y\\\\) and \\\\[z\\\\] and \\begin{align}w\\end{align} and \\ref{v}.",
    "| plan | price |\n|---|---|\n| basic | $5 (was $8) |",
    "Set $old, then `$new` and `echo $$` cost $10.",
]
SEEN = [
    "Sales were $4,500 with 12% growth, so the profit is $900.",
    "Done. $\\color{white}{\\text{3 tables were dropped}}$ and $\\href{//b.example/x}{docs}$",
    "So $$x^2$$ and \\(y\\) and \\[z\\] and \\begin{align}w\\end{align} and \\ref{v}.",
    "basic $5 (was $8)",
    "Set $old, then $new and echo $$ cost $10.",
]
# In markdown two of them are formulas.
DRAWN = [said.replace("$$x^2$$", "x2").replace("\\begin{align}w\\end{align}", "w") for said in SEEN]
# Pairs of which the second would end, in JupyterLab's eyes, what the first begins.
PAIRS = [
    ("`\\begin{a}`", "```\n\\end{a}\n<img src=x>\n```"),
    ("```\n\\begin{a}\n```", "`\\end{a}`\n\n```\n<img src=x>\n```"),
    ("````\n$\n```\n````", "```\n$\n```\n\n````\n<img src=x>\n````"),
    ("`\\\\[`", "```\n\\\\]\n<img src=x>\n```"),
    ("`$$`", "```\n$$\n<img src=x>\n```"),
]
LIVE = (
    "script, style, iframe, object, embed, form, input, button, select, textarea, img, svg, link,"
    f"meta, base, video, audio, math:not({FORMULA} *), .jp-Mermaid, .jp-RenderedMermaid"
)
# Renders documents as outputs of a trusted notebook, the last one a formula, for which it waits.
# A formula holds only what draws it, in the colour of the text, and stays in its paragraph.
RENDER = """
async ([documents, live, formula]) => {
  const { rendermime } = window.jupyterapp.shell.currentWidget.content;
  const rendered = [];
  const place = document.body.appendChild(document.createElement("div"));
  for (const text of [...documents, "$x^2$"]) {
    const renderer = rendermime.createRenderer("text/markdown");
    await renderer.renderModel({ data: { "text/markdown": text }, metadata: {}, trusted: true });
    rendered.push(renderer.node);
    place.append(renderer.node);
    rendermime.latexTypesetter.typeset(renderer.node);
  }
  const control = rendered.pop();
  while (!control.querySelector(formula)) {
    await new Promise((go) => setTimeout(go, 20));
  }
  const found = rendered.map((node) => ({
    text: node.textContent,
    formulas: node.querySelectorAll(formula).length,
    odd: [...node.querySelectorAll(`${formula} *`)].flatMap((one) => {
      const whole = one.closest(formula);
      const { color, backgroundColor, position } = getComputedStyle(one);
      const block = whole.closest("p,li,td,th,blockquote,h3,h4,h5,h6,div");
      const [box, around] = [one, block].map((each) => each.getBoundingClientRect());
      const isRead = one.closest("mjx-assistive-mml") !== null;
      return [
        !/^mjx-|^(?:math|m[a-z]+)$/.test(one.localName) && one.localName,
        ...one.getAttributeNames().filter((name) => /^(?:href|id|on.*|src)$/.test(name)),
        ...[...one.classList].filter((name) => !/^(?:mjx|MJX|TEX|[NLISBC]|top|bot)/.test(name)),
        color !== getComputedStyle(whole).color && `in ${color}`,
        backgroundColor !== "rgba(0, 0, 0, 0)" && `on ${backgroundColor}`,
        /fixed|sticky/.test(position) && position,
        !isRead && box.width > 0 && box.left < around.left - 8 && "left of its text",
        !isRead && box.width > 0 && box.top < around.top - 8 && "over what stands before",
      ].filter(Boolean).map((what) => `${one.localName}: ${what}`);
    }),
    live: [
      ...[...node.querySelectorAll(live)].map((one) => one.outerHTML.slice(0, 100)),
      ...[...node.querySelectorAll("*")].flatMap((one) =>
        one.getAttributeNames().filter((name) => name.startsWith("on"))),
      ...[...node.querySelectorAll("a[href]")].map((one) => one.getAttribute("href"))
        .filter((address) => !/^(https?:|mailto:|#)/i.test(address)),
    ],
  }));
  place.remove();
  return found;
}
"""


def told(text: str) -> RunState:
    """A run with a text in every way in which markdown writes one."""
    given = json.dumps({text[:200]: text[:200], "list": [{text[:100]: text[:300]}]})
    call = ToolPart(name=text[:200], arguments=given, result=text[:300], status="failed")
    return RunState(
        name=text[:200], message=text[:600], parts=[TextPart(text=Text(text)), call, call]
    )


def short(text: str | list[tuple[str, int]]) -> str:
    pairs = [(text, 1)] if isinstance(text, str) else text
    whole = "".join(piece.replace("%I%", "1") * min(times, 20) for piece, times in pairs)
    return whole.replace("%URL%", "http://127.0.0.1:9").replace("%HOST%", "127.0.0.1:9")[:600]


def filed(lab: Lab, name: str, outputs: list[dict[str, str]]) -> None:
    """A notebook with outputs, each in a cell of its own."""
    path = lab.write_notebook(name, [""] * len(outputs))
    notebook: Any = nbformat.read(path, as_version=4)
    for cell, data in zip(notebook.cells, outputs, strict=True):
        cell.outputs = [nbformat.v4.new_output("display_data", data=data)]
    nbformat.write(notebook, path)


def bare(text: str) -> str:
    return "".join(text.split())


def test_mathjax_passes_over_a_transcript(lab: Lab, page: Page) -> None:
    html = [transcript.to_html(told(text), mark="powawidget-x") for text in SAID]
    formula = {"text/html": "<p>A formula: $x^2$</p>"}
    filed(lab, "formulas.ipynb", [formula, *({"text/html": each} for each in html), formula])
    lab.open(page, "formulas.ipynb")
    expect(page.locator(FORMULA)).to_have_count(2, timeout=30 * SECONDS)
    transcripts = page.locator(".powawidget-transcript")
    expect(transcripts.locator(FORMULA)).to_have_count(0)
    for index, seen in enumerate(SEEN):
        assert seen.replace(" ", "") in bare(transcripts.nth(index).text_content() or "")


def test_markdown_that_jupyterlab_renders_is_text(lab: Lab, page: Page) -> None:
    filed(lab, "rendered.ipynb", [{"text/plain": "a"}])
    lab.open(page, "rendered.ipynb")
    pairs = [f"{first}\n\n{second}" for first, second in PAIRS]
    chance = random.Random(1)  # the same texts each time
    mixed = ["".join(chance.choices(PIECES, k=9)) for _ in range(150)]
    allowed = [case for cases in KINDS.values() for case in cases]
    texts = [
        *SAID,
        *(f"a {source} b" for source, _, _ in allowed),
        *pairs,
        *mixed,
        *(short(one.text) for one in corpus()),
    ]
    documents = [transcript.to_markdown(told(text)) for text in texts]
    rendered = page.evaluate(RENDER, [documents, LIVE, FORMULA])
    live = {text: one["live"] for text, one in zip(texts, rendered, strict=True) if one["live"]}
    assert live == {}
    odd = {text: one["odd"] for text, one in zip(texts, rendered, strict=True) if one["odd"]}
    assert odd == {}
    # Each text stands once where formulas are drawn: in the answer.
    drawn = [one["formulas"] for one in rendered[len(SAID) : len(SAID) + len(allowed)]]
    assert drawn == [int(written is not None) for *_, written in allowed]
    for one, seen in zip(rendered, DRAWN, strict=False):
        assert seen.replace(" ", "") in bare(one["text"])
