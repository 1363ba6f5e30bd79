"""Names and values of others within a sentence of ours."""

from powawidget.transcript.visible import visible

_LONGEST = 60


def shown(name: object) -> str:
    """Write a name or a value in a sentence: quoted, cut, with nothing hidden in it."""
    text = repr(name) if not isinstance(name, str) else f"'{name}'"
    text = visible(" ".join(text.split()))
    return f"{text[:_LONGEST]}…" if len(text) > _LONGEST else text
