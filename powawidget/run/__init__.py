"""A run: what a person holds, and the task that follows it."""
