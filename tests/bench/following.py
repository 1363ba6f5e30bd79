"""What following a stream costs a kernel, against reading it with httpx and `json.loads` alone.

Over real HTTP: the server is a process of its own and writes each token when it is due, in a chunk
of its own, as the service does. Each way of reading is a process of its own as well, and tells how
much of the processor it took.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from tests.bench.answers import stream
from tests.bench.mixed import mixed

SIZE = 200_000
RATE = 2_000
GOAL = 1.3
KEY = "k" * 40

WAYS = {
    "httpx": "httpx and json.loads alone",
    "stream": "agent.stream",
    "run": "a run without a page",
    "page": "a run with a page",
}


def measure() -> list[str]:
    """Read the same answer in every way, one after the other."""
    return list(lines())


def lines(size: int = SIZE, rate: int = RATE) -> Iterator[str]:
    """Measure, and tell each result when it is there."""
    floor = 0.0
    with served(size, rate) as url:
        for way, what in WAYS.items():
            told = json.loads(_process("read", way, url).communicate()[0])
            cpu = told["cpu"]
            floor = floor or cpu
            ratio = f", {cpu / floor:.2f} times httpx alone" if way != "httpx" else ""
            goal = f" (goal: at most {GOAL})" if way in {"run", "page"} else ""
            sent = f", {told['messages']} messages" if told["messages"] else ""
            yield (
                f"{size // 1000} kB of mixed markdown at {rate:,} tokens a second, {what}: "
                f"{cpu:.2f} s of the processor{ratio}{goal}{sent}"
            )


@contextlib.contextmanager
def served(size: int, rate: int) -> Iterator[str]:
    """Serve the answer from a process of its own; give its address."""
    server = _process("serve", str(size), str(rate))
    try:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
    finally:
        server.kill()
        server.communicate()


def _process(*arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.bench.following", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


# The server's process.


async def serve(size: int, rate: int) -> None:
    """Write the port, then answer each POST with the stream and each GET with nothing."""
    frames = [frame + b"\n\n" for frame in stream(mixed(size)).split(b"\n\n")[:-1]]
    chunks = [b"%x\r\n%b\r\n" % (len(frame), frame) for frame in frames]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"POST"):
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
                b"transfer-encoding: chunked\r\n\r\n"
            )
            begin = time.monotonic()
            for number, chunk in enumerate(chunks):
                if (ahead := begin + number / rate - time.monotonic()) > 0:
                    await asyncio.sleep(ahead)
                writer.write(chunk)
            writer.write(b"0\r\n\r\n")
        else:
            writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


# The process of one way of reading.


def read(way: str, url: str) -> None:
    """Read once, and write what it cost."""
    work, messages = _work(way, url)
    begin = time.process_time()
    work()
    cpu = time.process_time() - begin
    sys.stdout.write(json.dumps({"cpu": cpu, "messages": len(messages)}))


def _work(way: str, url: str) -> tuple[Callable[[], object], list[int]]:
    if way == "httpx":
        import httpx  # noqa: PLC0415  # of this process alone

        async def floor() -> None:
            async with (
                httpx.AsyncClient(timeout=None, trust_env=False) as http,
                http.stream("POST", f"{url}/api/agents/a/run/stream", json={}) as response,
            ):
                async for line in response.aiter_lines():
                    if line.startswith("data: "):
                        json.loads(line[6:])

        return lambda: asyncio.run(floor()), []
    import powawidget as pw  # noqa: PLC0415  # of this process alone
    from powawidget.resources.agent import Agent, AgentInfo  # noqa: PLC0415  # likewise

    agent = Agent(pw.connect(url, api_key=KEY)._client, AgentInfo(id="a", name="A"), True)

    async def events() -> None:
        async for _ in agent.stream("hello"):
            pass

    if way == "stream":
        return lambda: asyncio.run(events()), []
    messages = _counted() if way == "page" else []

    def run() -> None:
        started = agent.run("hello")
        if way == "page":
            _ = started.widget
        assert started.wait(display=False).status == "completed"

    return run, messages


def _counted() -> list[int]:
    """Have each message of a widget packed and signed as a kernel does, and counted."""
    import comm  # noqa: PLC0415  # of this process alone
    from jupyter_client.session import Session  # noqa: PLC0415  # likewise

    session, sizes = Session(key=b"a key"), list[int]()

    class Counting(comm.base_comm.BaseComm):  # type: ignore[misc]  # comm has no types
        def publish_msg(
            self, msg_type: str, data: object = None, metadata: object = None, **_: object
        ) -> None:
            content = {"data": data or {}, "comm_id": self.comm_id}
            message = session.msg(msg_type, content=content, metadata=metadata or {})
            sizes.append(sum(map(len, session.serialize(message))))

    comm.create_comm = Counting
    return sizes


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(serve(int(sys.argv[2]), int(sys.argv[3])))
    elif sys.argv[1] == "read":
        read(sys.argv[2], sys.argv[3])
    else:
        for line in lines(int(sys.argv[1])):
            print(line, flush=True)  # noqa: T201  # a program's output
