"""Whoever interrupts a request at any point finds no key in the traceback, and leaves nothing open.

A verbose traceback prints the local variables of every frame; those of the HTTP library hold the
headers. So none of its frames may stand in what is raised, nor in what that was raised from.
"""

import asyncio
import contextlib
import signal
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from types import TracebackType
from typing import Any

import pytest

from powawidget.protocol import events as ev
from powawidget.resources.connect import Agent, AgentInfo
from powawidget.resources.lookup import stored_run
from powawidget.resources.orchestration import Orchestration, OrchestrationInfo
from powawidget.resources.workflow import Workflow, WorkflowInfo
from tests.chaos import WATCHDOG, Chaos, Exchange
from tests.faults.world import DONE, HALF, START, World, until
from tests.planted import leaks, rendered

LIBRARIES = ("httpx", "httpcore", "h11", "anyio", "sniffio")


def chain(error: BaseException) -> Iterator[BaseException]:
    """An error and all that it was raised from or during."""
    open_, known = [error], []
    while open_:
        one = open_.pop()
        if one not in known:
            known.append(one)
            yield one
            open_ += [each for each in (one.__cause__, one.__context__) if each is not None]


def frames(error: BaseException) -> Iterator[Any]:
    for one in chain(error):
        at: TracebackType | None = one.__traceback__
        while at is not None:
            yield at.tb_frame
            at = at.tb_next


def check(error: BaseException) -> None:
    assert not leaks(rendered(error) + repr(error))
    for frame in frames(error):
        assert frame.f_globals.get("__name__", "").partition(".")[0] not in LIBRARIES
        assert not leaks(repr(frame.f_locals))


class Stage:
    """A server that lets a request come so far and no further."""

    def __init__(self, world: World, name: str) -> None:
        self.name = name
        self.here = threading.Event()
        self._held = contextlib.ExitStack()
        if name == "connect":
            listener = self._held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
            # Who comes after these isn't let in.
            for _ in range(3):
                one = self._held.enter_context(socket.socket())
                one.setblocking(False)  # its own signature
                one.connect_ex(listener.getsockname())
            self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            self.server: Chaos | None = None
        else:
            self.server = world.serve(self.script)
            self.url = self.server.url

    async def script(self, exchange: Exchange) -> None:
        if self.name == "headers":
            self.here.set()
        elif exchange.request.path.endswith("/stream"):
            await exchange.stream(START, HALF, end=False)
        else:
            await exchange.head(b"content-type: application/json\r\ncontent-length: 100\r\n")
            await exchange.send(b'{"agents": [')
            self.here.set()
        await exchange.gone()

    def reached(self) -> None:
        """Wait until a request is there."""
        if self.name == "connect":
            time.sleep(0.05)  # nothing tells of a connection that isn't let in
        else:
            assert self.here.wait(WATCHDOG)

    def close(self) -> None:
        self._held.close()
        if self.server is not None:
            self.server.wait_until_left()


STAGES = ["connect", "headers", "the middle"]


@pytest.fixture(params=[*STAGES, "the close"])
def stage(request: pytest.FixtureRequest, world: World) -> Iterator[Stage]:
    made = Stage(world, request.param)
    yield made
    made.close()


async def read(events: AsyncIterator[ev.Event], stage: Stage) -> None:
    """Read a stream, which is interrupted."""
    try:
        async for event in events:
            if event.raw == HALF:
                stage.here.set()
                if stage.name == "the close":
                    break
    finally:
        await events.aclose()  # type: ignore[attr-defined]  # it is a generator
    await asyncio.sleep(WATCHDOG)


Ask = Callable[[Agent, Stage], Awaitable[object]]
ASKED: dict[str, Ask] = {
    "agent.stream": lambda agent, stage: read(agent.stream("hi"), stage),
    "orchestration.stream": lambda agent, stage: read(
        Orchestration(agent._client, OrchestrationInfo(id="o", name="O")).stream("hi"), stage
    ),
    "workflow.stream": lambda agent, stage: read(
        Workflow(agent._client, WorkflowInfo(id="w", name="W"), None).stream(), stage
    ),
    "stored_run": lambda agent, _: stored_run(agent._client, "agent", "run_1"),
    "client.post": lambda agent, _: agent._client.post("/thing", {}),
}


def cancelled(work: Awaitable[object], stage: Stage) -> BaseException:
    """Cancel a task, which is where an interrupt of a notebook's cell comes to as well."""

    async def main() -> BaseException:
        task = asyncio.ensure_future(work)
        await asyncio.to_thread(stage.reached)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError as error:
            return error
        raise AssertionError

    return asyncio.run(main())


