"""A model's formulas in markdown, for what reads them between dollars.

Quarto, MyST, pandoc, GitHub and Jupyter do. Only what is known to draw letters and signs is written
so: a formula may also link, load, colour, move or hide things, and a reader that knows none would
take it for markup. Every other formula stands in code. A frame is drawn around signs only: around a
word it would look like a button (`js/src/modules/maths/typeset.ts` has that rule too).
"""

import re

from powawidget.transcript import formulas

_COMMANDS = frozenset(
    [
        "Alpha",
        "Beta",
        "Gamma",
        "Delta",
        "Epsilon",
        "Zeta",
        "Eta",
        "Theta",
        "Iota",
        "Kappa",
        "Lambda",
        "Mu",
        "Nu",
        "Xi",
        "Pi",
        "Rho",
        "Sigma",
        "Tau",
        "Upsilon",
        "Phi",
        "Chi",
        "Psi",
        "Omega",
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "varepsilon",
        "zeta",
        "eta",
        "theta",
        "vartheta",
        "iota",
        "kappa",
        "varkappa",
        "lambda",
        "mu",
        "nu",
        "xi",
        "pi",
        "varpi",
        "rho",
        "varrho",
        "sigma",
        "varsigma",
        "tau",
        "upsilon",
        "phi",
        "varphi",
        "chi",
        "psi",
        "omega",
        "aleph",
        "beth",
        "hbar",
        "ell",
        "imath",
        "jmath",
        "Re",
        "Im",
        "wp",
        "partial",
        "nabla",
        "infty",
        "emptyset",
        "varnothing",
        "frac",
        "dfrac",
        "tfrac",
        "cfrac",
        "binom",
        "dbinom",
        "tbinom",
        "sqrt",
        "sum",
        "prod",
        "coprod",
        "int",
        "iint",
        "iiint",
        "oint",
        "bigcup",
        "bigcap",
        "bigvee",
        "bigwedge",
        "bigoplus",
        "bigotimes",
        "bigsqcup",
        "biguplus",
        "lim",
        "limsup",
        "liminf",
        "max",
        "min",
        "sup",
        "inf",
        "sin",
        "cos",
        "tan",
        "cot",
        "sec",
        "csc",
        "arcsin",
        "arccos",
        "arctan",
        "sinh",
        "cosh",
        "tanh",
        "coth",
        "log",
        "ln",
        "lg",
        "exp",
        "det",
        "dim",
        "ker",
        "deg",
        "gcd",
        "hom",
        "arg",
        "Pr",
        "mod",
        "bmod",
        "pmod",
        "operatorname",
        "limits",
        "nolimits",
        "le",
        "leq",
        "leqslant",
        "ge",
        "geq",
        "geqslant",
        "ne",
        "neq",
        "equiv",
        "approx",
        "approxeq",
        "sim",
        "simeq",
        "cong",
        "propto",
        "ll",
        "gg",
        "prec",
        "succ",
        "preceq",
        "succeq",
        "subset",
        "supset",
        "subseteq",
        "supseteq",
        "subsetneq",
        "supsetneq",
        "in",
        "notin",
        "ni",
        "mid",
        "nmid",
        "parallel",
        "perp",
        "models",
        "vdash",
        "dashv",
        "asymp",
        "doteq",
        "triangleq",
        "lt",
        "gt",
        "pm",
        "mp",
        "times",
        "div",
        "cdot",
        "cdotp",
        "ast",
        "star",
        "circ",
        "bullet",
        "oplus",
        "ominus",
        "otimes",
        "oslash",
        "odot",
        "dagger",
        "ddagger",
        "cup",
        "cap",
        "setminus",
        "smallsetminus",
        "uplus",
        "sqcup",
        "sqcap",
        "wedge",
        "vee",
        "land",
        "lor",
        "lnot",
        "neg",
        "forall",
        "exists",
        "nexists",
        "top",
        "bot",
        "angle",
        "triangle",
        "square",
        "blacksquare",
        "diamond",
        "therefore",
        "because",
        "to",
        "gets",
        "rightarrow",
        "leftarrow",
        "leftrightarrow",
        "Rightarrow",
        "Leftarrow",
        "Leftrightarrow",
        "longrightarrow",
        "longleftarrow",
        "longleftrightarrow",
        "Longrightarrow",
        "Longleftarrow",
        "Longleftrightarrow",
        "mapsto",
        "longmapsto",
        "hookrightarrow",
        "hookleftarrow",
        "uparrow",
        "downarrow",
        "updownarrow",
        "Uparrow",
        "Downarrow",
        "nearrow",
        "searrow",
        "swarrow",
        "nwarrow",
        "implies",
        "impliedby",
        "iff",
        "rightharpoonup",
        "rightleftharpoons",
        "xrightarrow",
        "xleftarrow",
        "dots",
        "ldots",
        "cdots",
        "vdots",
        "ddots",
        "quad",
        "qquad",
        "colon",
        "prime",
        "degree",
        "hat",
        "widehat",
        "bar",
        "overline",
        "underline",
        "tilde",
        "widetilde",
        "vec",
        "overrightarrow",
        "overleftarrow",
        "dot",
        "ddot",
        "acute",
        "grave",
        "breve",
        "check",
        "overbrace",
        "underbrace",
        "overset",
        "underset",
        "stackrel",
        "substack",
        "boxed",
        "left",
        "right",
        "middle",
        "big",
        "Big",
        "bigg",
        "Bigg",
        "bigl",
        "bigr",
        "Bigl",
        "Bigr",
        "biggl",
        "biggr",
        "Biggl",
        "Biggr",
        "langle",
        "rangle",
        "lfloor",
        "rfloor",
        "lceil",
        "rceil",
        "lvert",
        "rvert",
        "lVert",
        "rVert",
        "vert",
        "Vert",
        "lbrace",
        "rbrace",
        "lbrack",
        "rbrack",
        "backslash",
        "text",
        "textbf",
        "textit",
        "textrm",
        "mathrm",
        "mathbf",
        "mathit",
        "mathsf",
        "mathtt",
        "mathcal",
        "mathbb",
        "mathfrak",
        "mathscr",
        "boldsymbol",
        "bm",
        "pmb",
        "rm",
        "bf",
        "it",
        "displaystyle",
        "textstyle",
        "begin",
        "end",
    ]
)
_ENVIRONMENTS = frozenset(
    [
        "aligned",
        "alignedat",
        "gathered",
        "split",
        "cases",
        "matrix",
        "pmatrix",
        "bmatrix",
        "Bmatrix",
        "vmatrix",
        "Vmatrix",
        "smallmatrix",
        "array",
    ]
)
# Those of LaTeX's own lines can't stand between dollars.
_IN_LINES = {"align": "aligned", "gather": "gathered", "multline": "gathered", "equation": ""}
_OWN = re.compile(r"\\(begin|end)\{(align|gather|multline|equation)\*?\}")
_LONGEST = 2_000
_BOXED = re.compile(r"\\boxed(?![A-Za-z])\s*")
_COMMAND = re.compile(r"\\([A-Za-z]+|.)", re.DOTALL)
_SIGNS = frozenset(",;:!>\\{}|%&_ ")
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\s*\{([^}]*)\}")
# What no formula needs, and what a reader that knows no formulas would take for a link.
_FOREIGN = re.compile(r"[\x00-\x1f\x7f$`\"#@⟦⟧]|(?<!\\)%|\\\\\s*[*(\[)\]]|//|www\.", re.IGNORECASE)
# What an environment is told may move or repeat its columns without end.
_TOLD = re.compile(
    r"\\begin\s*\{(?:(array)|(alignedat)|(?!array|alignedat)\w+)\}\s*"
    r"(?(1)\{[lcr| ]{1,40}\}|(?(2)\{\d\}|(?!\[)))"
)
# A few of these close a gap; more would draw a formula over what stands before it.
_MOST_BACK = 8
# What changes only how letters look, or the room between them.
_LOOKS = re.compile(
    r"(?:text|math)[a-z]*|operatorname|boldsymbol|bm|pmb|rm|bf|it|q?quad|displaystyle|[^A-Za-z]"
)
_BETWEEN = re.compile(r"\\([A-Za-z]+|.)|[{}\s~]")
_WORD = re.compile(r"[^\W\d_]{4}")
# A space apart they are no markup to anybody, and the same formula.
_APART = re.compile(
    r"<(?=\S)|&(?=[A-Za-z#])|\](?=[(\[{:])|!(?=\[)|\^(?=\[)|\[(?=\^)|(?<=[A-Za-z]):(?=\S)"
)


