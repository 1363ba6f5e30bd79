"""The parts of a run in the order in which they are read, each within the work it belongs to."""

from typing import Any

from powawidget.state.model import (
    ApprovalPart,
    DelegationPart,
    NoticePart,
    ParallelPart,
    Part,
    RunState,
    TextPart,
    Thought,
    ToolPart,
)
from powawidget.state.parts import answer_parts
from powawidget.state.values import own_seconds
from powawidget.transcript import approvals, exact_json, layout, nesting, summary, words
from powawidget.transcript.context import Context
from powawidget.transcript.nodes import Details, Line, Node, Series, Span, Spans
from powawidget.transcript.pictures import picture_of
from powawidget.transcript.summary import one_line
from powawidget.transcript.terminal import settle, settled

_DEEPEST = 8
_LONG_TASK = 60
_RATING = "rating"
_LONG_NOTICE = 300
_PREVIEW = 200
_SHOWN = 0.05  # seconds: of less a call that wasn't done took no time that is worth a word


class Parts:
    """Turns the parts of one run into nodes."""

    def __init__(self, context: Context, state: RunState) -> None:
        self._context = context
        self._state = state
        self._requests = approvals.Requests(context, state)
        self._gates = self._requests.by_call
        self._attached = {index for gates in self._gates.values() for index in gates}
        self._calls = _numbers(state, ToolPart)
        self._parents = nesting.shallow(nesting.parents(state), _DEEPEST)
        self._inside: dict[int | None, list[int]] = {}
        for index, parent in enumerate(self._parents):
            self._inside.setdefault(parent, []).append(index)
        self._delegated = self._delegations()
        self._taken = {call: index for index, call in self._delegated.items()}
        shown = [index for index in answer_parts(state) if self._parents[index] is None]
        self._answer = shown[-1] if shown and state.status == "completed" else None
        self._paths = nesting.expressions(state, context.variable)

    def series(self, parent: int | None = None) -> Series:
        """Write the parts at the top, or within a delegation or a group."""
        hidden = self._attached | self._taken.keys()
        inside = [index for index in self._inside.get(parent, []) if index not in hidden]
        return Series(tuple(tuple(self._part(index)) for index in inside), self._context.saved)

    def thoughts(self, parent: int | None = None) -> list[Node]:
        """Write what the model thought, in details that are closed."""
        reasoning = self._state.reasoning
        known = [thought for thought in reasoning.thoughts if self._parent_of(thought) == parent]
        if not known:
            return []
        seconds = reasoning.seconds if parent is None else 0.0
        shown = words.thought(seconds, len(known))
        items = tuple(tuple(self._thought(thought, len(known) > 1)) for thought in known)
        body = Series(items, self._context.expression("reasoning"), "thought")
        return [Details((Span(shown, "dim"),), (body,), "quiet")]

    def _thought(self, thought: Thought, labelled: bool) -> list[Node]:
        head: list[Node] = [layout.label(f"Step {thought.step}")] if labelled else []
        if not thought.text:
            return [*head, layout.line(words.NO_THOUGHT)]
        where = self._context.expression("reasoning")
        return [*head, layout.prose(self._context, str(thought.text), where, quiet=True)]

    def _parent_of(self, thought: Thought) -> int | None:
        within = thought.within
        known = within is not None and 0 <= within < len(self._state.parts)
        is_work = known and isinstance(self._state.parts[within or 0], DelegationPart)
        return within if is_work else None

    def _part(self, index: int) -> list[Node]:
        part = self._state.parts[index]
        if isinstance(part, TextPart):
            return self._text(index, part)
        if isinstance(part, ToolPart):
            return self._tool(index, part)
        if isinstance(part, ApprovalPart):
            return self._requests.nodes(index)
        if isinstance(part, NoticePart):
            return self._notice(part)
        if isinstance(part, DelegationPart):
            return [self._delegation(index, part)]
        return [self._parallel(index, part)]

    def _notice(self, part: NoticePart) -> list[Node]:
        if part.code == _RATING and not part.text:
            return []  # it can be rated, and isn't yet
        times = (Span(f" {words.times(part.count)}", "dim"),) if part.count > 1 else ()
        shown = part.text or part.code or words.UNREADABLE
        head = Span(one_line(shown, _LONG_NOTICE), "unquoted")
        rest = [layout.quote(self._context, shown, self._context.saved)]
        is_long = len(shown) > _LONG_NOTICE
        line = Line((Span("Note: "), head, *times), "notice")
        return [line, *(rest if is_long else []), *layout.details(self._context, part.details)]

    def _text(self, index: int, part: TextPart) -> list[Node]:
        if not part.text:
            return []
        parent = self._parents[index]
        where = (
            self._context.expression("text") if parent is None else f"{self._paths[parent]}.text"
        )
        shown = layout.prose(self._context, str(part.text), where)
        if index == self._answer:
            return [layout.label(words.ANSWER), shown]
        # Right under the question or the task it would read like more of that.
        is_under = self._inside[parent][0] == index and self._has_quote(parent)
        return [layout.label(words.AGENT), shown] if is_under else [shown]

    def _has_quote(self, parent: int | None) -> bool:
        if parent is None:
            return bool(self._state.message.strip())
        work = self._state.parts[parent]
        return isinstance(work, DelegationPart) and _is_long(work.task)

    def _tool(self, index: int, part: ToolPart) -> list[Node]:
        where = self._context.expression(f"tool_calls[{self._calls[index]}]")
        given = self._arguments(part, where)
        body = (*given, *self._result(part, where))
        seconds = own_seconds(part)
        took = seconds is not None and (seconds >= _SHOWN or part.status == "done")
        chip = summary.main_argument(part.arguments)
        # What became of a request stands below the call: the result would only say it again.
        is_said = any(self._is_refused(gate) for gate in self._gates.get(index, []))
        peek, own = ("", False) if is_said else summary.peek(part, self._value(part))
        name = Span(summary.tool_name(part.name), "name")
        tail = [Span(peek, "quoted" if own else "plain")] if peek else []
        tail += [Span(words.duration(seconds or 0), "dim")] if took else []
        brief = Span(chip, "code") if chip else None
        gates = [node for gate in self._gates.get(index, []) for node in self._requests.nodes(gate)]
        opened = part.status == "failed" and not is_said
        word = words.EXPIRED if part.status == "failed" and is_said else None
        headline = _headline(part.status, part.status, name, word=word)
        return [Details(headline, body, "card", opened, brief, tuple(tail)), *gates]

    def _is_refused(self, gate: int) -> bool:
        request = self._state.parts[gate]
        return isinstance(request, ApprovalPart) and request.decision in {"denied", "expired"}

    def _arguments(self, part: ToolPart, where: str) -> list[Node]:
        if part.asked is None:
            return _given(self._context, words.ARGUMENTS, part.arguments, f"{where}.arguments")
        return [
            layout.line(Span(words.HOOK_CHANGED, "strong")),
            *_given(self._context, words.ASKED, part.asked, f"{where}.asked"),
            *_given(self._context, words.RAN_WITH, part.arguments, f"{where}.arguments"),
        ]

    def _result(self, part: ToolPart, where: str) -> list[Node]:
        result = part.result
        if result is None:
            return [layout.line(words.NO_RESULT)]
        if result == "":
            return [layout.line(words.EMPTY_RESULT)]
        bad = part.status in {"failed", "denied"}
        whole = f"{where}.{'result' if part.full else 'preview'}"
        if (picture := picture_of(result)) is not None:
            return [layout.label(words.RESULT), layout.image(self._context, picture, whole)]
        name = words.ERROR if bad else words.RESULT
        if _is_preview(part):
            name = words.preview(len(result), part.size)
        value = self._value(part)
        if value is not exact_json.NO_JSON and (part.json or not exact_json.is_text(value)):
            shown = layout.laid_out(self._context, settle(value), whole)
            return [layout.label(layout.sized(name, value)), *shown]
        return [layout.label(name), layout.code(self._context, settled(result), whole, bad=bad)]

    def _value(self, part: ToolPart) -> Any:
        """A result read as JSON, where it looks like it."""
        result = part.result or ""
        if result.lstrip()[:1] not in {"{", "[", '"'}:
            return exact_json.NO_JSON
        return layout.read(self._context, result)

    def _delegation(self, index: int, part: DelegationPart) -> Details:
        call = self._delegated.get(index)
        made = None if call is None else self._state.parts[call]
        inside = self.series(index)
        body: list[Node] = []
        if _is_long(part.task):
            body += [
                layout.label(words.TASK),
                layout.quote(self._context, part.task, f"{self._paths[index]}.task"),
            ]
        if isinstance(made, ToolPart) and call is not None:
            where = self._context.expression(f"tool_calls[{self._calls[call]}]")
            body.append(
                layout.line(Span("Called as ", "dim"), Span(summary.tool_name(made.name), "name"))
            )
            if not _is_only(part.task, made):
                body += self._arguments(made, where)
        body += [*self.thoughts(index), inside]
        if isinstance(made, ToolPart) and call is not None and not self._is_repeated(made, index):
            body += self._result(made, self._context.expression(f"tool_calls[{self._calls[call]}]"))
        for gate in [] if call is None else self._gates.get(call, []):
            body += self._requests.nodes(gate)
        brief = Span(one_line(part.task), "unquoted") if part.task.strip() else None
        answer = (Span(f" {words.ANSWER}", "strong"),) if self._state.answer == index else ()
        head = _headline("delegation", part.status, Span(self._agent(part), "title"))
        tail = self._pace(index, part)
        return Details((*head, *answer), tuple(body), "nest", True, brief, tail)

    def _parallel(self, index: int, part: ParallelPart) -> Details:
        known = any(isinstance(each, DelegationPart) for each in self._parts_in(index))
        names = one_line(", ".join(part.agents), 400)
        count = words.plural(part.count or 0, "agent")
        who = Span(names, "title") if names else Span(count)
        headline = _headline("parallel", part.status, Span("In parallel: "), who)
        note: list[Node] = [] if known else [layout.line(words.MIXED)]
        body = (*note, *self.thoughts(index), self.series(index))
        return Details(headline, body, "nest", open=True, tail=self._pace(index, part))

    def _agent(self, part: DelegationPart) -> str:
        return one_line(part.agent) or words.UNKNOWN_AGENT

    def _pace(self, index: int, part: DelegationPart | ParallelPart) -> Spans:
        facts = []
        steps = (part.steps or part.step) if isinstance(part, DelegationPart) else 0
        if steps:
            facts.append(words.plural(steps, "step"))
        calls = sum(
            isinstance(self._state.parts[inner], ToolPart) and inner not in self._taken
            for inner in self._inside.get(index, [])
        )
        if calls:
            facts.append(words.plural(calls, "tool call"))
        if isinstance(part, ParallelPart) and part.characters:
            facts.append(words.plural(part.characters, "character"))
        total = None if isinstance(part, ParallelPart) else (part.usage or {}).get("total_tokens")
        if total:
            facts.append(words.plural(total, "token"))
        if part.seconds is not None:
            facts.append(words.duration(part.seconds))
        return (Span(", ".join(facts), "dim"),) if facts else ()

    def _is_repeated(self, call: ToolPart, index: int) -> bool:
        """Whether a call's result only repeats the text that is shown of the agent."""
        shown = "".join(str(p.text) for p in self._parts_in(index) if isinstance(p, TextPart))
        return call.result is None or call.result.strip() in shown

    def _parts_in(self, parent: int) -> list[Part]:
        return [self._state.parts[index] for index in self._inside.get(parent, [])]

    def _delegations(self) -> dict[int, int]:
        """The supervisor's call that each delegation stands for; the first to claim one has it."""
        found: dict[int, int] = {}
        claimed: set[int] = set()
        for index, part in enumerate(self._state.parts):
            call = part.call if isinstance(part, DelegationPart) else None
            if call is None or call in claimed or not 0 <= call < len(self._state.parts):
                continue
            is_call = isinstance(self._state.parts[call], ToolPart)
            if is_call and self._parents[call] == self._parents[index]:
                found[index] = call
                claimed.add(call)
        return found


