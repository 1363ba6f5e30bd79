"""How many connections this process may have: each is an open file, and others need some too."""

_LEAST = 8
_SPARED = 128  # for what else a kernel opens: its sockets, journals, a person's own files


def most_connections() -> int | None:
    """Say how many rows may run at once before files can't be opened any more.

    Without that a batch of a server that refuses nothing would leave none to the person's own
    cells.

    Returns:
        How many; None where the system sets no limit.
    """
    soft = file_limit()
    return None if soft is None else max(_LEAST, soft - max(_SPARED, soft // 4))


def file_limit() -> int | None:
    """Read how many files this process may have open; None where there is no such limit."""
    try:
        import resource  # noqa: PLC0415  # Windows has none
    except ImportError:
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft
