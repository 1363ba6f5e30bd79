"""Runs side by side: figures against a baseline, tools in rows that line up, a blind vote."""
