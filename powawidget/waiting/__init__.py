"""What waits for a person in this kernel, in one list: no store of it, a way to each run's own."""
