"""Packages that only some calls need."""

import importlib
from typing import Any

from powawidget.errors import MissingPackageError


def needed(package: str, what: str) -> Any:
    """Import a package that only some calls need.

    Args:
        package: Its name.
        what: What needs it, as the begin of a sentence.

    Returns:
        The module.

    Raises:
        MissingPackageError: If it isn't installed.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        name = package.partition(".")[0]
        raise MissingPackageError(
            f"{what} needs {name}, which isn't installed: run '%pip install \"powawidget[tables]\"'"
            if name == "narwhals"
            else f"{what} needs {name}, which isn't installed: run '%pip install {name}'."
        ) from error
