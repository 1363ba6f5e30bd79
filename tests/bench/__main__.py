"""`make bench`: print every measurement."""

import pathlib

from tests.bench import core, websocket

MODULE = pathlib.Path(__file__).parents[2] / "powawidget" / "static" / "widget.js"


def main() -> None:
    """Measure one thing after the other, printing as it goes."""
    size = MODULE.stat().st_size
    print(f"the front end's module: {size:,} bytes minified (goal: under 120,000)", flush=True)
    for part in (core, websocket):
        for line in part.measure():
            print(line, flush=True)


if __name__ == "__main__":
    main()
