"""How long a click on Approve takes to reach the server, whatever the kernel is doing."""

import time
from typing import Any

from playwright.sync_api import Page, expect

from tests.bench.opened import opened
from tests.browser.lab import Lab
from tests.counterpart import start

ASK = (
    'run = pb.agent("Operator").run("Raise the price of the best seller by 5%")\ndisplay(run)\n'
    "while not run.approvals: time.sleep(0.05)"
)
BUSY = {
    "run.wait()": "run.wait()",
    "time.sleep(10)": "time.sleep(10)",
    "a loop that computes": "end = time.time() + 10\nwhile time.time() < end: sum(range(10_000))",
    "nothing": "",
}
# A decision waits until no other request has come for this long.
QUIET = 0.3


def measure() -> list[str]:
    """Click in a real JupyterLab and look when the server is told."""
    lines = []
    with (
        start() as server,
        opened(server) as (lab, browser),
    ):
        for number, (what, code) in enumerate(BUSY.items()):
            page = browser.new_context().new_page()
            seconds = _click(lab, page, server, f"click_{number}.ipynb", code)
            lines.append(
                f"a click reaches the server while the kernel does {what}: {seconds:.2f} s "
                "(goal: under 1)"
            )
            page.context.close()
    return lines


def _click(lab: Lab, page: Page, server: Any, name: str, code: str) -> float:
    def decisions() -> int:
        return sum(path.endswith("/approve") for _, path, _ in server.requests)

    before = decisions()
    lab.write_notebook(name, ["import powawidget as pw, time\npb = pw.connect()", ASK, code])
    lab.open(page, name)
    lab.run_all(page)
    button = page.locator(".pw").first.get_by_role("button", name="Approve", exact=True)
    expect(button).to_be_attached(timeout=30_000)
    button.scroll_into_view_if_needed()
    expect(button).to_be_enabled(timeout=30_000)
    page.wait_for_timeout(1000 * QUIET)
    begin = time.monotonic()
    button.click()
    while decisions() == before:
        page.wait_for_timeout(5)
    seconds = time.monotonic() - begin
    lab.wait_idle(page)
    return seconds
