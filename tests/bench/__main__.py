"""`make bench`: print every measurement."""

import pathlib
import sys

from tests.bench import clicks, core, websocket

MODULE = pathlib.Path(__file__).parents[2] / "powawidget" / "static" / "widget.js"


def main() -> None:
    """Measure one thing after the other, printing as it goes."""
    size = MODULE.stat().st_size
    say(f"the front end's module: {size:,} bytes minified (goal: under 120,000)")
    for part in (core, websocket, clicks):
        for line in part.measure():
            say(line)


def say(line: str) -> None:
    """Print a line now: the next measurement takes a while."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
