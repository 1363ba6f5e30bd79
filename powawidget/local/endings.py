"""The ways out of a run before its script's end."""


class Stopped(Exception):  # noqa: N818  # not an error: nobody needs the run any more
    """The run ends here, and nothing more is sent."""


class Failed(Exception):  # noqa: N818  # likewise: it becomes the run's error
    """The model or a hook ended the run."""
