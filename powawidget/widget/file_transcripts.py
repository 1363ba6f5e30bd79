"""The transcripts that a notebook's file holds beside the view of a run or a chat."""

from powawidget import transcript
from powawidget.protocol.events import Interrupted
from powawidget.settings import file_share
from powawidget.state.about import About
from powawidget.state.model import ENDED, ChatState, RunState, plain, typed
from powawidget.state.ops import apply
from powawidget.state.reduce import reduce
from powawidget.transcript.texts import Redact

_UNDER_WAY = Interrupted(
    title="The run was under way when this was saved",
    message="What came of it later isn't in this file.",
    hint="pb.get_run(run_id) brings it back from the server.",
)


def transcripts(
    state: RunState | ChatState, mark: str, redact: Redact | None, about: About
) -> dict[str, str]:
    """Write the transcripts of a run or a chat, by media type.

    Args:
        state: The run or the chat.
        mark: By which the view finds the transcript.
        redact: Takes the key out of a text, where there is one.
        about: Where and with what it ran.

    Returns:
        HTML, markdown and a line of text, which keep to `powawidget.options.file_limit`.
    """
    state = _as_if_over(state)
    html = transcript.to_html(state, about, mark=mark, limit=file_share(41), redact=redact)
    markdown = transcript.to_markdown(state, about, limit=file_share(25), redact=redact)
    line = f"Transcript of {state.kind} {state.name}"
    return {"text/html": html, "text/markdown": markdown, "text/plain": line}


def _as_if_over(state: RunState | ChatState) -> RunState | ChatState:
    """Write what is under way as interrupted: where the kernel dies, the file keeps saying this."""
    runs = state.turns if isinstance(state, ChatState) else [state]
    if all(run.status in ENDED for run in runs):
        return state
    over: RunState | ChatState = typed(plain(state), type(state))
    for run in over.turns if isinstance(over, ChatState) else [over]:
        if run.status not in ENDED:
            apply(run, reduce(run, _UNDER_WAY, run.started or 0.0))
    return over
