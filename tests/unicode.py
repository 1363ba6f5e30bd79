"""powawidget/protocol/unicode.py: what Unicode says of characters, as Python's `re` takes it.

`python -m tests.unicode` writes it anew, by the page's own regular expressions: those of JavaScript
know the properties, and Python's don't. A test of the page holds that it is up to date.
"""

import json
import shutil
import subprocess

from tests.walk import ROOT

TABLE = ROOT / "powawidget" / "protocol" / "unicode.py"
CLASSES = {
    "HIDDEN": (
        "Controls but tab and line feed, what is not to be seen (soft hyphen, fillers, zero\n"
        "# widths, bidirectional controls, joiners, selectors, byte order mark, tags), line\n"
        "# separators, half a pair, annotation marks and hieroglyph controls.",
        r"(?![\t\n])[\p{Cc}\p{DI}\p{Zl}\p{Zp}\p{Cs}\ufff9-\ufffb\u{13430}-\u{1343f}]",
    ),
    "MARK": ("What stands on the character before it.", r"\p{M}"),
    "PICTURE": (
        "What a joiner makes one picture of.",
        r"[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}]",
    ),
    "EMOJI": (
        "What may be a picture or a letter, by its selector.",
        r"(?![0-9#*])[\p{Emoji}\p{Extended_Pictographic}]",
    ),
    "HAN": ("Characters with variants in Japanese and Chinese.", r"\p{sc=Han}"),
}
HEAD = '''"""Classes of characters, for a set of a regular expression: generated, do not edit.

To make it anew: `python -m tests.unicode`.
"""

'''
_SCRIPT = r"""
const found = {};
for (const [name, source] of Object.entries(JSON.parse(process.argv[1]))) {
  const has = new RegExp(`^(?:${source})$`, "u");
  const ranges = (found[name] = []);
  for (let code = 0; code < 0x110000; code++) {
    if (!has.test(String.fromCodePoint(code))) continue;
    if (ranges.at(-1)?.[1] === code - 1) ranges.at(-1)[1] = code;
    else ranges.push([code, code]);
  }
}
console.log(JSON.stringify(found));
"""


def table() -> str:
    """Write the Python of the table."""
    node = shutil.which("node") or "node"
    sources = json.dumps({name: source for name, (_, source) in CLASSES.items()})
    said = subprocess.run([node, "-e", _SCRIPT, sources], check=True, capture_output=True).stdout
    written = [
        f"# {CLASSES[name][0]}\n{name} = (\n{_lines(ranges)})\n"
        for name, ranges in json.loads(said).items()
    ]
    return HEAD + "".join(written)


def _lines(ranges: list[tuple[int, int]]) -> str:
    lines = [""]
    for first, last in ranges:
        some = _escaped(first) if first == last else f"{_escaped(first)}-{_escaped(last)}"
        if len(lines[-1]) + len(some) > 90:  # what fits a line
            lines.append("")
        lines[-1] += some
    return "".join(f'    "{line}"\n' for line in lines)


def _escaped(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # what four digits hold


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