def _headline(sign: str, status: str, *name: Span, word: str | None = None) -> Spans:
    """The start of a line: the sign, the name, and the state in words where it isn't the best."""
    if sign in {"delegation", "parallel"} and status not in {"running", "done"}:
        sign = status
    told = () if status == "done" else (Span(f" {word or words.STATUS[status]}", "strong"),)
    return (Span(sign, "glyph"), Span(" "), *name, *told)


def _given(context: Context, name: str, source: str, where: str) -> list[Node]:
    if source.strip() in {"", "{}"}:
        return [layout.line(words.NO_ARGUMENTS)]
    return layout.labelled(context, name, source, where)


def _is_long(task: str) -> bool:
    return len(task) > _LONG_TASK or "\n" in task


def _is_preview(part: ToolPart) -> bool:
    """Whether only the start of a result has come."""
    if part.result is None or part.full:
        return False
    length = len(part.result)
    return length >= _PREVIEW if part.size is None else part.size > length


def _is_only(task: str, call: ToolPart) -> bool:
    """Whether a call asks for the task and nothing else."""
    asked = exact_json.read(call.arguments)
    if not isinstance(asked, exact_json.Object):
        return call.arguments.strip() == ""
    return all(each == task for _, each in asked)


def _numbers(state: RunState, kind: type) -> dict[int, int]:
    places_ = [index for index, part in enumerate(state.parts) if isinstance(part, kind)]
    return {index: number for number, index in enumerate(places_)}
