"""A JupyterHub under a prefix: two users, a run, a click past a busy kernel, a reload, a cut."""

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.deciding import armed
from tests.browser.tempo import Tempo
from tests.environments import ROOT
from tests.frames import Frames, frames
from tests.wide.hub import Hub, HubLab, start_hub

pytestmark = pytest.mark.timeout(900)

LONG = 90_000
CONNECT = "import powawidget as pw, pathlib, time\npb = pw.connect()"
ASK = """
run = pb.agent("Operator").run("Raise the price of the best seller by 5%")
display(run)
while not run.approvals: time.sleep(0.05)
"""
BUSY = """
end = time.monotonic() + 240
while not pathlib.Path("go").exists() and time.monotonic() < end: sum(range(10_000))
print("ENDED")
"""
LIVE = 'live = pb.agent("Analyst").run("Which orders are late, by region and carrier?")\nlive'


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, powabase: Any) -> Iterator[Hub]:
    environment = {
        "POWABASE_URL": powabase.url,
        "POWABASE_API_KEY": powabase.key,
        "PYTHONPATH": str(ROOT),
        "JUPYTERHUB_ACTIVITY_INTERVAL": "1",  # seconds, after which a server says when it was used
    }
    with start_hub(tmp_path_factory.mktemp("hub"), environment) as hub:
        yield hub


@pytest.fixture(scope="module")
def proxy(hub: Hub) -> Iterator[Frames]:
    """What stands before the hub, and lets no message through that is larger than 64 kB."""
    with frames(hub.port) as proxy:
        yield proxy


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture
def asked_ports(context: BrowserContext) -> set[int | None]:
    """Each port that the pages have asked anything of."""
    ports: set[int | None] = set()

    def note(address: str) -> None:
        if urlsplit(address).scheme not in ("data", "blob"):
            ports.add(urlsplit(address).port)

    def on_page(page: Page) -> None:
        page.on("request", lambda request: note(request.url))
        page.on("websocket", lambda socket: note(socket.url))

    context.on("page", on_page)
    return ports


def decisions(powabase: Any) -> int:
    return sum(path.endswith("/approve") for _, path, _ in powabase.requests)


def entered(hub: Hub, proxy: Frames, context: BrowserContext, user: str) -> tuple[HubLab, Page]:
    lab = hub.lab(user, proxy.port)
    page = context.new_page()
    lab.log_in(page, hub.password)
    return lab, page


def test_a_person_on_a_hub_sees_a_run_decides_past_a_busy_kernel_and_loads_the_page_again(  # noqa: PLR0913, PLR0917  # pytest's fixtures
    hub: Hub,
    proxy: Frames,
    context: BrowserContext,
    asked_ports: set[int | None],
    powabase: Any,
    tempo: Tempo,
) -> None:
    lab, page = entered(hub, proxy, context, "ann")
    before = decisions(powabase)
    lab.write_notebook("run.ipynb", [CONNECT, ASK, BUSY, LIVE])
    lab.open(page, "run.ipynb")
    for index in (0, 1, 2):
        lab.run_cell(page, index)
    asked = lab.output(page, 1).locator(".pw")
    armed(asked, "Approve").click()
    # Decided, and over, while the next cell computes.
    expect(asked.locator(".pw-status")).to_have_text("Done", timeout=LONG)
    assert decisions(powabase) == before + 1
    expect(lab.cell(page, 2).locator(".jp-InputPrompt")).to_have_text("[*]:")
    (lab.root / "go").touch()
    lab.wait_idle(page)

    tempo.slow()
    lab.run_cell(page, 3)
    live = lab.output(page, 3).locator(".pw")
    expect(live.locator(".pw-tool, .pw-text").first).to_be_visible(timeout=LONG)
    tempo.hold()
    lab.wait_idle(page)
    lab.reload(page)
    expect(live.locator(".pw-status")).to_have_text("Running", timeout=LONG)
    # The connection is cut while the run goes on, and comes back.
    opened = proxy.opened
    proxy.cut()
    tempo.fast()
    expect(live.locator(".pw-status")).to_have_text("Done", timeout=LONG)
    assert proxy.opened > opened
    assert proxy.ended == []
    assert asked_ports == {proxy.port}


@pytest.mark.usefixtures("powabase")
def test_another_user_sees_nothing_of_it(hub: Hub, proxy: Frames, context: BrowserContext) -> None:
    lab, page = entered(hub, proxy, context, "ben")
    lab.write_notebook("own.ipynb", [CONNECT, "pb.agent('Analyst').run('Which orders are late?')"])
    lab.open(page, "own.ipynb")
    lab.run_all(page)
    expect(page.locator(".pw-status")).to_have_text("Done", timeout=LONG)
    expect(page.locator(".pw")).not_to_contain_text("best seller")
    ann = hub.lab("ann", proxy.port)
    for path in ("lab", "api/kernels", "api/contents"):
        answer = page.goto(f"{ann.url}/{path}")
        assert answer is not None
        assert answer.status in (403, 404), path


def test_a_server_where_a_run_waits_is_kept_with_the_tab_closed_and_an_idle_one_is_stopped(
    hub: Hub, proxy: Frames, context: BrowserContext, browser: Browser, tempo: Tempo
) -> None:
    tempo.fast()
    hurried = (
        "from powawidget.live import alive\nfrom powawidget.widget import widget\n"
        "alive.SECONDS, widget._HEARD_FOR = 1.0, 0.0"
    )
    # Who is at work comes first: by the messages of a page that server is idle for longer.
    lab, page = entered(hub, proxy, context, "ann")
    lab.write_notebook("waits.ipynb", [CONNECT, f"{hurried}\n{ASK}"])
    lab.open(page, "waits.ipynb")
    lab.run_all(page)
    expect(page.get_by_role("button", name="Approve", exact=True)).to_be_visible(timeout=LONG)
    lab.wait_idle(page)
    page.close()
    with browser.new_context() as other:
        entered(hub, proxy, other, "ben")
    assert hub.running() == {"ann", "ben"}
    with hub.culling(8):
        end = time.monotonic() + 120
        while "ben" in (running := hub.running()):
            assert time.monotonic() < end
            time.sleep(0.2)
        time.sleep(3)  # it has looked again since
        assert running == hub.running() == {"ann"}
