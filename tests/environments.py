"""Environments of other Jupyters, which the tests run beside the one they run in.

`python -m tests.environments kernels` makes those of the ipykernels that the bridge is tested on,
`labs` those of other JupyterLabs, `wide` those of the programs that `make test-wide` needs, `node`
those that npm has. They are made side by side, stay in `.tools/`, and are made again when what they
hold changes here or in `pyproject.toml`.
"""

import pathlib
import shutil
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor

from uv import find_uv_bin

ROOT = pathlib.Path(__file__).parents[1]
# The oldest, the first that reads its shell channel in a thread of its own, and the newest.
KERNELS = ("6.29.5", "7.0.1", "7.4.0")
OTHER_KERNELS = ("6.31.0", "7.3.0")
LABS = ("4.2.7",)
WIDE = {
    # Not ipykernel 7: it may miss the first request of a connection, since both servers ask it then
    # whether it is there (https://github.com/ipython/ipykernel/issues/1554).
    "gateway": ["jupyter_server", "jupyter_kernel_gateway", "ipykernel<7"],
    "docs": ["myst-nb", "nbsphinx", "pypandoc_binary"],
    "mlflow": ["mlflow>=3.6"],
    "hub": ["jupyterhub>=5", "jupyterhub-idle-culler", "jupyterlab", "ipykernel==7.4.0"],
}
NODE = {
    "hub": ["configurable-http-proxy@5.3.0"],
    # Playwright's own Firefox is a build of its own, and it can't drive one of the system's yet.
    "firefox": ["puppeteer-core@24.43.1"],
    # VS Code's widget manager, and what a page needs around it; what one such as Colab's needs.
    "vscode": [
        "@vscode/jupyter-ipywidgets8@1.0.9",
        "@jupyterlab/services@7.6.6",
        "requirejs@2.3.8",
        "esbuild@0.28.2",
    ],
    "colab": [
        "@jupyter-widgets/base-manager@1.0.13",
        "@jupyter-widgets/controls@5.0.13",
        "@jupyterlab/services@7.6.6",
        "requirejs@2.3.8",
        "esbuild@0.28.2",
    ],
}
NEEDED = {
    "kernels": {
        version: [f"ipykernel=={version}", "nest-asyncio==1.6.0"]
        for version in (*KERNELS, *OTHER_KERNELS)
    },
    "labs": {version: [f"jupyterlab=={version}", "ipykernel==7.4.0"] for version in LABS},
    "wide": WIDE,
    "node": NODE,
}


def python_of(kind: str, name: str) -> pathlib.Path:
    """The Python executable of an environment; a failure where it wasn't made."""
    python = ROOT / ".tools" / kind / name / "bin" / "python"
    if not python.is_file():
        raise FileNotFoundError(f"Missing: run `python -m tests.environments {kind}`.")
    return python


def modules_of(name: str) -> pathlib.Path:
    """The folder of what npm has installed; a failure where it didn't."""
    modules = ROOT / ".tools" / "node" / name / "node_modules"
    if not modules.is_dir():
        raise FileNotFoundError("Missing: run `python -m tests.environments node`.")
    return modules


def install(name: str) -> None:
    """Install packages by npm, unless they are there."""
    folder, needed = ROOT / ".tools" / "node" / name, NODE[name]
    complete = folder / "complete"
    if complete.is_file() and complete.read_text() == "\n".join(needed):
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # Without a package.json npm would take the folder of one above it.
    (folder / "package.json").write_text("{}")
    quiet = ["--no-audit", "--no-fund", "--no-save", "--loglevel=error"]
    subprocess.run(["npm", "install", *quiet, *needed], cwd=folder, check=True)
    complete.write_text("\n".join(needed))


def make(uv: str, kind: str, name: str) -> None:
    """Make an environment by uv, unless it is complete."""
    if kind == "node":
        install(name)
        return
    folder = ROOT / ".tools" / kind / name
    complete = folder / "complete"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = [
        *NEEDED[kind][name],
        *project["dependencies"],
        *project["optional-dependencies"]["local"],
    ]
    # Another Python makes another environment too.
    wanted = "\n".join([sys.version, sys.base_prefix, *needed])
    if complete.is_file() and complete.read_text() == wanted:
        return
    # uv takes seconds where pip takes minutes: what the environments share is fetched once.
    python = folder / "bin" / "python"
    subprocess.run([uv, "venv", "-q", "--clear", "--python", sys.executable, folder], check=True)
    command = [uv, "pip", "install", "-q", "--compile-bytecode", "--python", python]
    subprocess.run([*command, *needed], check=True)
    complete.write_text(wanted)


if __name__ == "__main__":
    # Once, before the threads: Python's sysconfig, which it asks, can't be set up by two of them.
    uv = find_uv_bin()
    with ThreadPoolExecutor() as pool:
        made = [pool.submit(make, uv, kind, name) for kind in sys.argv[1:] for name in NEEDED[kind]]
    for each in made:
        each.result()
