"""The name of a file that a person gives to write to."""

import os
import pathlib

from powawidget.errors import InvalidValueError, WrongTypeError
from powawidget.kernel.file_names import can_be_named


def file_named(path: "str | os.PathLike[str]", call: str, example: str) -> pathlib.Path:
    """Read the name of a file that a person has given.

    Args:
        path: The name.
        call: What takes it, for what is said where it is none.
        example: A name that it would take.

    Returns:
        The path.

    Raises:
        WrongTypeError: If it is no name of a file.
        InvalidValueError: If no file can have it.
    """
    try:
        file = pathlib.Path(path)
    except TypeError:
        raise WrongTypeError(
            f"{call} takes the name of a file, such as '{example}', not {type(path).__name__}."
        ) from None
    if not can_be_named(str(file)):
        raise InvalidValueError(f"No file can have the name {str(file)!r}.")
    return file
