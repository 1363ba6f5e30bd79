"""What a cell that shows very many runs says: JupyterLab shows a cell's first 50 outputs only."""

from typing import Any

from powawidget.kernel import host, output_widgets

_MOST = 50  # outputs that JupyterLab shows; the others stand behind "Show more outputs"
_EACH = 2  # a run's view and its transcript
_FITS = _MOST // _EACH

_execution: str | None = None
_count = 0


def note_view() -> None:
    """Count one more view of the running cell; to be called before it is displayed."""
    global _execution, _count  # noqa: PLW0603  # the cell that runs is the process's
    execution = host.cell()[1]
    is_own = host.is_in_cell() and host.has_front_end() and output_widgets.capturing() is None
    if execution is None or not is_own:
        return
    if execution != _execution:
        _execution, _count = execution, 0
    _count += 1
    if _count >= _FITS:
        # Empty until there are too many: what comes after the first 50 outputs isn't seen.
        _display(_said(_count) if _count > _FITS else "", f"powawidget-many-{execution}")


def _display(text: str, display_id: str) -> None:
    from IPython.display import display  # noqa: PLC0415  # there is a kernel

    data: dict[str, Any] = {"text/plain": text}
    display(data, raw=True, display_id=display_id, update=text != "")  # type: ignore[no-untyped-call]  # IPython has no types


def _said(count: int) -> str:
    return (
        f"{count} runs in one cell: JupyterLab shows a cell's first {_MOST} outputs, and each run "
        'has two. The others stand behind "Show more outputs"; as one output they are all shown: '
        "ipywidgets.VBox([each.widget for each in runs])."
    )
