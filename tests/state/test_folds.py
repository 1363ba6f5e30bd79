"""What the TypeScript tests fold is what Python folded."""

import json
import subprocess
import sys
from pathlib import Path

from powawidget.state.model import RunState, plain
from powawidget.state.ops import apply
from tests.folds import MOST_BATCHES, fold
from tests.walk import ROOT, fixtures, recordings


def test_the_files_hold_every_fixture_and_fold_to_their_state(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.folds", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True)
    written = {path.stem: json.loads(path.read_bytes()) for path in tmp_path.glob("*.json")}
    assert written.keys() >= {path.stem for path in fixtures()}
    for name, told in written.items():
        state = RunState()
        for batch in told["batches"]:
            apply(state, batch)
        assert (told["name"], plain(state)) == (name, told["state"])
        assert len(told["batches"]) <= MOST_BATCHES


def test_a_long_stream_is_one_batch() -> None:
    (path,) = recordings(("agent_long_plain",))
    assert len(fold(path)["batches"]) == 1