def timed_out(work: Awaitable[object], stage: Stage) -> BaseException:
    """Give up after a time."""

    async def main() -> BaseException:
        try:
            async with asyncio.timeout(None) as scope:
                task = asyncio.current_task()
                assert task is not None

                def give_up() -> None:
                    stage.reached()
                    running.call_soon_threadsafe(scope.reschedule, running.time())

                running = asyncio.get_running_loop()
                threading.Thread(target=give_up).start()
                await work
        except TimeoutError as error:
            return error
        raise AssertionError

    return asyncio.run(main())


def interrupted(run: Callable[[], object], stage: Stage) -> BaseException:
    """Press Ctrl-C."""
    main = threading.main_thread().ident
    assert main is not None

    def press() -> None:
        stage.reached()
        signal.pthread_kill(main, signal.SIGINT)

    pressing = threading.Thread(target=press)
    pressing.start()
    try:
        with pytest.raises(KeyboardInterrupt) as caught:
            run()
    finally:
        pressing.join()
    return caught.value


def in_asyncio_run(work: Awaitable[object], stage: Stage) -> BaseException:
    async def main() -> None:
        await work

    return interrupted(lambda: asyncio.run(main()), stage)


def in_a_bare_loop(work: Awaitable[object], stage: Stage) -> BaseException:
    """As IPython's terminal runs a cell: the interrupt is raised wherever Python is just then."""
    running = asyncio.new_event_loop()
    try:
        return interrupted(lambda: running.run_until_complete(work), stage)
    finally:
        for task in asyncio.all_tasks(running):
            task.cancel()
            running.run_until_complete(asyncio.gather(task, return_exceptions=True))
        running.close()


How = Callable[[Awaitable[object], Stage], BaseException]
BOTH = [
    ("agent.stream", cancelled),
    ("agent.stream", timed_out),
    ("agent.stream", in_asyncio_run),
    ("agent.stream", in_a_bare_loop),
    ("orchestration.stream", cancelled),
    ("workflow.stream", in_asyncio_run),
]


@pytest.mark.parametrize(("ask", "how"), BOTH)
def test_no_interrupt_of_a_stream_finds_the_key(
    world: World, stage: Stage, ask: str, how: How
) -> None:
    agent = world.agent(stage.url)
    check(how(ASKED[ask](agent, stage), stage))
    until(lambda: not agent._client._open_runs._count, "that the connection is let go of")


@pytest.mark.parametrize(("ask", "how"), [("stored_run", cancelled), ("client.post", timed_out)])
@pytest.mark.parametrize("stage", STAGES, indirect=True)
def test_no_interrupt_of_a_request_finds_the_key(
    world: World, stage: Stage, ask: str, how: How
) -> None:
    check(how(ASKED[ask](world.agent(stage.url), stage), stage))


@pytest.mark.parametrize("what", ["list", "look up"])
@pytest.mark.parametrize("stage", STAGES, indirect=True)
def test_no_interrupt_of_a_call_that_blocks_finds_the_key(
    world: World, stage: Stage, what: str
) -> None:
    pb = world.connect(stage.url)
    calls: dict[str, Callable[[], object]] = {
        "list": pb.agents,
        "look up": lambda: pb.get_run("run_1"),
    }
    check(interrupted(calls[what], stage))


def test_a_reader_that_is_left_behind_closes_its_stream(world: World) -> None:
    stage = Stage(world, "the middle")
    agent = world.agent(stage.url)
    running = asyncio.new_event_loop()
    events = agent.stream("hi")
    running.run_until_complete(anext(events))
    running.close()
    del events
    stage.close()


def test_a_stream_never_works_ahead_of_its_reader(world: World) -> None:
    """A reader that takes its time holds the server back, and nothing piles up here."""
    big = {"event": "content_delta", "delta": "x" * 60_000}
    count = 400  # more than the sockets between them hold

    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, *[big] * count, DONE)

    async def main() -> int:
        read = 0
        async for _ in agent.stream("hi"):
            read += 1
            if read == 2:
                told = len(server.told)
                await asyncio.sleep(0.05)
                assert len(server.told) in (told, count + 2) or len(server.told) < count
        return read

    server = world.serve(script)
    agent = Agent(world.connect(server.url)._client, AgentInfo(id="a-1", name="A"), None)
    assert asyncio.run(main()) == count + 2
