"""The journal of a batch: what was sent, and what came of it, on a disk."""
