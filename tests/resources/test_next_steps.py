"""What is refused for a wrong id or a wrong word says what to do next."""

from collections.abc import Callable, Iterator

import pytest

import powawidget as pw
from powawidget.errors import InvalidValueError, RequestError
from tests.counterpart import Counterpart, start

UUID = "0b334a6d-9a8b-4ebb-8873-10d7793ef83f"


@pytest.fixture(scope="module")
def server() -> Iterator[Counterpart]:
    with start(tokens_per_second=5000) as running:
        yield running


@pytest.fixture(scope="module")
def pb(server: Counterpart) -> Iterator[pw.Powabase]:
    with pw.connect(server.url, api_key=server.key) as connection:
        yield connection


@pytest.mark.parametrize(
    ("ask", "step"),
    [
        (lambda pb: pb.get_run("run_000000000000"), r"messages\(\) of each names its runs"),
        (lambda pb: pb.get_run("orch_run_000000000000"), r"messages\(\) of each names its runs"),
        (
            lambda pb: pb.agent("Writer").session("sess_000000000000").messages(),
            r"sessions\(\) .* lists the conversations",
        ),
        (
            lambda pb: pb.workflow("Weekly report").execution(UUID),
            r"workflow\.executions\(\) lists those",
        ),
    ],
)
def test_what_the_server_does_not_know_says_where_to_look(
    pb: pw.Powabase, ask: Callable[[pw.Powabase], object], step: str
) -> None:
    with pytest.raises(RequestError, match=step) as refused:
        ask(pb)
    assert refused.value.status == 404


@pytest.mark.parametrize("wrong", ["x", "run_5a4c673a59cc", "40"])
def test_what_is_no_id_of_an_execution_is_refused_before_anything_is_sent(
    pb: pw.Powabase, server: Counterpart, wrong: str
) -> None:
    workflow = pb.workflow("Weekly report")
    before = len(server.requests)
    with pytest.raises(InvalidValueError, match=r"UUID: workflow\.executions\(\) lists them"):
        workflow.execution(wrong)
    assert len(server.requests) == before


def test_an_unknown_word_for_an_interrupt_is_refused(pb: pw.Powabase) -> None:
    chat = pb.agent("Writer").chat()
    run = chat.send("haiku")
    for wait in (run.wait, chat.wait):
        with pytest.raises(InvalidValueError, match='on_interrupt is "stop" or "detach", not'):
            wait(on_interrupt="x")  # type: ignore[arg-type]  # as a caller without a checker
    chat.wait()
    assert "1 turn, done" in repr(chat)
    assert ", done, " in repr(run)