def between_dollars(source: str, *, display: bool, in_table: bool = False) -> str | None:
    """Write a formula between dollars, on one line.

    Args:
        source: The formula with the marks that say that it is one.
        display: Whether it stands in lines of its own.
        in_table: Whether it stands in a cell, which a bar would end.

    Returns:
        Markdown; None where the formula isn't one of those that may be drawn.
    """
    inner = formulas.inside(source)
    inner = _OWN.sub(lambda found: _environment(found[1], _IN_LINES[found[2]]), inner)
    inner = " ".join(inner.split())
    if not inner or len(inner) > _LONGEST or _FOREIGN.search(inner) or inner.endswith("\\"):
        return None
    if in_table and "array" not in inner:
        inner = inner.replace("\\|", "\\Vert ").replace("|", "\\vert ")
    if not (_is_known(inner) and _is_balanced(inner)) or (in_table and "|" in inner):
        return None
    if _has_word(inner):
        if "\\underline" in inner and "\\overline" in inner:
            return None  # the two sides of a frame
        inner = _BOXED.sub("", inner)
    inner = _APART.sub(r"\g<0> ", inner)
    return f"$${inner}$$" if display else f"${inner}$"


def _environment(side: str, name: str) -> str:
    return f"\\{side}{{{name}}}" if name else ""


def _is_known(inner: str) -> bool:
    commands = (found[1] for found in _COMMAND.finditer(inner))
    names = _ENVIRONMENT.findall(inner)
    count = len(re.findall(r"\\(?:begin|end)(?![A-Za-z])", inner))
    return (
        all(name in _COMMANDS or name in _SIGNS for name in commands)
        and len(names) == count
        and len(_TOLD.findall(inner)) == inner.count("\\begin")
        and inner.count("\\!") <= _MOST_BACK
        and all(name in _ENVIRONMENTS for name in names)
    )


def _has_word(inner: str) -> bool:
    """Whether a formula has a word in it, however its letters are written."""
    letters = _BETWEEN.sub(
        lambda found: "0" if found[1] and not _LOOKS.fullmatch(found[1]) else "", inner
    )
    return _WORD.search(letters) is not None


def _is_balanced(inner: str) -> bool:
    depth = 0
    for found in re.finditer(r"\\.|[{}]", inner):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if depth < 0:
            return False
    return depth == 0
