"""What the server has stored of runs, as events."""
