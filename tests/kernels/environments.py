"""An environment for each ipykernel that the bridge is tested on.

`python -m tests.kernels.environments` makes those that are missing, in `.tools/kernels`.
"""

import pathlib
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).parents[2]
VERSIONS = ("6.29.5", "6.31.0", "7.0.1", "7.3.0", "7.4.0")


def python_of(version: str) -> pathlib.Path:
    """The Python executable of a version's environment."""
    return ROOT / ".tools" / "kernels" / version / "bin" / "python"


def make(version: str) -> None:
    """Make the environment of a version, unless it is complete."""
    python = python_of(version)
    folder = python.parents[1]
    complete = folder / "complete"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["local"]]
    wanted = "\n".join([f"ipykernel=={version}", "nest-asyncio==1.6.0", *needed])
    if complete.is_file() and complete.read_text() == wanted:
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    install = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    subprocess.run([*install, *wanted.splitlines()], check=True)
    complete.write_text(wanted)


if __name__ == "__main__":
    for each in VERSIONS:
        make(each)
