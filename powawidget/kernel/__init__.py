"""The kernel around us: the loop thread, waiting in a cell, and a busy kernel's clicks."""
