"""Streams of the embedded server, kept as fixtures.

`python -m tests.record` runs a few questions and writes `fixtures/local_NAME.sse`, with what each
comes to beside it: look that over before you keep it.
"""

import asyncio
import json
from typing import Literal, NamedTuple

import powawidget
from tests.counterpart import start
from tests.walk import FIXTURES, outcome, replayed


class Question(NamedTuple):
    """What is recorded under which name."""

    name: str
    agent: str
    message: str
    dialect: Literal["seen", "documented"] = "seen"


QUESTIONS = (
    Question("local_writer", "Writer", "Write about the data."),
    Question("local_analyst", "Analyst", "How much did we sell by month?"),
    Question("local_analyst_parallel", "Analyst", "Compare North and South."),
    Question("local_analyst_breaks", "Analyst", "Break it"),
    Question("local_analyst_documented", "Analyst", "How much did we sell by month?", "documented"),
)


async def _read(pb: powawidget.Powabase, agent_id: str, message: str) -> bytes:
    path = f"/api/agents/{agent_id}/run/stream"
    async with pb._client.stream(path, {"message": message}) as chunks:
        return b"".join([chunk async for chunk in chunks])


def main() -> None:
    """Write the files."""
    for question in QUESTIONS:
        server = start(question.dialect, tokens_per_second=600)
        try:
            with powawidget.connect(server.url, api_key=server.key) as pb:
                agent = pb.agent(question.agent)
                data = asyncio.run(_read(pb, agent.id, question.message))
        finally:
            server.stop()
        told = json.dumps(outcome(replayed(data).state), indent=2, ensure_ascii=False)
        (FIXTURES / f"{question.name}.sse").write_bytes(data)
        (FIXTURES / f"{question.name}.expect.json").write_text(told + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
