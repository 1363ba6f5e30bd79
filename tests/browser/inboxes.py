"""What cells of a test's notebook begin with: agents that ask before they write or mail."""

SETUP = """\
import powawidget as pw
from tests.counterpart import Agent, Call, Calls, Hook, Say, Tool, start

def operator(turn):
    yield Say("I look at the orders. ")
    yield Calls(Call("database_write", {"sql": turn.message}, 0.0))
    yield Say("Done with the orders.")

def mailer(turn):
    yield Calls(Call("send_email", {"to": turn.message, "subject": "Your parcel"}, 0.0))
    yield Say("Done with the mail.")

def both(turn):
    yield Calls(Call("send_email", {"to": "a@example.org"}, 0.0),
                Call("send_email", {"to": "b@example.org"}, 0.0))
    yield Say("Done with both.")

def longer(turn):
    yield Calls(Call("database_write", {"sql": "select 1 -- " + "x" * 4_000}, 0.0))
    yield Say("Done with the long one.")

done = []
tools = tuple(Tool(name, lambda arguments: done.append(arguments) or "ok", read_only=False)
              for name in ("database_write", "send_email"))
gate = Hook("PreToolUse")
quick = Hook("PreToolUse", timeout=6)
agents = [Agent(name, script, tools=tools, hooks=(hook,)) for name, script, hook in (
    ("Operator", operator, gate), ("Mailer", mailer, gate), ("Both", both, gate),
    ("Longer", longer, gate), ("Quick", operator, quick))]
server = start(tokens_per_second=60, agents=agents)
pb = pw.connect(server.url, api_key=server.key)
WRITE = "update orders set status = 'escalated' where id in (4682, 4739)"
"""
