"""Batches: one target, many rows, each sent once."""
