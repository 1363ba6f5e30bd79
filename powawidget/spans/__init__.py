"""Where a run's time went, as a caller reads it. No I/O; it knows the state alone."""
