"""What the server has stored of runs, told again as events."""
