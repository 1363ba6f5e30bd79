"""`make bench`: print every measurement."""

import gzip
import pathlib
import re
import sys
from base64 import b64decode

from tests.bench import clicks, core, drawing, growth, memory, rendering

STATIC = pathlib.Path(__file__).parents[2] / "powawidget" / "static"


def main() -> None:
    """Measure one thing after the other, printing as it goes."""
    for line in sizes():
        say(line)
    for part in (core, growth, memory, clicks):
        for line in part.measure():
            say(line)
    for part_lines in (drawing.lines, rendering.lines):
        for line in part_lines():
            say(line)


def sizes() -> list[str]:
    """What the front end weighs: the core once for each widget, a module once for each page."""
    sent = (STATIC / "widget.js").read_text()
    packed = re.search(r'atob\("([^"]+)"\)', sent)
    assert packed is not None
    core_bytes = len(gzip.decompress(b64decode(packed[1])))
    modules = sorted((STATIC / "modules").glob("*.js.gz"))
    told = ", ".join(
        f"{path.name.removesuffix('.js.gz')} {path.stat().st_size * 4 // 3 // 1000} kB"
        for path in modules
    )
    return [
        f"the front end's core: {core_bytes:,} bytes minified (goal: under 127,000); "
        f"{len(sent):,} bytes packed, as it is sent with each widget (goal: under 75,000)",
        f"  modules as they are sent, once a page when first needed: {told}",
    ]


def say(line: str) -> None:
    """Print a line now: the next measurement takes a while."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
