"""Orchestrations: several agents at work on one message."""
