"""What pages are told of runs that wait, and of answers: how many, and no word of them."""

import asyncio
import functools
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

import powawidget
from powawidget.errors import InvalidValueError
from powawidget.live.run import Live
from powawidget.run import asking, notices
from powawidget.settings import options
from powawidget.state.model import RunState
from powawidget.widget import attention
from powawidget.widget.messages import NoticesMessage
from tests.gates import GatedRun, until, virtual


class Page:
    """What the model of notices was given to send."""

    def __init__(self) -> None:
        self.told: list[NoticesMessage] = []

    def tell(self, message: NoticesMessage) -> None:
        self.told.append(message)

    def counts(self) -> list[int]:
        return [message.waiting for message in self.told]

    def notices(self) -> list[tuple[str, str]]:
        """Every notice that was told, once."""
        every = [one for message in self.told for one in message.notices]
        return list({one.id: (one.id, one.what) for one in every}.values())


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    page = Page()
    monkeypatch.setattr(attention, "made", lambda: page)
    monkeypatch.setattr(notices, "_current", None)
    monkeypatch.setattr(asking, "_asking", {})
    return page


@pytest.fixture(autouse=True)
def _options() -> Iterator[None]:
    yield
    options.notices = True


def watched(policy: Any = None) -> GatedRun:
    gated = GatedRun(policy)
    gated.decider.changed = functools.partial(asking.look, gated)
    return gated


@virtual
async def test_each_request_that_lasts_is_one_notice_while_it_is_open(page: Page) -> None:
    first, second = watched(), watched()
    first.server.request("a")
    await asyncio.sleep(0.1)
    second.server.request("a")  # the same of another run
    await asyncio.sleep(2)
    assert page.counts() == [1, 2, 2, 2]
    assert [what for _, what in page.notices()] == ["asks", "asks"]
    assert len(page.told[-1].notices) == 2
    assert first.click("approve") is None
    await asyncio.sleep(1)
    assert len(page.told[-1].notices) == 1
    second.server.request("b")  # the first is open: the server asks no more meanwhile
    assert second.click("deny") is None
    await asyncio.sleep(1)
    assert (page.told[-1].waiting, page.told[-1].notices) == (0, [])
    first.server.request("b")
    await asyncio.sleep(2)
    assert len({id_ for id_, _ in page.notices()}) == 3


@virtual
async def test_calls_that_are_asked_about_together_are_one_notice(page: Page) -> None:
    gated = watched()
    for path in "abc":
        gated.server.request(path)
        await asyncio.sleep(0.1)
    await asyncio.sleep(5)
    assert [what for _, what in page.notices()] == ["asks"]
    assert page.told[-1].waiting == 1


@virtual
async def test_a_message_is_small_however_many_wait(page: Page) -> None:
    waiting = [watched() for _ in range(1_500)]
    for gated in waiting:
        gated.server.request("a")
    await asyncio.sleep(3)
    message = page.told[-1]
    assert message.waiting == 1_500
    assert len(msgspec.json.encode(message)) < 64_000 / 8  # what some proxies let through, by far
    latest = message.notices[-1]
    assert waiting[-1].click("approve") is None
    await asyncio.sleep(3)
    assert page.told[-1].waiting == 1_499
    assert latest not in page.told[-1].notices
    assert len(page.told[-1].notices) == len(message.notices)


@virtual
async def test_what_a_policy_decides_at_once_never_counts(page: Page) -> None:
    gated = watched(lambda _: True)
    gated.server.request("a")
    await gated.approved(1)
    await asyncio.sleep(5)
    assert page.told == []


@virtual
async def test_what_code_decides_within_a_second_is_no_notice(page: Page) -> None:
    gated = watched()
    gated.server.request("a")
    await asyncio.sleep(0.5)
    assert gated.click("approve") is None
    await asyncio.sleep(5)
    assert page.notices() == []
    assert page.counts() == [1, 0]


@virtual
async def test_switched_off_nothing_waits_and_on_again_it_does(page: Page) -> None:
    gated = watched()
    gated.server.request("a")
    await asyncio.sleep(2)
    options.notices = False
    await asyncio.sleep(0.1)
    assert page.told[-1] == NoticesMessage(
        source=page.told[0].source, waiting=0, notices=[], used=False
    )
    options.notices = True
    await asyncio.sleep(0.1)
    assert page.told[-1] == page.told[-3]
    assert page.told[-1].waiting == 1


def ended(status: Any, seconds: float) -> Live:
    return Live(RunState(name="secret", status=status, started=100.0, ended=100.0 + seconds))


@virtual
async def test_an_answer_is_told_where_it_took_over_a_minute_and_only_for_a_minute(
    page: Page,
) -> None:
    for status, seconds in (("completed", 59), ("failed", 600), ("stopped", 600)):
        notices.note_end(ended(status, seconds))
    await asyncio.sleep(1)
    assert page.told == []
    notices.note_end(ended("completed", 61))
    await until(lambda: page.told)
    assert [one.what for one in page.told[-1].notices] == ["ready"]
    await asyncio.sleep(61)
    message = attention.message()
    assert message is not None
    assert message.notices == []


@virtual
async def test_nothing_of_a_run_is_told(page: Page) -> None:
    gated = watched()
    gated.server.request("/etc/passwd")
    await asyncio.sleep(2)
    told = repr(page.told)
    names = [*gated.shown(), "passwd", "read", "run_1", "call-1"]
    assert [name for name in names if name in told] == []


@pytest.mark.parametrize("wrong", [1, None, "on"])
def test_what_is_no_switch_is_refused_at_once(wrong: Any) -> None:
    with pytest.raises(InvalidValueError, match="notices is True or False"):
        options.notices = wrong
    assert options.notices is True


@virtual
async def test_what_cannot_be_sent_hurts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("no socket")

    model = powawidget.notices()
    monkeypatch.setattr(type(model), "send", fail)
    model.tell(NoticesMessage(source="a", waiting=1, notices=[], used=True))


def test_outside_a_kernel_no_model_is_made_for_what_is_shown() -> None:
    before = attention.made()
    assert powawidget.replay(b'data: {"event":"chunk","content":"x"}\n\n').widget is not None
    assert attention.made() is before
