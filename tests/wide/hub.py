"""A JupyterHub with its proxy, under a prefix, whose users have a JupyterLab each."""

import json
import os
import secrets
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.lab import Lab
from tests.environments import modules_of, python_of

LOOPBACK = "127.0.0.1"
BASE = "/deep/hub/"
USERS = ("ann", "ben")
STARTED_WITHIN = 120  # seconds

CONFIG = """
c.JupyterHub.bind_url = "http://127.0.0.1:{port}{base}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api}"
c.ConfigurableHTTPProxy.command = {proxy!r}
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = {password!r}
c.Authenticator.allowed_users = {users!r}
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{folder}/home/{{username}}"
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root", "--LabApp.expose_app_in_browser=True", *{arguments!r}]
c.Spawner.environment = {environment!r}
c.Spawner.default_url = "/lab"
c.Spawner.http_timeout = c.Spawner.start_timeout = {within}
c.JupyterHub.cleanup_servers = True
c.JupyterHub.cleanup_proxy = True
# Who may stop idle servers. It isn't the hub's to start: it would wait 30 s for the end of it.
c.JupyterHub.services = [{{"name": "culler", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [
    {{
        "name": "culler",
        "services": ["culler"],
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
    }}
]
"""


@dataclass
class Hub:
    """A running JupyterHub.

    Attributes:
        port: Of its proxy, by which all goes.
        password: Of every user.
        folder: Where its files and its users' are.
        token: Of who may see who has a server, and stop it.
    """

    port: int
    password: str
    folder: Path
    token: str

    @property
    def api(self) -> str:
        """The address of its API."""
        return f"http://{LOOPBACK}:{self.port}{BASE}hub/api"

    def running(self) -> set[str]:
        """The users whose server runs."""
        headers = {"Authorization": f"token {self.token}"}
        asked = urllib.request.Request(f"{self.api}/users", headers=headers)
        with urllib.request.urlopen(asked) as answer:
            return {user["name"] for user in json.load(answer) if user["servers"]}

    @contextmanager
    def culling(self, seconds: int) -> Iterator[None]:
        """Stop servers that are idle for so long, meanwhile, by jupyterhub-idle-culler."""
        command = [python_of("wide", "hub"), "-m", "jupyterhub_idle_culler", f"--url={self.api}"]
        limits = [f"--timeout={seconds}", "--cull-every=1"]
        with (
            (self.folder / "culler.log").open("wb") as output,
            subprocess.Popen(
                [*command, *limits],
                env={**os.environ, "JUPYTERHUB_API_TOKEN": self.token},
                stdout=output,
                stderr=output,
            ) as culler,
        ):
            try:
                yield
            finally:
                culler.terminate()

    def lab(self, user: str, port: int | None = None) -> "HubLab":
        """The JupyterLab of a user, through another port where that leads to the hub's."""
        at = port or self.port
        return HubLab(self.folder / "home" / user, at, "", self.folder / "hub.log", user=user)


class HubLab(Lab):
    """The JupyterLab of one user of a hub."""

    def __init__(self, root: Path, port: int, token: str, log: Path, user: str) -> None:
        super().__init__(root, port, token, log)
        self.hub = f"http://{LOOPBACK}:{port}{BASE}"
        self.url = f"{self.hub}user/{user}"
        self._user = user

    def log_in(self, page: Page, password: str) -> None:
        """Log in as this user, and wait until the person's own server has started."""
        page.goto(f"{self.hub}hub/login")
        page.locator("#username_input").fill(self._user)
        page.locator("#password_input").fill(password)
        page.locator("#login_submit").click()
        page.wait_for_url(f"{self.url}/lab**", timeout=STARTED_WITHIN * 1000)
        page.wait_for_function("window.jupyterapp", timeout=60_000)
        page.evaluate("async () => { await window.jupyterapp.restored; }")
        expect(page.locator("#jupyterlab-splash")).to_have_count(0)


def free_ports(count: int) -> list[int]:
    """Find ports that nobody listens at."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind((LOOPBACK, 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


@contextmanager
def start_hub(
    folder: Path, environment: Mapping[str, str], arguments: Sequence[str] = ()
) -> Iterator[Hub]:
    """Start a hub, and end it with its proxy and its users' servers.

    Args:
        folder: An empty folder.
        environment: What the users' servers and kernels have in their environment.
        arguments: What the users' servers are started with.

    Yields:
        The running hub.
    """
    python = str(python_of("wide", "hub"))
    port, hub, api = free_ports(3)
    password, token = secrets.token_hex(8), secrets.token_hex(16)
    for user in USERS:
        (folder / "home" / user).mkdir(parents=True)
    own = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "DATA")}
    config = folder / "hub.py"
    config.write_text(
        CONFIG.format(
            port=port,
            hub=hub,
            api=api,
            base=BASE,
            proxy=[str(modules_of("hub") / ".bin" / "configurable-http-proxy")],
            password=password,
            token=token,
            users=set(USERS),
            folder=folder,
            python=python,
            arguments=list(arguments),
            environment={**own, **environment},
            within=STARTED_WITHIN,
        )
    )
    theirs = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JUPYTER", "IPYTHON", "POWABASE"))
    }
    log = folder / "hub.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [python, "-m", "jupyterhub", "-f", str(config)],
            cwd=folder,
            env={**theirs, **own},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        try:
            _wait_for(f"http://{LOOPBACK}:{port}{BASE}hub/health", process, log)
            yield Hub(port, password, folder, token)
        finally:
            process.terminate()
            process.wait(60)


def _wait_for(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + STARTED_WITHIN
    while True:
        try:
            with urllib.request.urlopen(address, timeout=10):
                return
        except OSError:
            is_over = process.poll() is not None or time.monotonic() > deadline
            assert not is_over, log.read_text()
            time.sleep(0.1)
