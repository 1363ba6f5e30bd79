"""`reduce(run, event, at) -> ops`: what an event changes in a run. Pure: nothing is changed here.

The rules are those of the wire protocol, sections 3 to 5; each file holds those of one noun.
"""

from powawidget.state.reduce.reducer import reduce

__all__ = ["reduce"]
