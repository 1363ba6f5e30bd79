"""A comparison's widget and its messages, without a browser, against an embedded server."""

import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import powawidget as pw
from powawidget.comparison.widget import CompareWidget
from powawidget.live.run import NONCE
from tests.counterpart import Agent, Call, Calls, Counterpart, Hook, Pause, Say, Tool, start

WATCHDOG = 60
GO_ON = threading.Event()


def teller(name: str) -> Callable[[Any], Any]:
    """Make an agent that calls a tool, and waits for the test where it is told to."""

    def script(turn: Any) -> Any:
        yield Calls(Call("look", {"at": name}, 0.0))
        yield Say(f"begun {turn.message}, ")
        while "slow" in turn.message and not GO_ON.is_set():
            yield Pause(0.01)
        if "delete" in turn.message:
            yield Calls(Call("delete", {"what": turn.message}, 0.0))
        yield Say("and ended.")

    return script


@pytest.fixture(scope="module")
def running() -> Iterator[Counterpart]:
    gate = Hook("PreToolUse", matcher="delete")
    tools = (Tool("look", str, read_only=True), Tool("delete", str, read_only=False))
    names = ("Firefly", "Glowworm", "Lantern")
    agents = [Agent(name, teller(name), tools=tools, hooks=(gate,)) for name in names]
    with start(tokens_per_second=5000, agents=agents) as running:
        yield running


@pytest.fixture
def pb(running: Counterpart) -> Iterator[pw.Powabase]:
    GO_ON.clear()
    with pw.connect(running.url, api_key=running.key) as connection:
        yield connection
        GO_ON.set()


def until(condition: Callable[[], Any]) -> Any:
    end = time.monotonic() + WATCHDOG
    while not (found := condition()):
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.01)
    return found


def has(answer: str, expected: str) -> bool:
    return expected in answer


class Page:
    """What a page sends, and what it hears: columns as the page puts them together."""

    def __init__(
        self, comparison: pw.Comparison, monkeypatch: pytest.MonkeyPatch, *, asks: bool = True
    ) -> None:
        self.heard: list[dict[str, Any]] = []
        self.columns: dict[int, dict[str, Any]] = {}
        self._ids = 0
        monkeypatch.setattr(CompareWidget, "send", lambda _, content, __=None: self._hear(content))
        self.widget = comparison.widget
        self.say("hello", have=0)
        if asks:
            self.show(0)

    def _hear(self, content: dict[str, Any]) -> None:
        json.dumps(content)
        if content["kind"] == "compared":
            if content["whole"]:
                self.columns = {}
            self.columns = {**self.columns, **{int(k): v for k, v in content["columns"].items()}}
        self.heard.append(content)

    def say(self, kind: str, **given: Any) -> None:
        """Send a message by two ways, as a page does."""
        self._ids += 1
        content = {"kind": kind, "id": f"m{self._ids}", **given}
        self.widget._from_comm(None, content, [])
        self.widget._from_bridge({"method": "custom", "content": dict(content)})

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [each for each in self.heard if each["kind"] == kind]

    @property
    def told(self) -> dict[str, Any]:
        return self.of("compared")[-1]

    def show(self, turn: int) -> dict[str, Any]:
        count = len(self.of("compared"))
        self.say("compare", view="v", turn=turn)
        until(lambda: [each for each in self.of("compared")[count:] if each["turn"] == turn])
        return self.told

    def state(self) -> dict[str, Any]:
        """The state of the widget, folded from what was sent."""
        (*_, whole) = [each for each in self.heard if each["kind"] == "state"]
        state: dict[str, Any] = json.loads(json.dumps(whole["state"]))
        for message in self.heard[self.heard.index(whole) + 1 :]:
            for verb, path, value in message.get("ops", []):
                owner: Any = state
                for key in path[:-1]:
                    owner = owner[key]
                owner[path[-1]] = owner[path[-1]] + value if verb == "append" else value
        return state

    def text(self, place: int) -> str:
        """The answer that stands in a column."""
        said: str = self.state()["parts"][self.columns[place]["part"]]["text"]
        return said


def sides(pb: pw.Powabase, *names: str) -> dict[str, Any]:
    given = names or ("Firefly", "Glowworm")
    return {f"the {name.lower()}": pb.agent(name) for name in given}


