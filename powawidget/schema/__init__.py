"""The form that answers must have: asked for, checked, and read as typed values."""
