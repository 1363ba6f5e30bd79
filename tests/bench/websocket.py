"""What a run costs on the websocket between JupyterLab and its page."""

import json
import pathlib
import re
import tempfile
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.browser import chromium
from tests.browser.conftest import CHROMIUM_ARGUMENTS
from tests.browser.lab import Lab, start_lab

ROOT = pathlib.Path(__file__).parents[2]
# A recording without times is played at 50 frames a second times the speed.
FRAMES_A_SECOND = 50
CASES = ((20_000, 400, 10.0), (200_000, 2_000, 2.5))


def measure() -> list[str]:
    """Count the bytes of the deltas for each byte of text."""
    lines: list[str] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        start_lab(pathlib.Path(folder), {"PYTHONPATH": str(ROOT)}) as lab,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=chromium.find(playwright.chromium.executable_path),
            args=CHROMIUM_ARGUMENTS,
        )
        for size, rate, goal in CASES:
            page = browser.new_context().new_page()
            lines += _case(lab, page, size, rate, goal)
            page.context.close()
        browser.close()
    return lines


def _case(lab: Lab, page: Page, size: int, rate: int, goal: float) -> list[str]:
    frames: list[bytes] = []
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda data: frames.append(_bytes(data))),
    )
    name = f"bench_{size}.ipynb"
    lab.write_notebook(
        name,
        [
            "import powawidget as pw\nfrom tests.bench.answers import prose, stream\n"
            f"tokens = prose({size})\ndata = stream(tokens)",
            f"run = pw.replay(data, speed={rate / FRAMES_A_SECOND})\ndisplay(run)",
            "run.wait()\nprint('TEXT', len(run.text.encode()), 'TOKENS', len(tokens), "
            "'SECONDS', run.seconds)",
        ],
    )
    lab.open(page, name)
    frames.clear()
    lab.run_all(page)
    lab.wait_idle(page, timeout=180)
    said = lab.output(page, 2).inner_text()
    found = re.search(r"TEXT (\d+) TOKENS (\d+) SECONDS ([\d.]+)", said)
    assert found is not None, said
    text, tokens, seconds = int(found[1]), int(found[2]), float(found[3])
    deltas = [frame for frame in frames if b'"kind":"ops"' in frame or b'"kind": "ops"' in frame]
    opens = [frame for frame in frames if b'"comm_open"' in frame and b'"_esm"' in frame]
    states = [
        frame for frame in frames if b'"kind":"state"' in frame or b'"kind": "state"' in frame
    ]
    ratio = sum(map(len, deltas)) / text
    return [
        f"{size // 1000} kB at {rate} tokens a second: {ratio:.2f} bytes of deltas for each byte "
        f"of text (goal: at most {goal:g})",
        f"  {len(deltas)} messages, {sum(map(len, deltas)):,} bytes, {tokens / seconds:.0f} tokens "
        "a second as they came",
        f"  once for each widget, module included: {sum(map(len, opens)):,} bytes; whole state "
        f"after hello: {sum(map(len, states)):,} bytes",
    ]


def _bytes(data: Any) -> bytes:
    return data if isinstance(data, bytes) else json.dumps(data).encode()
