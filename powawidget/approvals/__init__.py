"""Decisions on requests for approval: each sent once, for exactly what was shown."""
