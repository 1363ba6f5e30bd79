"""The looks of a transcript in HTML.

Only what stands in `style` attributes, but for print: a front end may strip all of it, and none of
it carries what isn't also said in words. Every colour is one that reads on light and on dark, or
the host's own. It is `background-color` rather than `background`: JupyterLab checks each value by a
pattern, and that of the latter takes a page some 40 ms to compile.
"""

_LINE = "rgba(128,128,128,.32)"
_RAISED = "background-color:rgba(128,128,128,.07)"
_MONO = "font-family:ui-monospace,Menlo,Consolas,monospace"
_RULE = f"1px solid {_LINE}"

GREEN, RED, AMBER, BLUE, GREY = "#23924d", "#d9484f", "#b97d14", "#4a84e8", "#808890"

ROOT = (
    "font-size:13px;line-height:1.55;max-width:860px;margin:2px 0;padding:10px 14px 12px;"
    f"border:{_RULE};border-radius:10px;overflow-wrap:anywhere;text-align:start"
)
TITLE = "margin:0 0 1px;font-size:14px;line-height:1.5;font-weight:400"
TURN = f"margin:18px 0 1px;padding-top:10px;border-top:{_RULE};font-size:14px;font-weight:600"
SECTION = "margin:16px 0 6px;font-size:13px;font-weight:600"
LINES = {
    "facts": "margin:0 0 1px;font-size:12px;opacity:.85",
    "note": "margin:5px 0;opacity:.95",
    "notice": f"margin:8px 0;padding-left:10px;border-left:2px solid {_LINE};opacity:.95",
    "label": "margin:9px 0 3px;font-size:12px",
}
PROSE = f"margin:6px 0 9px;padding:0 0 0 12px;border-left:3px solid {_LINE};font-size:14px"
QUIET_PROSE = f"margin:4px 0;padding:0 0 0 12px;border-left:2px solid {_LINE};opacity:.85"
QUOTE = f"margin:3px 0 9px;padding:0 0 0 12px;border-left:3px solid {_LINE};white-space:pre-wrap"
PRE = (
    f"margin:3px 0;padding:7px 10px;border:{_RULE};border-radius:6px;white-space:pre-wrap;"
    f"overflow-wrap:anywhere;font-size:12.5px;line-height:1.5;{_MONO};background-color:transparent;color:inherit"
)
SCROLL = f"overflow-x:auto;border:{_RULE};border-radius:6px;margin:3px 0 6px"
TABLE = (
    "border-collapse:collapse;table-layout:auto;width:100%;margin:0;font-size:12.5px;"
    "font-variant-numeric:tabular-nums"
)
HEAD = f"border-bottom:{_RULE};{_RAISED}"
ROW = f"border-bottom:{_RULE};background-color:transparent"
HEAD_CELL = "text-align:left;padding:4px 10px;font-weight:500;white-space:nowrap"
HEAD_NUMBER = "text-align:right;padding:4px 10px;font-weight:500;white-space:nowrap"
# A column is as wide as its words; what is longer than a line wraps.
_WORDS = "overflow-wrap:break-word;max-width:360px"
CELL = f"text-align:left;padding:4px 10px;vertical-align:top;{_WORDS}"
# Beside a long address it would shrink to its longest word.
LONG_CELL = f"{CELL};min-width:180px"
NUMBER = f"text-align:right;padding:4px 10px;vertical-align:top;{_WORDS}"
IMAGE = "max-width:100%;max-height:420px;background-color:#fff;border-radius:6px"
TIGHT_CELL = "text-align:left;padding:4px 10px;vertical-align:top;white-space:nowrap"
KEY = (
    "text-align:left;padding:2px 14px 2px 0;vertical-align:top;font-weight:400;opacity:.8;"
    f"overflow-wrap:break-word;max-width:240px;{_MONO}"
)
VALUE = f"text-align:left;padding:2px 0;vertical-align:top;{_MONO};white-space:pre-wrap;width:100%"
CARD = f"margin:7px 0;border:{_RULE};border-radius:8px;{_RAISED};page-break-inside:avoid"
CARD_HEAD = "padding:5px 10px;cursor:pointer"
CARD_BODY = f"margin:0;padding:3px 12px 10px;border-top:{_RULE}"
NEST = "margin:9px 0"
NEST_HEAD = "padding:2px 0;cursor:pointer"
NEST_BODY = f"margin:2px 0 0 6px;padding:0 0 0 14px;border-left:2px solid {_LINE}"
QUIET = "margin:3px 0 7px"
QUIET_HEAD = "cursor:pointer"
QUIET_BODY = "margin:0;padding:2px 0 4px 14px"
BOX = f"margin:10px 0;padding:0 12px 9px;border:1px solid {_LINE};border-radius:8px"
BAD_BOX = (
    "margin:10px 0;padding:0 12px 9px;border:1px solid rgba(217,72,79,.5);border-radius:8px;"
    "background-color:rgba(217,72,79,.06)"
)
SUMMARY = (
    "display:inline-flex;flex-wrap:wrap;align-items:baseline;gap:0 9px;width:calc(100% - 20px);"
    "vertical-align:top"
)
BRIEF = "flex:1 1 90px;min-width:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap"
TAIL = "margin-left:auto"
CODE = (
    f"{_MONO};font-size:12px;background-color:transparent;color:inherit;padding:0;opacity:.85;"
    "white-space:inherit"
)
# Sanitisers drop `inherit`.
BRIEF_CODE = (
    f"{_MONO};font-size:12px;background-color:transparent;padding:0;opacity:.85;white-space:nowrap"
)
NAME = (
    f"{_MONO};font-size:12.5px;font-weight:600;background-color:transparent;color:inherit;padding:0;"
    "white-space:inherit"
)
QUOTED = f"{_RAISED};padding:1px 4px;border-radius:4px"
DIM = "opacity:.75;font-weight:400"
BAR = (
    f"{_MONO};background-color:transparent;color:inherit;padding:0;letter-spacing:-.5px;"
    "white-space:nowrap"
)
BARS = {"━": f"color:{BLUE}", "═": f"color:{GREEN}", "╍": f"color:{AMBER}", "┄": f"color:{GREY}"}
BAR_OFF = "opacity:.25"
MORE = f"margin:3px 0 6px;font-size:12px;opacity:.8;{_MONO}"

