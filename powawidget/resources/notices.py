"""The line by which a browser is allowed to notify."""

from typing import Any

from powawidget.widget import attention


def notices() -> Any:
    """Show how this browser tells you that a run waits, and let it notify you.

    While runs wait for you, the title of the page says how many: "(2) ". The button lets the
    browser notify you as well, where a run waits or an answer took over a minute, and this page
    isn't in front. A notification says "An agent waits for you" or "An answer is ready", and
    nothing of a run. `powawidget.options.notices` switches both off.

    Works in JupyterLab and Notebook. Programs that show notebooks in frames, such as VS Code and
    Colab, have neither.

    Returns:
        A widget: make it the last value of a cell.

    Example:
        >>> pw.notices()
    """
    return attention.shared()
