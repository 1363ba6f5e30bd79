"""No run of another test asks, and nobody hears of those of this one afterwards."""

import pytest

from powawidget.run import asking


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_asking", {})
    monkeypatch.setattr(asking, "_hearers", [])
