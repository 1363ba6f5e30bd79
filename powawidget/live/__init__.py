"""A run's state while it changes: its lock, its recording, and who subscribes to it."""
