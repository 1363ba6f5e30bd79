"""The graph of a workflow: order, circles, missing variables (docs/protocol.md#graph)."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powawidget.errors import ConfigurationError
from powawidget.protocol.graph import Graph, check, left_out, listed, ordered, read_graph


def graph(names: str, *edges: str, config: dict[str, Any] | None = None) -> Graph:
    """Blocks of one letter, edges such as `a-b` or `a-b?if`; `a` is the starter."""
    blocks = [
        {"id": name, "name": name.upper(), "type": "starter" if name == "a" else "code"}
        | ({"config": config} if name == "a" and config is not None else {})
        for name in names
    ]
    read = read_graph({"blocks": blocks, "edges": [edge(one) for one in edges]})
    assert read is not None
    return read


def edge(text: str) -> dict[str, Any]:
    ends, _, condition = text.partition("?")
    source, _, target = ends.partition("-")
    return {"source": source, "target": target, "condition": condition or None}


def order(read: Graph) -> str:
    return "".join(node.id for node in ordered(read))


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (graph("cba", "a-b", "b-c"), "abc"),
        (graph("dcba", "a-c", "a-b", "b-d", "c-d"), "acbd"),
        (graph("ba"), "ba"),
        (graph(""), ""),
        (graph("abc", "a-b", "b-c", "c-b"), "a"),
        (graph("ab", "a-b", "a-b"), "ab"),
    ],
)
def test_each_block_comes_after_all_that_lead_to_it(read: Graph, expected: str) -> None:
    assert order(read) == expected
    assert [block.id for block in listed(read)] == list(expected)


@given(st.permutations("abcdef"), st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5))))
def test_any_graph_without_a_circle_is_ordered_whole(
    names: list[str], pairs: set[tuple[int, int]]
) -> None:
    edges = [f"{'abcdef'[a]}-{'abcdef'[b]}" for a, b in sorted(pairs) if a < b]
    found = order(graph("".join(names), *edges))
    assert sorted(found) == list("abcdef")
    assert all(found.index(one[0]) < found.index(one[2]) for one in edges)


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"blocks": None}, {"blocks": "ab"}, {"edges": []}],
)
def test_what_holds_no_graph_is_none(body: object) -> None:
    assert read_graph(body) is None


def test_what_is_odd_in_a_graph_is_left_out() -> None:
    read = read_graph(
        {
            "blocks": [
                {"id": "a", "name": None, "type": 7, "config": [], "enabled": None},
                {"id": 7},
                "b",
                {"id": "b", "enabled": False},
                {"id": "a", "name": "again"},
            ],
            "edges": [
                {"source": "a", "target": "nobody"},
                {"source": None, "target": "a"},
                "a-b",
                {"source": "a", "target": "b", "condition": 1},
            ],
        }
    )
    assert read is not None
    assert [(n.id, n.name, n.type, n.enabled) for n in read.nodes] == [
        ("a", "again", "", True),
        ("b", "", "", False),
    ]
    assert [(e.source, e.target, e.condition) for e in read.edges] == [("a", "b", "1")]
    assert read_graph({"blocks": []}) == Graph(nodes=[], edges=[])


def test_a_circle_is_named_and_says_what_to_do() -> None:
    with pytest.raises(ConfigurationError, match=r"'W' go round in a circle.*: B, C\. Remove one"):
        check(graph("abc", "a-b", "b-c", "c-b"), "W", {})
    ring = [f"{a}-{b}" for a, b in itertools.pairwise("bcdefghijklb")]
    with pytest.raises(ConfigurationError, match="B, C, D, E, F, G, H, I, J, K …"):
        check(graph("abcdefghijkl", "a-b", *ring), "W", {})


@pytest.mark.parametrize(
    ("config", "missing"),
    [
        ({}, []),
        ({"input": {"n": None, "m": 1, "k": ""}}, ["n"]),
        ({"input": '{"n": null, "m": 1}'}, ["n"]),
        ({"input": "not JSON"}, []),
        ({"input": 7, "schedule_enabled": True}, []),
        ({"variables": ["n", {"name": "m"}, {"name": "k", "default": 1}, 7, {}]}, ["n", "m"]),
        ({"variables": [{"name": "n", "required": False}]}, []),
        ({"inputs": {"n": {"type": "string"}, "m": {"type": "string", "default": "x"}}}, ["n"]),
        ({"input": {"n": {"any": "object"}}}, []),
    ],
)
def test_a_variable_without_a_value_must_be_given(
    config: dict[str, Any], missing: list[str]
) -> None:
    read = graph("a", config=config)
    if missing:
        with pytest.raises(ConfigurationError) as caught:
            check(read, "W", {})
        example = ", ".join(f"{name}=..." for name in missing)
        assert f"needs {', '.join(missing)}: pass run({example})" in str(caught.value)
    check(read, "W", dict.fromkeys(missing))


@pytest.mark.parametrize(
    ("logs", "expected"),
    [
        ({}, ["a"]),
        ({"a": {"output": 1}}, ["b"]),
        ({"a": {}, "b": {"route": "if"}}, ["c"]),
        ({"a": {}, "b": {"route": "else"}}, ["d"]),
        ({"a": {}, "b": {"output": True}}, []),
        ({"a": {}, "b": None}, []),
        ({"a": {}, "b": {"route": "if"}, "c": {}}, ["e"]),
        ({"a": {}, "b": {"route": "if"}, "c": {}, "e": {}}, []),
    ],
)
def test_what_was_to_run_and_has_no_log_was_cut_off(
    logs: dict[str, Any], expected: list[str]
) -> None:
    read = graph("abcde", "a-b", "b-c?if", "b-d?else", "c-e", "d-e")
    assert left_out(read, logs) == expected


def test_a_block_that_is_switched_off_was_not_to_run() -> None:
    read = read_graph({"blocks": [{"id": "a", "enabled": False}], "edges": []})
    assert read is not None
    assert left_out(read, {}) == []
