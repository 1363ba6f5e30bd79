"""Documentation that is made of a committed notebook holds its transcripts, and runs nothing."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.environments import ROOT, python_of

pytestmark = pytest.mark.timeout(900)

NOTEBOOK = ROOT / "notebooks" / "01_quickstart.ipynb"
CONF = {
    "myst_nb": 'extensions = ["myst_nb"]\nnb_execution_mode = "off"\n',
    "nbsphinx": 'extensions = ["nbsphinx"]\nnbsphinx_execute = "never"\n',
}
MARK = re.compile(r'data-powawidget-transcript=\\?"(powawidget-[0-9a-f]{16})')
# nbsphinx reads the notebook's own text with pandoc, which its environment holds as a package.
BUILD = """
import os, sys, pathlib, pypandoc
folder = pathlib.Path(pypandoc.get_pandoc_path()).parent
os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"
from sphinx.cmd.build import main
sys.exit(main(["-q", "-W", "-b", "html", ".", "built"]))
"""


@pytest.mark.parametrize("extension", CONF)
def test_a_page_of_a_notebook_holds_its_transcripts(extension: str, tmp_path: Path) -> None:
    shutil.copy(NOTEBOOK, tmp_path / "index.ipynb")
    (tmp_path / "conf.py").write_text(CONF[extension])
    done = subprocess.run(
        [python_of("wide", "docs"), "-c", BUILD],
        cwd=tmp_path,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    page = (tmp_path / "built" / "index.html").read_text()
    committed, made = MARK.findall(NOTEBOOK.read_text()), MARK.findall(page)
    assert committed
    assert made == committed
    assert "Which orders are late, by region and carrier?" in page
