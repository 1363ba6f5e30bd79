"""A stored execution of a workflow: its blocks' logs, and all of it as events again.

Rules: docs/protocol.md#block-logs and #cut-workflow.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from powawidget.protocol import events as ev
from powawidget.protocol.database_errors import without_dump, without_sql
from powawidget.protocol.events.fields import error_text, maybe_text, seconds
from powawidget.protocol.events.workflow import output_of
from powawidget.protocol.graph import Graph, left_out, listed


def logs_of(answer: Mapping[str, Any]) -> ev.StoredBlocks:
    """Read what `GET /api/workflows/{id}/executions/{eid}/logs` answers.

    Returns:
        An event that gives each block its input, and what the stream lacks.
    """
    return ev.StoredBlocks(blocks=[_block(log) for log in _logs(answer)])


def events_of_execution(
    execution: Mapping[str, Any], logs: Mapping[str, Any], graph: Graph | None
) -> Iterator[ev.Event]:
    """Turn a stored execution into events.

    Args:
        execution: Its line of `GET /api/workflows/{id}/executions`.
        logs: What `GET /api/workflows/{id}/executions/{eid}/logs` answers.
        graph: The workflow's graph, where it is known.

    Yields:
        Events that fold to the run; the last one ends it, where the server has ended it.
    """
    execution_id = maybe_text(execution, "id")
    if graph is not None:
        yield ev.GraphKnown(blocks=listed(graph))
    yield ev.WorkflowStarted(execution_id=execution_id)
    yield logs_of(logs)
    status = execution.get("status")
    if status == "failed":
        error = error_text(execution.get("error")) or "The server didn't say why."
        told = without_sql(error)
        yield ev.WorkflowFailed(
            execution_id=execution_id,
            message=told,
            details=None if told == error else error,
            code=None,
        )
    elif status == "completed" and graph is not None and _was_cut(graph, logs):
        yield ev.Interrupted(
            title="The execution was cut off",
            message="Its stream was closed before its blocks were done; the server stored it as "
            "completed with those that were, and charged for them.",
            hint="Run the workflow again to get its result.",
            code="execution_cut",
        )
    elif status == "completed":
        output = execution.get("output")
        yield ev.WorkflowCompleted(
            execution_id=execution_id, result=None if output is None else ev.as_json(output)
        )


def is_whole(stored: Mapping[str, Any]) -> bool | None:
    """Tell whether an execution went on to its end, though its stream was closed.

    Args:
        stored: Its entry, logs and graph; it is stored as completed.

    Returns:
        False where it was cut: it is stored as completed then too. None where that isn't known,
        for want of the workflow's graph.
    """
    graph = stored.get("graph")
    if graph is not None:
        return not _was_cut(graph, stored)
    # The response block comes last.
    responded = any(log.get("block_type") == "response" for log in _logs(stored))
    return True if responded or stored["execution"].get("output") is not None else None


def outcome_of_execution(stored: Mapping[str, Any]) -> str:
    """Say what the server did with an execution whose stream was closed here."""
    execution = stored["execution"]
    status, again = execution.get("status"), f'pb.get_run("{execution.get("id")}")'
    if status == "failed":
        return f"The server ended the execution as failed{because(execution.get('error'))}."
    if status != "completed":
        if status is None:
            return "The server doesn't list the execution among the latest of its workflow."
        return f"The server has the execution as {str(status)[:40]}."
    whole = is_whole(stored)
    if whole:
        return f"The server went on and completed the execution: {again} shows what it gave."
    if whole is None:
        return (
            f"The server has stored the execution as completed, without a result: {again} shows "
            "its blocks. Whether more were to run can't be told without the workflow's graph."
        )
    count = sum(not block.failed for block in logs_of(stored).blocks)
    done = f"{count or 'no'} block{'' if count == 1 else 's'} done"
    result = "with" if execution.get("output") is not None else "without a result and with"
    return (
        "The server stopped the execution with its stream, stored it as completed, "
        f"{result} {done}, and charged for it."
    )


def because(error: Any) -> str:
    """Put the server's words for a failure after a sentence, where there are any."""
    return f": {without_sql(error)[:300].rstrip('.')}" if isinstance(error, str) and error else ""


def _was_cut(graph: Graph, logs: Mapping[str, Any]) -> bool:
    gave = {
        str(log.get("block_id")): None if _is_error(log) else log.get("output")
        for log in _logs(logs)
    }
    return bool(left_out(graph, gave))


def _is_error(log: Mapping[str, Any]) -> bool:
    """Tell a block that gave nothing; one that gave an error with its output leads on."""
    output = log.get("output")
    return not (isinstance(output, Mapping) and "output" in output)


def _block(log: Mapping[str, Any]) -> ev.StoredBlock:
    output = log.get("output")
    inner = output.get("error") if isinstance(output, Mapping) else None
    status = maybe_text(log, "status") or ""
    kind = maybe_text(log, "block_type") or ""
    refused = (
        kind == "orchestration"
        and isinstance(output, Mapping)
        and maybe_text(output, "status") == "failed"
    )
    said = error_text(log.get("error")) or error_text(inner)
    error = None if said is None else without_dump(said)
    return ev.StoredBlock(
        id=str(log.get("block_id")),
        name=maybe_text(log, "block_name") or "",
        type=kind,
        failed=refused or error is not None or status in {"error", "failed"},
        input=None if log.get("input") is None else ev.as_json(log["input"]),
        output=None
        if output is None
        else output_of(dict(output))
        if isinstance(output, Mapping)
        else output_of(output),
        error=error,
        seconds=seconds(log),
    )


def _logs(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed_logs = answer.get("block_logs")
    rows = listed_logs if isinstance(listed_logs, list) else []
    found = [row for row in rows if isinstance(row, Mapping) and row.get("block_id") is not None]
    return sorted(found, key=_order)


def _order(log: Mapping[str, Any]) -> float:
    order = log.get("execution_order")
    return order if isinstance(order, int | float) else 0.0
