"""A workflow's execution: one block at a time, along the graph.

Rules: docs/protocol.md#workflow-end and #cut-workflow.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from powawidget.local.endings import Stopped
from powawidget.local.pace import Pace
from powawidget.local.workflows.blocks import BlockContext, do
from powawidget.local.workflows.graph import Outputs, order, runs
from powawidget.local.workflows.records import BlockLog
from powawidget.local.workflows.references import resolve

if TYPE_CHECKING:
    import random

    from powawidget.local.channel import Channel
    from powawidget.local.dialects import Frame
    from powawidget.local.workflows.blocks import Shared
    from powawidget.local.workflows.definition import Block
    from powawidget.local.workflows.records import StoredExecution


@dataclass
class WorkflowExecution:
    """One execution at work.

    Args:
        stored: The stored execution.
        shared: What it shares with the others.
        channel: Where the frames go.
        generator: What its scripts draw from.
    """

    stored: StoredExecution
    shared: Shared
    channel: Channel
    generator: random.Random

    def __post_init__(self) -> None:
        self._outputs: Outputs = {}

    async def execute(self) -> None:
        """Execute it to its end, and store how it ended."""
        workflow = self.stored.workflow
        try:
            self._send({"type": "workflow_start"})
            async with asyncio.timeout(workflow.timeout_seconds):
                for block in order(workflow):
                    if runs(workflow, block, self._outputs):
                        await self._run(block)
            self.stored.complete()
            self._send({"type": "done", "execution_id": self.stored.id}, result=self.stored.output)
        except Stopped:
            self.stored.complete()  # with the blocks done so far
        except TimeoutError:
            error = f"Execution timed out after {workflow.timeout_seconds:g}s"
            self._fail({"type": "error", "error": error, "error_code": "EXECUTION_TIMEOUT"})
        except Exception as failure:  # noqa: BLE001  # a faulty graph mustn't end the server
            self._fail({"type": "error", "error": str(failure) or type(failure).__name__})
        finally:
            self.channel.end()

    async def _run(self, block: Block) -> None:
        named = {
            "block_id": self.stored.workflow.block_id(block.name),
            "block_type": block.type,
        }
        self._send({"type": "block_start", **named})
        began = time.monotonic()
        try:
            data = await self._do(block, named)
            frame = "block_complete"
            # Only what a block gave leads on to others: a failed one gave nothing.
            self._outputs[block.name] = data
        except Stopped:
            raise
        except Exception as failure:  # noqa: BLE001  # whatever it raises is the block's error
            data, frame = {"error": str(failure) or type(failure).__name__}, "block_error"
        duration = round((time.monotonic() - began) * 1000, 2)
        run_id = self.shared.new_id() if block.type == "agent" else None
        # Stored before it is sent: that a client has gone is noticed by sending.
        self.stored.logs.append(BlockLog(block, data, duration, run_id))
        self._send({"type": frame, **named, "data": data, "duration_ms": duration})

    async def _do(self, block: Block, named: Frame) -> dict[str, Any]:
        seconds = float(resolve(block.seconds, self._outputs))
        await Pace(self.shared.rate).pause(seconds)
        context = BlockContext(
            variables=self.stored.variables,
            outputs=self._outputs,
            shared=self.shared,
            random=self.generator,
            chunk=lambda text: self._send({"type": "block_chunk", **named, "chunk": text}),
            gone=lambda: self.channel.gone,
        )
        return await do(block, resolve(dict(block.config), self._outputs), context)

    def _fail(self, frame: Frame) -> None:
        self.stored.fail(frame["error"])
        self.channel.put(self.shared.encode(frame, {"execution_id": self.stored.id}))

    def _send(self, frame: Frame, **more: Any) -> None:
        more = {"execution_id": self.stored.id, **more}
        self.channel.put(self.shared.encode(frame, more))
        if self.channel.gone:  # found out at a write
            raise Stopped
