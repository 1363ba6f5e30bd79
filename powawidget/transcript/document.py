"""A run, or a chat, as the nodes of a transcript."""

from powawidget.state import values
from powawidget.state.about import About
from powawidget.state.model import ENDED, ChatState, RunState
from powawidget.transcript import approvals, blocks, exact_json, layout, timing, words
from powawidget.transcript.context import Context
from powawidget.transcript.nodes import Box, Heading, Line, Node, Series, Span, Spans, Title
from powawidget.transcript.parts import Parts
from powawidget.transcript.summary import one_line

_STRATEGIES = {"supervisor", "sequential", "parallel"}
_COUNTS = (("prompt_tokens", "in"), ("completion_tokens", "out"))


def run_nodes(state: RunState, about: About) -> tuple[list[Node], list[int]]:
    """Turn a run into nodes.

    Returns:
        The nodes, and the length of each text in them, in characters.
    """
    variable = about.variable or "run"
    context = Context(about, variable, f'{variable}.save("run.json")')
    nodes: list[Node] = [
        Title((*_headed(state, f" {_ended(state)}"), Span(" · "), *_who(state))),
        *_facts(context, state),
        *_body(context, state),
    ]
    return nodes, context.lengths


def chat_nodes(state: ChatState, about: About) -> tuple[list[Node], list[int]]:
    """Turn a chat into nodes, turn by turn, in reading order.

    Returns:
        The nodes, and the length of each text in them, in characters.
    """
    lengths: list[int] = []
    variable = about.variable or "chat"
    saved = f'{variable}.save("chat.json")'
    known = [index for index in state.order if 0 <= index < len(state.turns)]
    order = known or list(range(len(state.turns)))
    turns = []
    for number, index in enumerate(order):
        context = Context(about, f"{variable}.runs[{number}]", saved)
        turns.append(tuple(_turn(context, state, index, number)))
        lengths += context.lengths
    facts = _plain(words.plural(len(order), "turn")) + _named("session", state.session_id)
    facts += _where(about)
    nodes: list[Node] = [
        Title((Span("Chat", "strong"), Span(f" with {state.kind} "), _name(state.name))),
        _joined(facts),
        *([layout.line(left)] if (left := _left_out(state)) else []),
        Series(tuple(turns), f"{variable}.runs", "turn"),
    ]
    return nodes, lengths


def _left_out(state: ChatState) -> str:
    earlier, missing = state.earlier, state.missing
    shown = [f"Not brought in: {words.plural(earlier, 'earlier turn')}."] if earlier > 0 else []
    shown += (
        [f"Not in the server's history: {words.plural(missing, 'run')}."] if missing > 0 else []
    )
    return " ".join(shown)


def _turn(context: Context, state: ChatState, index: int, number: int) -> list[Node]:
    turn = state.turns[index]
    again = (Span(", sent again later", "dim"),) if index in state.retried else ()
    head = Heading(
        (
            *_headed(turn, f" {words.TURN} {number + 1}: {_ended(turn)}"),
            *again,
        ),
        level=1,
    )
    return [head, *_facts(context, turn, alone=False), *_body(context, turn)]


def _body(context: Context, state: RunState) -> list[Node]:
    parts = Parts(context, state)
    nodes: list[Node] = []
    if state.status not in ENDED:
        stood = words.as_of(context.about.written, context.about.zone, state.status)
        nodes.append(layout.line(Span(stood, "strong"), words.BROUGHT_BACK if state.run_id else ""))
    if state.restored:
        nodes.append(layout.line(words.RESTORED))
    if state.message.strip():
        nodes += _asked(context, state)
    nodes += parts.thoughts()
    nodes.append(parts.series())
    nodes += blocks.nodes(context, state)
    nodes += _error(context, state)
    is_answer = state.status == "completed" and state.kind != "workflow" and state.edited is None
    if is_answer and not values.text_of(state).strip():
        nodes.append(layout.line(words.EMPTY_ANSWER))
    if state.edited is not None:
        shown = words.BLOCKED if state.edited == "blocked" else words.MODIFIED
        nodes.append(layout.line(Span(shown, "strong")))
    nodes += approvals.table(context, state)
    nodes += _sources(context, state)
    nodes += timing.nodes(context, state)
    return nodes