LINK = "color:inherit;text-decoration:underline"
PROSE_CODE = f"{_MONO};font-size:12.5px;{_RAISED};padding:1px 4px;border-radius:4px;color:inherit"
PROSE_P = "margin:0 0 8px"
PROSE_NOTE = "margin:0 0 4px;font-size:12.5px;opacity:.85"
PROSE_FORMULA = (
    f"margin:0 0 8px;padding:0;border:0;{_MONO};font-size:12.5px;line-height:1.5;"
    "white-space:pre-wrap;background-color:transparent;color:inherit"
)
PROSE_MATHS = f"{_MONO};font-size:12.5px;background-color:transparent;padding:0;color:inherit"
PROSE_MATHS_LINE = f"{PROSE_MATHS};display:block;margin:4px 0;white-space:pre-wrap"
PROSE_KEY = f"{_MONO};font-size:12px;border:{_RULE};border-radius:4px;padding:0 4px;color:inherit"
PROSE_LIST = "margin:0 0 8px;padding-left:24px"
PROSE_QUOTE = f"margin:0 0 8px;padding:0 0 0 12px;border-left:2px solid {_LINE};opacity:.85"
# A box of its own, so that a wide one scrolls.
PROSE_TABLE = (
    "display:block;width:max-content;max-width:100%;overflow-x:auto;border-collapse:collapse;"
    f"border:{_RULE};border-bottom:0;border-radius:6px;margin:0 0 8px;font-size:12.5px;"
    "font-variant-numeric:tabular-nums"
)
PROSE_CELL = f"text-align:{{}};padding:4px 10px;vertical-align:top;border-bottom:{_RULE};{_WORDS}"
PROSE_HEADING = "margin:{}px 0 5px;font-size:{}px;font-weight:600"
PROSE_RULE = f"border:0;border-top:{_RULE};margin:12px 0"

COLORS = {
    "connecting": BLUE,
    "running": BLUE,
    "waiting": AMBER,
    "reconnecting": AMBER,
    "completed": GREEN,
    "done": GREEN,
    "mixed": AMBER,
    "failed": RED,
    "denied": RED,
    "delegation": BLUE,
    "parallel": BLUE,
}
PAGE = "color-scheme:light dark"
PAGE_BODY = (
    "margin:24px auto;padding:0 16px;max-width:892px;font:13px/1.55 system-ui,-apple-system,"
    "'Segoe UI',sans-serif"
)
# No attribute can say it: on paper nobody opens a card or scrolls a table.
PRINT = (
    "@media print{.powawidget-transcript{max-width:none;"
    "details::details-content{content-visibility:visible;block-size:auto}"
    ":is(div,table){overflow:visible!important}"
    "details{page-break-inside:auto!important}}}"
)
