"""A notebook whose kernel runs behind a kernel gateway shows its run and takes its clicks."""

import json
import os
import secrets
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from websockets.sync.client import connect

from tests.browser.deciding import armed
from tests.browser.lab import Lab, start_lab
from tests.browser.tempo import Tempo
from tests.environments import ROOT, python_of
from tests.wide.conftest import Serve, free_port
from tests.wide.notebook import Notebook

pytestmark = pytest.mark.timeout(900)

LOOPBACK = "127.0.0.1"
CELL = """
import powawidget as pw
run = pw.connect().agent("Operator").run("Raise the price of the best seller by 5%")
run.wait()
print(run.status, run.approvals[0].by)
"""


@dataclass
class Gateway:
    """A running kernel gateway: what a client of it is started with, and in which environment."""

    client: list[str]
    environment: dict[str, str]


@pytest.fixture
def gateway(serve: Serve, tmp_path: Path, powabase: Any) -> Gateway:
    """A kernel gateway, whose kernels have the environment that is named, and nothing else."""
    python, token = str(python_of("wide", "gateway")), secrets.token_hex(8)
    port = free_port()
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "POWABASE_URL": powabase.url,
        "POWABASE_API_KEY": powabase.key,
        "KG_ENV_PROCESS_WHITELIST": "PYTHONPATH,IPYTHONDIR,POWABASE_URL,POWABASE_API_KEY",
        "JUPYTER_RUNTIME_DIR": str(tmp_path),
        "JUPYTER_CONFIG_DIR": str(tmp_path),
        "IPYTHONDIR": str(tmp_path),
    }
    serve(
        [
            python,
            "-m",
            "kernel_gateway",
            f"--KernelGatewayApp.port={port}",
            f"--KernelGatewayApp.auth_token={token}",
            "--KernelGatewayApp.ip",
            LOOPBACK,
            # JupyterLab asks for them.
            "--JupyterWebsocketPersonality.list_kernels=True",
        ],
        environment,
        f"http://{LOOPBACK}:{port}/api",
    )
    client = [
        f"--GatewayClient.url=http://{LOOPBACK}:{port}",
        f"--GatewayClient.auth_token={token}",
    ]
    return Gateway(client, environment)


@pytest.fixture
def notebook(serve: Serve, tmp_path: Path, gateway: Gateway) -> Iterator[Notebook]:
    """jupyter_server, whose kernels are those of the gateway."""
    python, token = str(python_of("wide", "gateway")), secrets.token_hex(8)
    server = free_port()
    common = ["--ip", LOOPBACK, "--allow-root"]
    serve(
        [
            python,
            "-m",
            "jupyter_server",
            f"--port={server}",
            "--no-browser",
            *common,
            f"--IdentityProvider.token={token}",
            f"--ServerApp.root_dir={tmp_path}",
            *gateway.client,
        ],
        gateway.environment,
        f"http://{LOOPBACK}:{server}/api",
    )
    headers = {"Authorization": f"token {token}"}
    asked = urllib.request.Request(
        f"http://{LOOPBACK}:{server}/api/kernels", data=b"{}", headers=headers
    )
    with urllib.request.urlopen(asked) as answer:
        kernel = json.load(answer)["id"]
    address = f"ws://{LOOPBACK}:{server}/api/kernels/{kernel}/channels"
    with connect(address, additional_headers=headers, max_size=None) as channels:
        yield Notebook(channels)


def test_a_run_is_shown_and_a_click_decides(notebook: Notebook) -> None:
    def widget() -> str | None:
        """The id of the run's widget, once it is there."""
        opened = [
            each for each in notebook.of("comm_open") if "_state" in each["data"].get("state", {})
        ]
        return opened[0]["comm_id"] if opened else None

    def page_says(content: dict[str, Any]) -> None:
        data = {"method": "custom", "content": content}
        notebook.send("comm_msg", {"comm_id": comm, "data": data})

    def shown() -> dict[str, Any]:
        """The state that the page was given when it asked, with a request that is open."""
        page_says({"kind": "hello", "have": 0})
        before = len(notebook.custom(comm, "state"))
        notebook.until(lambda: len(notebook.custom(comm, "state")) > before)
        return notebook.custom(comm, "state")[-1]

    def open_requests(state: dict[str, Any]) -> list[str]:
        return [
            part["digest"]
            for part in state["state"]["parts"]
            if part["kind"] == "approval" and part["decision"] == "pending"
        ]

    notebook.send("execute_request", {"code": CELL, "silent": False, "allow_stdin": False})
    comm = notebook.until(widget)
    while not (digests := open_requests(state := shown())):
        pass
    page_says({"kind": "want", "id": "m", "module": "code"})
    module = notebook.until(lambda: notebook.custom(comm, "module"))
    assert module[0]["packed"]
    click = {"kind": "act", "id": "c", "nonce": state["nonce"], "action": "approve"}
    page_says({**click, "digests": digests})
    notebook.until(lambda: printed(notebook) == "completed click\n")
    notebook.until(
        lambda: "powawidget-transcript" in json.dumps(notebook.of("update_display_data"))
    )


