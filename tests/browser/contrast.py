"""How well text can be read on what is behind it, by the colours that the browser has computed."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.deciding import armed

THEMES = ("light", "dark")
SECONDS = 1000
# WCAG 2, level AA: for text, and for a sign, such as a tick.
ENOUGH = 4.5
ENOUGH_FOR_A_SIGN = 3.0

# Colours come in many notations: a canvas knows them all. What has no text of its own, isn't seen
# or can't be used (WCAG asks nothing of that) is left out.
MEASURE = """
(selector) => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const brush = canvas.getContext("2d", { willReadFrequently: true });
  const over = (top, [r, g, b]) => {
    brush.fillStyle = `rgb(${r},${g},${b})`;
    brush.fillRect(0, 0, 1, 1);
    brush.fillStyle = top;
    brush.fillRect(0, 0, 1, 1);
    return [...brush.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const up = (el) => el.parentElement ?? el.getRootNode().host ?? null;
  const behind = (el) =>
    el === null ? [255, 255, 255] : over(getComputedStyle(el).backgroundColor, behind(up(el)));
  const light = (rgb) => {
    const [r, g, b] = rgb.map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => {
    const [low, high] = [light(a), light(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const all = (root) => [...root.querySelectorAll("*")]
    .flatMap((el) => [el, ...(el.shadowRoot ? all(el.shadowRoot) : [])]);
  const roots = all(document).filter((el) => el.matches(selector));
  const found = [];
  for (const el of new Set(roots.flatMap((root) => [root, ...root.querySelectorAll("*")]))) {
    const text = [...el.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE)
      .map((node) => node.data.trim()).join(" ").trim();
    const { width, height } = el.getBoundingClientRect();
    const isSeen = el.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    if (!text || !isSeen || width <= 1 || height <= 1) continue;
    if (el.closest("[aria-disabled=true], :disabled, style, script")) continue;
    const back = behind(el);
    const contrast = ratio(over(getComputedStyle(el).color, back), back);
    const isSign = !/[\\p{L}\\p{N}]/u.test(text);
    found.push({ text: text.slice(0, 60), class: el.className, contrast, isSign });
  }
  const [root] = roots;
  return { found, background: root ? light(behind(root)) : null };
}
"""


class Reading:
    """What of a page's text was measured.

    Args:
        page: The page.
        selector: Whose text.
    """

    def __init__(self, page: Page, selector: str) -> None:
        measured: dict[str, Any] = page.evaluate(MEASURE, selector)
        self._found: list[dict[str, Any]] = measured["found"]
        self._background = measured["background"]

    @property
    def is_dark(self) -> bool:
        """Whether the first element stands on a dark ground."""
        return bool(self._background < 0.18)

    @property
    def faint(self) -> list[str]:
        """The texts that are too faint, each with its contrast."""
        assert len(self._found) > 10, "nothing was measured"
        return [
            f"{each['contrast']:.2f}: {each['text']!r} ({each['class']})"
            for each in self._found
            if each["contrast"] < (ENOUGH_FOR_A_SIGN if each["isSign"] else ENOUGH)
        ]


def open_all(page: Page, statuses: list[str]) -> None:
    """Wait for the statuses, formulas and a request for approval, and open every card."""
    expect(page.locator(".pw-status")).to_have_text(statuses, timeout=90 * SECONDS)
    expect(page.locator(".pw math").first).to_be_visible(timeout=60 * SECONDS)
    armed(page.locator("body"))
    while (closed := page.locator(".pw .pw-row[aria-expanded=false]")).count():
        closed.evaluate_all("rows => rows.forEach((row) => row.click())")


def reads_well(page: Page, theme: str, selector: str = ".pw") -> None:
    """Check that the page has the theme, and that no text is too faint."""
    reading = Reading(page, selector)
    assert reading.is_dark == (theme == "dark")
    assert reading.faint == []