def _asked(context: Context, state: RunState) -> list[Node]:
    """What was asked; of a workflow the values by their names."""
    where = context.expression("message")
    name = words.INPUT if state.kind == "workflow" else words.QUESTION
    value = layout.read(context, state.message) if state.kind == "workflow" else None
    if isinstance(value, exact_json.Object) and value:
        return layout.labelled(context, name, state.message, where)
    return [layout.label(name), layout.quote(context, state.message, where)]


def _status(state: RunState) -> str:
    failed = any(block.status == "failed" for block in state.blocks)
    return "mixed" if state.status == "completed" and failed else state.status


def _ended(state: RunState) -> str:
    failed = sum(block.status == "failed" for block in state.blocks)
    shown = words.STATUS[state.status]
    both = f"{shown}, {words.plural(failed, 'block')} failed"
    return both if state.status == "completed" and failed else shown


def _headed(state: RunState, shown: str) -> Spans:
    return (Span(_status(state), "glyph"), Span(shown, "strong"))


def _who(state: RunState) -> Spans:
    return (Span(f"{state.kind} "), _name(state.name))


def _name(name: str) -> Span:
    return Span(one_line(name, 120) or "without a name", "title" if name.strip() else "dim")


def _facts(context: Context, state: RunState, *, alone: bool = True) -> list[Node]:
    """When it ran, how long, with how many tokens; and its ids."""
    about = context.about
    took = None if state.started is None or state.ended is None else state.ended - state.started
    facts = _plain(
        words.clock(state.started, about.zone),
        "" if took is None else f"took {words.duration(took)}",
        _tokens(state.usage),
        f"{state.strategy} strategy" if state.strategy in _STRATEGIES else "",
        words.ORIGIN[state.origin],
    )
    ids = _named("run", state.run_id)
    if alone:
        ids += _named("session", state.session_id) + _where(about)
    return [_joined(some) for some in (facts, ids) if some]


def _where(about: About) -> list[Spans]:
    return _named("model", about.model) + _named("on", about.server)


def _tokens(usage: dict[str, int] | None) -> str:
    total = (usage or {}).get("total_tokens", 0)
    if usage is None or total <= 0:
        return ""
    parts = [f"{usage[name]:,} {word}" for name, word in _COUNTS if usage.get(name, 0) > 0]
    return words.plural(total, "token") + (f" ({', '.join(parts)})" if parts else "")


def _plain(*facts: str) -> list[Spans]:
    return [(Span(fact),) for fact in facts if fact]


def _named(name: str, value: str | None) -> list[Spans]:
    return [(Span(f"{name} "), Span(one_line(value, 100), "code"))] if value else []


def _joined(facts: list[Spans]) -> Line:
    dotted = [span for fact in facts for span in (Span(" · "), *fact)]
    return Line(tuple(dotted[1:]), "facts")


def _error(context: Context, state: RunState) -> list[Node]:
    error = state.error
    if error is None:
        return []
    title = Span(one_line(error.title, 200), "title")
    body: list[Node] = [Heading((Span(state.status, "glyph"), Span(" "), title))]
    if error.message and error.message != error.title:
        where = context.expression("error.message")
        body.append(layout.code(context, error.message, where, bad=True))
    if error.hint:
        body.append(layout.line("Hint: ", Span(one_line(error.hint, 400), "unquoted")))
    if error.code:
        body.append(layout.line("Code ", Span(one_line(error.code), "code")))
    body += layout.details(context, error.details)
    return [Box(tuple(body), bad=state.status == "failed")]


def _sources(context: Context, state: RunState) -> list[Node]:
    if not state.citations:
        return []
    items: list[tuple[Node, ...]] = []
    for citation in state.citations:
        head = layout.line(
            Span(f"[{one_line(citation.key, 40)}]", "unquoted"),
            " ",
            Span(one_line(citation.source, 400), "title"),
        )
        excerpt = citation.excerpt
        quoted = (layout.quote(context, excerpt, context.saved),) if excerpt else ()
        items.append((head, *quoted))
    count = words.plural(len(items), "source")
    return [Heading((Span(count),)), Series(tuple(items), context.saved, "source")]
