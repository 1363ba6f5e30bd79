"""Workflows: blocks of code, conditions and agents, run one after another along a graph."""
