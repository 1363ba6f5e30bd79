"""The ways out of a run before its script's end."""


class Stopped(Exception):  # noqa: N818  # not an error: nobody wants the run any more
    """The run ends here, without a word."""


class Failed(Exception):  # noqa: N818  # likewise: it is told as the run's error
    """The model or a hook ended the run."""
