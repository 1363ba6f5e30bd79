"""The stage of the browser tests itself."""

import asyncio
import json
import secrets
import struct
import threading
import time

import pytest
from playwright.sync_api import Page, expect
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from tests.browser.lab import Lab

WATCHDOG = 60


def test_a_cell_runs_and_shows_its_output(lab: Lab, page: Page) -> None:
    lab.write_notebook("one.ipynb", ["print(1 + 1)"])
    lab.open(page, "one.ipynb")
    lab.run_all(page)
    lab.wait_idle(page)
    expect(lab.output(page, 0)).to_have_text("2\n")


def test_a_restart_runs_all_cells_again(lab: Lab, page: Page) -> None:
    lab.write_notebook("two.ipynb", ["try: count += 1\nexcept NameError: count = 1", "count"])
    lab.open(page, "two.ipynb")
    lab.run_all(page)
    lab.wait_idle(page)
    lab.run_all(page)
    lab.wait_idle(page)
    expect(lab.output(page, 1)).to_contain_text("2")
    lab.restart_run_all(page)
    lab.wait_idle(page)
    expect(lab.output(page, 1)).to_contain_text("1")


def test_what_goes_wrong_is_seen(lab: Lab, page: Page) -> None:
    lab.write_notebook("wrong.ipynb", ["import os; os.write(2, b'a kernel fell\\n');"])
    lab.open(page, "wrong.ipynb")
    page.evaluate("console.error('a widget fell')")
    lab.run_all(page)
    lab.wait_idle(page)
    told = ""
    end = time.monotonic() + WATCHDOG
    while "a widget fell" not in told or "a kernel fell" not in told:
        assert time.monotonic() < end, f"not seen: {told!r}"
        page.wait_for_timeout(50)
        told += "\n".join(lab.problems(page))


@pytest.mark.own_page
def test_themes_change_and_a_reload_keeps_the_outputs(lab: Lab, page: Page) -> None:
    lab.write_notebook("three.ipynb", ["print('kept')"])
    lab.open(page, "three.ipynb")
    lab.run_all(page)
    lab.wait_idle(page)
    lab.set_theme(page, "dark")
    lab.screenshot(page, "lab-dark")
    lab.set_theme(page, "light")
    lab.reload(page)
    expect(lab.output(page, 0)).to_have_text("kept\n")
    lab.wait_idle(page)


TALKS = "import time\nfor n in range(2000): print(n, flush=True); time.sleep(0.001)"
PROTOCOL = "v1.kernel.websocket.jupyter.org"  # as JupyterLab speaks to the server


def request(code: str) -> bytes:
    """Write a request to run code, as JupyterLab does."""
    header = {"msg_id": "1", "msg_type": "execute_request", "username": "", "session": "1"}
    content = {"code": code, "silent": False, "user_expressions": {}, "allow_stdin": False}
    dated = {**header, "version": "5.4", "date": ""}
    parts = [b"shell", *(json.dumps(part).encode() for part in (dated, {}, {}, content))]
    offsets = [8 * (len(parts) + 2)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    return struct.pack(f"<{len(offsets) + 1}Q", len(offsets), *offsets) + b"".join(parts)


def test_pages_that_leave_a_kernel_while_it_talks_are_no_problem(lab: Lab, page: Page) -> None:
    lab.write_notebook("talks.ipynb", ["1"])
    lab.open(page, "talks.ipynb")
    (kernel,) = lab.api("GET", "/api/kernels")
    channels = f"{lab.url.replace('http', 'ws')}/api/kernels/{kernel['id']}/channels"

    async def leave() -> None:
        for number in range(12):
            address = f"{channels}?token={lab.token}&session_id={secrets.token_hex(8)}"
            connection = await websocket_connect(HTTPRequest(address), subprotocols=[PROTOCOL])
            if number == 0:
                await connection.write_message(request(TALKS), binary=True)
            for _ in range(5):
                await connection.read_message()
            if number % 2:  # as if its process had been killed
                connection.protocol.stream.close()
            connection.close()

    # Playwright's loop is this thread's.
    thread = threading.Thread(target=asyncio.run, args=(leave(),))
    thread.start()
    thread.join(WATCHDOG)
    assert not thread.is_alive()
    lab.wait_idle(page)
    assert lab.problems(page) == []
