"""Checks of these tests look at the run itself, whatever an expectation knows of it."""

import pytest

from powawidget.resources import comparing


@pytest.fixture(autouse=True)
def _asked_about_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "expect", lambda run: run)
