"""Scripted agents and their runs: steps, tool calls, hooks, approvals, what is stored of them."""