def printed(notebook: Notebook) -> str:
    return "".join(each["text"] for each in notebook.of("stream"))


# JupyterLab beside the gateway: its page, its server, and the kernel far away.

LONG = 90_000
SET_UP = "import os, pathlib, time\nimport powawidget as pw\npb = pw.connect()"
KNOWS = "print(sorted(name for name in os.environ if name in ('LAB_ONLY', 'POWABASE_URL')))"
ASK = """
run = pb.agent("Operator").run("Raise the price of the best seller by 5%")
display(run)
while not run.approvals: time.sleep(0.05)
"""
BUSY = """
go, end = pathlib.Path({go!r}), time.monotonic() + 240
while not go.exists() and time.monotonic() < end: sum(range(10_000))
assert go.exists(), "nobody said to go on"
"""
LIVE = "live = pb.agent('Analyst').run('Which orders are late, by region and carrier?')\nlive"
CONNECTION = "window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel"


@pytest.fixture
def far_lab(tmp_path: Path, gateway: Gateway) -> Iterator[Lab]:
    """JupyterLab, all of whose kernels are the gateway's."""
    folder = tmp_path / "lab"
    folder.mkdir()
    with start_lab(folder, {"LAB_ONLY": "1"}, arguments=gateway.client) as lab:
        yield lab


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    yield page
    page.context.close()


def reconnect(page: Page) -> None:
    """What heals a page to which the gateway's kernel stays "unknown"."""
    page.evaluate(f"async () => {{ await {CONNECTION}.reconnect(); }}")


def wait_connected(page: Page) -> None:
    """Wait for the kernel; a page that was the first after a start may never hear of it."""
    page.wait_for_function(f"{CONNECTION}", timeout=LONG)
    page.wait_for_timeout(2_000)
    if page.evaluate(f"{CONNECTION}.status") == "unknown":
        reconnect(page)
    page.wait_for_function(f"{CONNECTION}.status === 'idle'", timeout=LONG)


def test_in_jupyterlab_a_kernel_far_away_shows_a_run_and_takes_a_click_while_it_is_busy(
    far_lab: Lab, page: Page, tempo: Tempo, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    cells = [SET_UP, KNOWS, ASK, BUSY.format(go=str(go)), LIVE]
    far_lab.write_notebook("far.ipynb", cells)
    far_lab.load(page, "far.ipynb")
    far_lab.wait_ready(page)
    wait_connected(page)
    for index in range(4):
        far_lab.run_cell(page, index)
    asked = far_lab.output(page, 2).locator(".pw")
    armed(asked, "Approve").click()
    expect(asked.locator(".pw-status")).to_have_text("Done", timeout=LONG)
    # All of that while the next cell computes: what the page sent came by the control channel.
    expect(far_lab.cell(page, 3).locator(".jp-InputPrompt")).to_have_text("[*]:")
    go.touch()
    far_lab.wait_idle(page)
    expect(far_lab.output(page, 1)).to_have_text("['POWABASE_URL']")

    tempo.slow()
    far_lab.run_cell(page, 4)
    live = far_lab.output(page, 4).locator(".pw")
    expect(live.locator(".pw-status")).to_have_text("Running", timeout=LONG)
    tempo.hold()
    far_lab.wait_idle(page)
    # The connection is made anew in the middle of a run, which goes on for this page.
    reconnect(page)
    tempo.fast()
    expect(live.locator(".pw-status")).to_have_text("Done", timeout=LONG)
