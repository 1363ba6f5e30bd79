"""What is built holds all that a person needs, and works in a bare environment."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from uv import find_uv_bin

import powawidget
from tests.counterpart import start
from tests.walk import RECORDED

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.timeout(600)  # uv may have to fetch build tools and dependencies


def run(*command: str | Path, **environment: str) -> str:
    done = subprocess.run(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from the source distribution, on a machine whose npm must not be asked."""
    folder = tmp_path_factory.mktemp("dist")
    npm = folder / "npm"
    npm.write_text("#!/bin/sh\nexit 1\n")
    npm.chmod(0o755)
    path = os.pathsep.join([str(folder), os.environ["PATH"]])
    run(
        sys.executable,
        "-m",
        "build",
        "--installer=uv",
        "--outdir",
        folder / "dist",
        ROOT,
        PATH=path,
    )
    built = sorted(path.name for path in (folder / "dist").iterdir())
    stem = f"powawidget-{powawidget.__version__}"
    assert built == [f"{stem}-py3-none-any.whl", f"{stem}.tar.gz"]
    return folder / "dist" / built[0]


def test_the_wheel_ships_the_front_end_the_types_and_the_notebooks(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        front_end = archive.read("powawidget/static/widget.js")
    assert front_end == (ROOT / "powawidget" / "static" / "widget.js").read_bytes()
    assert {"powawidget/py.typed", "powawidget/static/LICENSES.txt"} <= names
    notebooks = {f"powawidget/notebooks/{path.name}" for path in ROOT.glob("notebooks/*.ipynb")}
    assert {name for name in names if name.endswith(".ipynb")} == notebooks
    folders = {name.split("/")[0] for name in names}
    assert folders == {
        *("powawidget", "pytest_powawidget.py"),
        f"powawidget-{powawidget.__version__}.dist-info",
    }


def test_the_wheel_works_in_a_bare_environment(wheel: Path, tmp_path: Path) -> None:
    uv, bare = find_uv_bin(), tmp_path / "bare" / "bin"
    run(uv, "venv", "-q", "--python", sys.executable, bare.parent)
    run(uv, "pip", "install", "-q", "--python", bare / "python", wheel)
    run(
        *(bare / "python", "-I", "-c"),
        "import powawidget, pathlib, sys\n"
        "package = pathlib.Path(powawidget.__file__).parent\n"
        "assert package.is_relative_to(sys.prefix), package\n"
        "assert (package / 'static' / 'widget.js').stat().st_size > 10_000\n"
        "assert (package / 'static' / 'loader.js').is_file()\n"
        "missing = [name for name in powawidget.__all__ if not hasattr(powawidget, name)]\n"
        "assert not missing, missing\n",
    )
    # A run that becomes a test passes there, by a plugin that pytest finds by itself.
    run(uv, "pip", "install", "-q", "--python", bare / "python", "pytest>=8")
    for path in RECORDED.glob("*.sse"):
        recorded = powawidget.replay(path)
        assert isinstance(recorded, powawidget.Run)
        recorded.to_test(tmp_path / "tests" / f"test_{path.stem}.py")
    said = run(bare / "python", "-I", "-m", "pytest", "-q", tmp_path / "tests")
    assert f"{len(list(RECORDED.glob('*.sse')))} passed" in said
    assert run(bare / "powawidget", "--version") == f"powawidget {powawidget.__version__}\n"
    for command in ("serve", "demo"):
        done = subprocess.run(
            [bare / "powawidget", command], capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        assert 'pip install "powawidget[demo]"' in done.stderr


MAPPED = """
import sys
import polars
import powawidget

with powawidget.connect(sys.argv[1], api_key=sys.argv[2]) as pb:
    agent = pb.agent("Triage")
    batch = agent.map(["It is broken", "I was charged twice"], "Triage this: {value}").wait(60)
    print([row["status"] for row in batch.frame])
    try:
        agent.map(polars.DataFrame({"text": ["It is broken"]}))
    except powawidget.MissingPackageError as error:
        print(error)
"""


def test_a_batch_needs_a_package_only_for_frames(wheel: Path, tmp_path: Path) -> None:
    uv, bare = find_uv_bin(), tmp_path / "bare" / "bin"
    run(uv, "venv", "-q", "--python", sys.executable, bare.parent)
    run(uv, "pip", "install", "-q", "--python", bare / "python", wheel, "polars")
    server = start()
    try:
        said = run(bare / "python", "-I", "-c", MAPPED, server.url, server.key)
    finally:
        server.stop()
    assert "['done', 'done']" in said
    assert "needs narwhals, which isn't installed: run '%pip install \"powawidget[tables]\"" in said