def test_a_page_is_told_of_columns_and_streams_their_answers(
    pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    comparison = pw.compare(
        sides(pb), "slow one", checks={"ended": lambda e: e.says("ended", similar=has)}
    )
    page = Page(comparison, monkeypatch)
    until(lambda: all("begun slow one, " in page.text(place) for place in (0, 1)))
    assert [page.columns[place]["name"] for place in (0, 1)] == ["the firefly", "the glowworm"]
    assert page.columns[0]["about"] == "agent Firefly"
    assert page.columns[0]["status"] == "running"
    names = ["tokens", "seconds", "calls", "checks"]
    assert [one["name"] for one in page.columns[0]["figures"]] == names
    assert [one["holds"] for one in page.columns[0]["checks"]] == [None]
    step = page.columns[0]["steps"][0]
    assert (step["row"], step["name"], step["status"]) == (0, "look", "done")
    assert page.told["rows"] == 1
    GO_ON.set()
    comparison.wait(WATCHDOG, display=False)
    until(lambda: page.told["over"] == [0])
    until(lambda: page.state()["status"] == "completed")
    assert page.text(1) == "begun slow one, and ended."
    assert [one["holds"] for one in page.columns[0]["checks"]] == [True]
    figures = page.columns[1]["figures"]
    assert [one["value"] for one in figures if one["name"] == "checks"] == ["1 of 1"]
    assert [one["delta"].split() for one in figures if one["name"] == "calls"] == [["±0", "calls"]]
    # What grows is appended: the answers aren't sent again with each change.
    ops = [op for each in page.of("ops") for op in each["ops"]]
    assert [op for op in ops if op[0] == "append"]
    # The fold is the state.
    assert page.state()["parts"] == page.widget.snapshot()["state"]["parts"]


def test_what_does_not_change_is_not_told_again(
    pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    comparison = pw.compare(sides(pb), "hello").wait(WATCHDOG, display=False)
    page = Page(comparison, monkeypatch)
    told = len(page.of("compared"))
    assert page.told["whole"]
    comparison._live.note_change()
    until(comparison._live.published.is_set)
    assert len(page.of("compared")) == told


def test_each_view_shows_a_round_of_its_own(
    pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    comparison = pw.compare(sides(pb), "hello", repeat=2).wait(WATCHDOG, display=False)
    page = Page(comparison, monkeypatch)
    assert [one["text"] for one in page.state()["parts"]] == ["begun hello, and ended."] * 2 + [
        ""
    ] * 2
    assert page.show(1)["turn"] == 1
    assert page.columns[0]["part"] == 2
    assert page.text(0) == "begun hello, and ended."
    for turn in (2, -1, True, "0", None, 1.0):
        page.say("compare", view="v", turn=turn)
    page.say("compare", view="w" * 101, turn=0)
    page.show(0)
    assert {each["turn"] for each in page.of("compared")} == {0, 1}


def test_a_side_opens_to_its_run_and_one_waits_there_for_a_person(
    pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    comparison = pw.compare(sides(pb), "delete rows")
    page = Page(comparison, monkeypatch)
    until(lambda: page.state()["status"] == "waiting")
    until(lambda: page.columns[1]["status"] == "waiting")
    for _ in range(2):
        page.say("open_side", view="v", turn=0, place=1)
    until(lambda: len(page.of("opened_side")) == 2)
    first, second = page.of("opened_side")
    assert first == second
    assert first["model"] is not None
    run = comparison["the glowworm"]
    assert isinstance(run, pw.Run)
    (widget,) = page.widget._opened.values()
    assert widget.model_id == first["model"]
    (asked,) = [part for part in widget.snapshot()["state"]["parts"] if part["kind"] == "approval"]
    widget._from_comm(
        None,
        {
            "kind": "act",
            "id": "click",
            "nonce": NONCE,
            "action": "approve",
            "digests": [asked["digest"]],
        },
        [],
    )
    until(lambda: run.status == "completed")
    assert [one.decision for one in run.approvals] == ["approved"]
    first_run = comparison["the firefly"]
    assert isinstance(first_run, pw.Run)
    assert first_run.status == "waiting"
    first_run.deny("no")
    comparison.wait(WATCHDOG, display=False)
    # Closed with the comparison, while the run itself can still be shown.
    comparison.close()
    assert widget.comm is None
    assert run.widget.snapshot()["state"]["status"] == "completed"


NAMES = ("firefly", "glowworm", "Firefly", "Glowworm", "look")


def leaked(text: str) -> list[str]:
    return [name for name in NAMES if name in text]


def test_names_are_nowhere_in_a_page_while_they_are_hidden(
    pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    comparison = pw.compare(
        sides(pb),
        "slow one",
        repeat=2,
        blind=True,
        checks={"ended": lambda e: e.says("ended", similar=has)},
    )
    page = Page(comparison, monkeypatch)
    until(lambda: page.text(0).startswith("begun"))
    page.say("vote", view="v", turn=0, place=0)  # before the answers are there
    GO_ON.set()
    comparison.wait(WATCHDOG, display=False)
    until(lambda: page.told["over"] == [0, 1])
    page.say("open_side", view="v", turn=0, place=0)
    until(lambda: page.of("opened_side"))
    assert page.of("opened_side")[0]["model"] is None
    shown = [
        json.dumps(page.heard),
        json.dumps(page.widget.get_state()),
        *comparison._transcripts("m").values(),
        repr(comparison),
    ]
    assert not leaked("".join(shown))
    assert [page.columns[place]["name"] for place in (0, 1)] == ["A", "B"]
    assert {one["value"] for one in page.columns[0]["figures"]} == {"–"}  # noqa: RUF001  # a dash
    assert comparison.votes == []
    assert "firefly" in str(comparison.frame["side"][0])

    for place in (2, -1, "0", True):
        page.say("vote", view="v", turn=0, place=place)
    page.say("vote", view="v", turn=0, place=1)
    until(lambda: page.told["voted"] == [0])
    page.say("vote", view="v", turn=0, place=0)  # once only
    assert page.told["hidden"]
    assert not leaked(json.dumps(page.heard))
    page.show(1)
    page.say("vote", view="v", turn=1, place=None)
    until(lambda: not page.told["hidden"])
    first, second = comparison.votes
    assert sorted(first.order) == sorted(second.order) == comparison.sides
    assert (first.choice, second.choice) == (first.order[1], None)
    assert [page.columns[place]["name"] for place in (0, 1)] == comparison.sides
    assert page.told["vote"] == {
        "letters": ["AB"[second.order.index(name)] for name in comparison.sides],
        "choice": None,
    }
    frame = comparison.frame
    won = frame[(frame["repeat"] == 1) & (frame["vote"] == "won")]
    assert list(won["side"]) == [first.choice]
    assert list(won["shown_as"]) == ["B"]
    assert set(frame[frame["repeat"] == 2]["vote"]) == {"tie"}
    markdown = comparison._transcripts("m")["text/markdown"]
    assert "Blind vote of run 1" in markdown
    assert "Blind vote of run 2: a tie" in markdown


@pytest.mark.parametrize("is_turned", [False, True])
def test_answers_stand_where_the_letters_do(
    pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch, is_turned: bool
) -> None:
    """Whatever order was drawn, a vote for a letter is one for whose answer stands there."""
    shuffle = list.reverse if is_turned else list.copy
    monkeypatch.setattr(secrets.SystemRandom, "shuffle", lambda _, order: shuffle(order))
    prompts = {"north": "say north", "south": "say south"}
    comparison = pb.agent("Firefly").compare(prompts, blind=True)
    comparison.wait(WATCHDOG, display=False)
    page = Page(comparison, monkeypatch)
    until(lambda: page.text(0) and page.text(1))
    assert ("south" in page.text(0)) == is_turned
    page.say("vote", view="v", turn=0, place=int(not is_turned))
    until(lambda: comparison.votes)
    assert comparison.votes[0].choice == "south"
    until(lambda: not page.told["hidden"] and "north" in page.text(0))


def test_names_that_were_shown_can_be_hidden_for_a_vote(
    pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    comparison = pw.compare(sides(pb), "slow one")
    page = Page(comparison, monkeypatch)
    page.say("hide", view="v", hidden=True)  # too early
    GO_ON.set()
    comparison.wait(WATCHDOG, display=False)
    until(lambda: page.told["over"] == [0])
    assert not page.told["hidden"]
    page.say("open_side", view="v", turn=0, place=0)
    until(lambda: page.of("opened_side"))
    (opened,) = page.widget._opened.values()
    page.say("hide", view="v", hidden=True)
    until(lambda: page.told["hidden"])
    assert opened.comm is None
    assert not leaked(json.dumps(page.columns) + json.dumps(page.state()))
    assert not leaked("".join(comparison._transcripts("m").values()))
    assert not leaked(json.dumps(page.widget.get_state()))
    comparison.reveal()
    until(lambda: not page.told["hidden"])
    assert comparison.votes == []


def test_stop_from_the_page_stops_what_was_started(
    pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    comparison = pw.compare(sides(pb), "slow one")
    page = Page(comparison, monkeypatch)
    until(lambda: page.text(0).startswith("begun"))
    page.say("act", nonce="another", action="stop")
    page.say("act", nonce=NONCE, action="retry")
    page.say("act", nonce=NONCE, action="stop")
    comparison.wait(WATCHDOG, display=False)
    refused = [each["refused"] for each in page.of("ack")]
    assert sum(one is None for one in refused) == 2  # the same by two ways
    assert set(comparison.frame["status"]) == {"stopped"}


def test_a_transcript_keeps_to_its_budget_and_has_both_answers(
    pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pw.options, "file_limit", 130_000)
    long = "\n\n".join(f"Line {at} of a long question." for at in range(2_500))
    comparison = pb.agent("Firefly").compare({"short": "hello", "long": long})
    comparison.wait(WATCHDOG, display=False)
    written = comparison._transcripts("m")
    assert len(written["text/html"].encode()) < 46_000 * 0.42
    assert len(written["text/markdown"].encode()) < 46_000 * 0.26
    for text in (written["text/html"], written["text/markdown"]):
        assert "begun hello, and ended." in text
        assert "Line 0 of a long question" in text
        assert "baseline" in text


HOSTILE = "</div><script>x()</script> ](javascript:x) | <img src=x onerror=x()> \u202e"


def test_names_and_answers_are_quoted_in_the_transcript(pb: pw.Powabase) -> None:
    checks = {HOSTILE: lambda _: False}
    comparison = pb.agent("Firefly").compare({HOSTILE: "one", "v2": HOSTILE}, checks=checks)
    comparison.wait(WATCHDOG, display=False)
    html = comparison._transcripts("m")["text/html"]
    assert "<script" not in html
    assert "<img" not in html
    assert "\u202e" not in html
    markdown = comparison._transcripts("m")["text/markdown"]
    assert "<script" not in markdown
    assert not re.search(r"(?<!\\)\]\(javascript", markdown)
    assert "\u202e" not in markdown


@pytest.mark.parametrize("is_turned", [False, True])
def test_a_run_that_was_there_already_is_as_unknown_as_the_others(
    pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch, is_turned: bool
) -> None:
    """It has its answer at once, and one in all repeats: neither tells which it is."""
    shuffle = list.reverse if is_turned else list.copy
    monkeypatch.setattr(secrets.SystemRandom, "shuffle", lambda _, order: shuffle(order))
    given = pb.agent("Firefly").run("hello").wait(WATCHDOG, display=False)
    comparison = pw.compare(
        {"before": given, "now": pb.agent("Glowworm")}, "slow two", repeat=2, blind=True
    )
    page = Page(comparison, monkeypatch)
    until(lambda: comparison["now"][0].text.startswith("begun"))  # type: ignore[index]  # two runs
    page.show(0)
    assert [page.columns[place]["status"] for place in (0, 1)] == ["running"] * 2
    assert {one["text"] for one in page.state()["parts"]} == {""}
    for written in comparison._transcripts("m").values():
        assert "hello" not in written
        assert "begun" not in written
    GO_ON.set()
    comparison.wait(WATCHDOG, display=False)
    until(lambda: page.told["over"] == [0, 1])
    assert ("hello" in page.text(0)) != is_turned
    written = comparison._transcripts("m")["text/markdown"]
    heads = re.findall(r"Answer of \W*([AB])\W*run (.)", written)
    assert heads == [("A", "1"), ("B", "1"), ("A", "2"), ("B", "2")]


def test_answers_of_rounds_out_of_sight_dont_stand_in_the_order_of_the_sides(
    pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names were shown first: what the page has of the other round is put in order as well."""
    monkeypatch.setattr(secrets.SystemRandom, "shuffle", lambda _, order: list.reverse(order))
    comparison = pb.agent("Firefly").compare({"n": "say north", "s": "say south"}, repeat=2)
    comparison.wait(WATCHDOG, display=False)
    page = Page(comparison, monkeypatch)
    page.show(1)
    until(lambda: page.text(0))
    page.show(0)
    page.say("hide", view="v", hidden=True)
    until(lambda: page.told["hidden"])
    parts = [one["text"] for one in page.state()["parts"]]
    assert [next(word for word in ("north", "south") if word in one) for one in parts] == [
        "south",
        "north",
    ] * 2
    assert page.state()["parts"] == page.widget.snapshot()["state"]["parts"]


def test_a_run_that_is_being_opened_while_names_are_hidden_is_not_opened(
    pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    comparison = pw.compare(sides(pb), "hello").wait(WATCHDOG, display=False)
    page = Page(comparison, monkeypatch)
    made: list[Any] = []
    model = page.widget._model

    def slow(key: tuple[int, int]) -> str:
        own = model(key)
        made.extend(page.widget._opened.values())
        page.say("hide", view="v", hidden=True)
        until(lambda: comparison._ballot.is_hidden)
        return own

    monkeypatch.setattr(page.widget, "_model", slow)
    page.say("open_side", view="v", turn=0, place=0)
    until(lambda: page.of("opened_side"))
    assert page.of("opened_side")[0]["model"] is None
    assert [widget.comm for widget in made] == [None]
