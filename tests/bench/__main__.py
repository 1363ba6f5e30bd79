"""`make bench`: print every measurement."""

import pathlib
import sys

from tests.bench import (
    batches,
    board,
    clicks,
    core,
    drawing,
    endings,
    following,
    growth,
    many,
    memory,
    rendering,
    wire,
)

STATIC = pathlib.Path(__file__).parents[2] / "powawidget" / "static"


def main() -> None:
    """Measure one thing after the other, printing as it goes."""
    for line in sizes():
        say(line)
    for part in (core, growth, memory, clicks):
        for line in part.measure():
            say(line)
    for part_lines in (
        batches.lines,
        wire.lines,
        following.lines,
        endings.lines,
        drawing.lines,
        rendering.lines,
        many.lines,
        board.lines,
    ):
        for line in part_lines():
            say(line)


def sizes() -> list[str]:
    """What the front end weighs: a loader for each widget, the rest once for each page."""
    core = (STATIC / "widget.js").read_bytes()
    text = (STATIC / "core.b91").read_text()
    sent, packed = len(text), len(text.split("\n")[1]) * 13 // 16
    loader = (STATIC / "loader.js").stat().st_size
    modules = sorted((STATIC / "modules").glob("*.b91"))
    told = ", ".join(f"{path.stem} {path.stat().st_size // 1000} kB" for path in modules)
    return [
        f"the front end's core: {len(core):,} bytes minified, {packed:,} compressed (goal: at "
        f"most 60,000), {sent:,} as text, as it is sent once a page (goal: at most 80,000)",
        f"  the loader, as it is sent with each widget: {loader:,} bytes (goal: under 2,500)",
        f"  modules as they are sent, once a page when first needed: {told}",
    ]


def say(line: str) -> None:
    """Print a line now: the next measurement takes a while."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
