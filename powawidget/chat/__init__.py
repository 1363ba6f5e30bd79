"""A conversation of many runs."""
