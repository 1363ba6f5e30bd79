"""What cells of a test's notebook begin with: a server in the kernel, whose rows do as they say."""

SETUP = """\
import pathlib
import msgspec
import powawidget as pw
from tests.counterpart import Agent, Call, Calls, Fail, Hook, Pause, Say, Tool, start

GO = pathlib.Path("../go")

class Ticket(msgspec.Struct):
    category: str
    urgent: bool

def triage(turn):
    text = turn.message.partition("\\n\\nAnswer with JSON")[0]
    if "slow" in text:
        while not GO.exists():
            yield Pause(0.05)
    if "delete" in text:
        yield Calls(Call("delete_account", {"text": text}, 0.0))
    if "purge" in text:
        yield Calls(Call("purge", {"text": text}, 0.0))
    if "fail" in text:
        yield Fail("litellm.RateLimitError: too many requests")
        return
    if "odd" in text:
        yield Say('{"category": "orders"}')
        return
    urgent = "true" if "!" in text else "false"
    yield Say('{"category": "%s", "urgent": %s}' % (text.split()[0].lower(), urgent))

gate = Hook("PreToolUse", matcher="delete_account")
tool = Tool("delete_account", lambda arguments: "deleted", read_only=False)
# Nobody is to decide on these in time.
soon = Hook("PreToolUse", matcher="purge", timeout=2)
purge = Tool("purge", lambda arguments: "purged", read_only=False)
agents = [Agent("Triage", triage), Agent("Keeper", triage, tools=(tool, purge), hooks=(gate, soon))]
server = start(tokens_per_second=5000, agents=agents)
pb = pw.connect(server.url, api_key=server.key)

WORDS = ["Refund for a box that came open", "Cannot log in since Tuesday, tried both browsers",
         "¿Dónde está mi pedido?", "Wrong size, wants exchange", "Invoice shows another name!"]
def tickets(count, more=()):
    rows = [{"id": 1182 + n, "text": WORDS[n % len(WORDS)]} for n in range(count)]
    for at, text in dict(more).items():
        rows[at]["text"] = text
    return rows
"""
