"""The transcripts that a notebook's file holds beside the view of a run or a chat."""

import time
from dataclasses import replace

from powawidget import transcript
from powawidget.settings import file_share
from powawidget.state.about import About
from powawidget.state.model import ChatState, RunState
from powawidget.transcript.texts import Redact


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
    # Where the kernel dies, the file keeps what is written of a run that goes on.
    about = replace(about, written=time.time())
    html = transcript.to_html(state, about, mark=mark, limit=file_share(41), redact=redact)
    markdown = transcript.to_markdown(state, about, limit=file_share(25), redact=redact)
    line = f"Transcript of {state.kind} {state.name}"
    return {"text/html": html, "text/markdown": markdown, "text/plain": line}
