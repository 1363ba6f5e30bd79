"""Orchestrations: several agents at work on one message."""

from powawidget.local.orchestrations.definition import Member, Orchestration
from powawidget.local.orchestrations.routes import ROUTES

__all__ = ["ROUTES", "Member", "Orchestration"]
