"""The expressions of condition blocks: comparisons of what other blocks gave."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from powawidget.local.workflows.references import REFERENCE, look_up

if TYPE_CHECKING:
    import re

    from powawidget.local.workflows.graph import Outputs

_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda one, other: one in other,
    ast.NotIn: lambda one, other: one not in other,
}
_CALCULATE: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def decide(branches: list[dict[str, Any]], outputs: Outputs) -> dict[str, Any]:
    """Decide which branch of a condition block is taken.

    Args:
        branches: Each with its `expression`, in the order in which they are tried.
        outputs: What the blocks before gave.

    Returns:
        The block's data: the route is "if" for the first branch, "elif_1" and so on for the
        others, "else" where none holds. An expression that fails doesn't hold.
    """
    tried = []
    for number, branch in enumerate(branches):
        route = f"elif_{number}" if number else "if"
        tried.append({"branch": route} | _try(str(branch.get("expression", "True")), outputs))
        if tried[-1].get("result"):
            return {"output": True, "result": route, "route": route, "_debug": tried}
    return {"output": False, "result": "else", "route": "else", "_debug": tried}


def _try(raw: str, outputs: Outputs) -> dict[str, Any]:
    variables: dict[str, Any] = {}

    def name(match: re.Match[str]) -> str:
        try:
            value = look_up(match[1], outputs)
        except KeyError:
            return match[0]
        variables[f"_ref_{len(variables)}"] = value
        return f"_ref_{len(variables) - 1}"

    resolved = REFERENCE.sub(name, raw)
    tried = {"raw": raw, "resolved": resolved, "variables": variables}
    try:
        return tried | {"result": bool(evaluate(resolved, variables))}
    except Exception as error:  # noqa: BLE001  # whatever goes wrong, the branch isn't taken
        return tried | {"error": str(error)}


def evaluate(text: str, variables: Mapping[str, Any]) -> Any:
    """Compute an expression.

    Args:
        text: Names, numbers, texts, comparisons, and, or, not and the four operations.
        variables: What the names stand for.

    Raises:
        ValueError: It holds anything else, or a name that stands for nothing.
        SyntaxError: It is no expression.
    """
    return _value(ast.parse(text, mode="eval").body, variables)


def _value(node: ast.expr, variables: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant():
            return node.value
        case ast.Name() if node.id in variables:
            return variables[node.id]
        case ast.Name():
            raise ValueError(f"name '{node.id}' is not defined")
        case ast.BoolOp():
            holds = all if isinstance(node.op, ast.And) else any
            return holds(_value(inner, variables) for inner in node.values)
        case ast.UnaryOp(op=ast.Not()):
            return not _value(node.operand, variables)
        case ast.UnaryOp(op=ast.USub()):
            return -_value(node.operand, variables)
        case ast.BinOp() if type(node.op) in _CALCULATE:
            left, right = _value(node.left, variables), _value(node.right, variables)
            return _CALCULATE[type(node.op)](left, right)
        case ast.Compare():
            values = [_value(inner, variables) for inner in (node.left, *node.comparators)]
            return all(
                _COMPARE[type(op)](values[at], values[at + 1])
                for at, op in enumerate(node.ops)
                if type(op) in _COMPARE or _unknown(op)
            )
        case _:
            return _unknown(node)


def _unknown(node: ast.AST) -> Any:
    raise ValueError(f"{type(node).__name__} is not allowed in a condition")
