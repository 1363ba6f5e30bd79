"""What cells of a test's notebook begin with: agents that answer the same in other words."""

SETUP = """\
import pathlib
import powawidget as pw
from tests.counterpart import Agent, Call, Calls, Hook, Pause, Say, Tool, start

GO = pathlib.Path("../go")

def held(turn):
    while "held" in turn.message and not GO.exists():
        yield Pause(0.05)

def careful(turn):
    yield from held(turn)
    yield Calls(Call("database_query", {"sql": "select region, count(*) from orders"}, 0.1))
    yield Say("North has 3.4 times the late orders of South. ")
    yield from held(turn)
    yield Say("**Carrier B** explains most of it.")

def thorough(turn):
    yield from held(turn)
    yield Calls(Call("database_query", {"sql": "select region, count(*) from orders"}, 0.1))
    yield Calls(Call("code_execute", {"code": "late / all"}, 0.2))
    yield Say("North has 3.4 times the late orders of South, and since August. ")
    yield from held(turn)
    yield Say("**Carrier B** explains nearly all of it:\\n\\n| lane | late |\\n| --- | ---: |\\n"
              "| North, B | 22.4% |\\n| North, A | 4.4% |\\n| South | 7.7% |\\n\\n"
              + "Look at the lane. " * 12)

def small(turn):
    yield from held(turn)
    yield Calls(Call("code_execute", {"code": "late / all"}, 0.1))
    yield Say("I could not read the orders.")

def writer(turn):
    yield from held(turn)
    yield Calls(Call("write_rows", {"where": turn.message}, 0.0))
    yield Say("Written.")

tools = tuple(Tool(name, lambda arguments: "rows", read_only=True)
              for name in ("database_query", "code_execute"))
gate = Hook("PreToolUse", matcher="write_rows")
write = Tool("write_rows", lambda arguments: "written", read_only=False)
agents = [Agent("Careful", careful, tools=tools), Agent("Thorough", thorough, tools=tools),
          Agent("Small", small, tools=tools),
          Agent("Writer", writer, tools=(write,), hooks=(gate,))]
server = start(tokens_per_second=60, agents=agents)
pb = pw.connect(server.url, api_key=server.key)
"""
