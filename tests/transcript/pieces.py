"""Pieces of text that renderers of markdown read differently, to be put together in any order."""

PICTURE = "<img src=x onerror=alert(1)>"
PIECES = [
    PICTURE, "<script>alert(1)</script>", "<a href=javascript:x>", "&lt;img src=x&gt;", "<!--",
    "-->", "https://a.example/x", "http://b.example/", "www.c.example/x", "ftp://d.example/",
    "e@f.example", "g.example", "//h.example", "<https://i.example/", "javascript:alert(1)",
    "data:text/html,x", "javascript:", "xmpp:a@b.example/x", "mailto:", "“", "”",
    "$", "$$", "\\begin{a}", "\\end{a}", "\\[", "\\]", "\\(", "\\)", "\\\\[",
    "\\\\]", "\\\\(", "\\\\", "\\", "\\ref{a}", "@@0@@", "@@1@@", "`", "``", "```", "~~~",
    "\n```\n", "\n````\n", "\n~~~\n", "\n```mermaid\n", "\n```{=html}\n", "{=html}",
    "{onclick=alert(1)}", "{.a style=x}", "{raw}", "!", "[", "![", "](https://j.example/y)",
    "](javascript:alert(1))", "[k](https://l.example)", "[k]",
    "[a [b](javascript:x) c](https://n.example)", "[**", "\n[k]: https://m.example\n", "[^1]",
    "\n[^1]: ", "\n", "\n\n", "\n---\n", "\n===\n", "\n***\n", "\n- ", "\n1. ", "\n> ", "\n    ",
    "\n# ", "\n:::", "\n: ", "\n| a | b |\n|---|---|\n| ",
    "\n---\nheader-includes: '<script>alert(1)</script>'\n---\n", "\n<div onclick=alert(1)>\n", "|",
    " ", "a", "5", "*", "**", "_", "~~", "^", "&", "<", "{", "}", "]", "(", ")", "%", "(x)=", ":",
    "=", "\t", '"', "'", "é",
]  # fmt: skip
