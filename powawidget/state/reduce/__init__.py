"""`reduce(run, event, at) -> ops`: what an event changes in a run. Pure: nothing is changed here.

The rules are those of docs/protocol.md; each file holds those of one noun and names them.
"""

from powawidget.state.reduce.reducer import reduce

__all__ = ["reduce"]
