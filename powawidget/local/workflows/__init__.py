"""Workflows: blocks of code, conditions and agents, run one after another along a graph."""

from powawidget.local.workflows.definition import Block, Edge, Workflow
from powawidget.local.workflows.routes import ROUTES

__all__ = ["ROUTES", "Block", "Edge", "Workflow"]
