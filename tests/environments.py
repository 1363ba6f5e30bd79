"""Environments of older and newer Jupyter, which the tests run beside the one they run in.

`python -m tests.environments kernels` makes those of the ipykernels that the bridge is tested on,
`python -m tests.environments labs` those of other JupyterLabs, each where it is missing.
"""

import pathlib
import subprocess
import sys
import tomllib

from uv import find_uv_bin

ROOT = pathlib.Path(__file__).parents[1]
KERNELS = ("6.29.5", "6.31.0", "7.0.1", "7.3.0", "7.4.0")
LABS = ("4.2.7",)
NEEDED = {
    "kernels": {version: [f"ipykernel=={version}", "nest-asyncio==1.6.0"] for version in KERNELS},
    "labs": {version: [f"jupyterlab=={version}", "ipykernel==7.4.0"] for version in LABS},
}


def python_of(kind: str, version: str) -> pathlib.Path:
    """The Python executable of an environment; a failure where it wasn't made."""
    python = ROOT / ".tools" / kind / version / "bin" / "python"
    if not python.is_file():
        raise FileNotFoundError(f"Missing: run `python -m tests.environments {kind}`.")
    return python


def make(kind: str, version: str) -> None:
    """Make an environment, unless it is complete."""
    folder = ROOT / ".tools" / kind / version
    complete = folder / "complete"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["local"]]
    wanted = "\n".join([*NEEDED[kind][version], *needed])
    if complete.is_file() and complete.read_text() == wanted:
        return
    # uv takes seconds where pip takes minutes: what the environments share is fetched once.
    uv = find_uv_bin()
    python = folder / "bin" / "python"
    subprocess.run([uv, "venv", "-q", "--clear", "--python", sys.executable, folder], check=True)
    install = [uv, "pip", "install", "-q", "--compile-bytecode", "--python", python]
    subprocess.run([*install, *wanted.splitlines()], check=True)
    complete.write_text(wanted)


if __name__ == "__main__":
    for each in NEEDED[sys.argv[1]]:
        make(sys.argv[1], each)
