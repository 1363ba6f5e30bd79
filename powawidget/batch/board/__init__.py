"""The board: what a page shows of a batch."""
