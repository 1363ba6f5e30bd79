"""`to_html`, `save` and the like: the methods that write a run or a chat as a document."""

import os
import pathlib
import time
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import NamedTuple

from powawidget import transcript
from powawidget.errors import FileError, InvalidValueError
from powawidget.state.about import About
from powawidget.state.model import ChatState, RunState
from powawidget.transcript.file_names import file_named
from powawidget.transcript.texts import Redact

# Above this a browser takes long to show it.
_LONGEST_PAGE = 5_000_000
_SUFFIXES = {".html", ".htm", ".md", ".markdown", ".txt", ".json"}


class Snapshot(NamedTuple):
    """A run or a chat at one moment, with what a document needs beside it.

    Attributes:
        state: The run or the chat, as it is now and will stay.
        about: Where and with what it ran.
        redact: Takes the key out of a text, where there is one.
        is_settled: Whether nothing of a run that is over is still looked up.
    """

    state: RunState | ChatState
    about: About
    redact: Redact | None
    is_settled: bool = True


class Transcribed(ABC):
    """Something that can be written as a document."""

    @abstractmethod
    def _snapshot(self) -> Snapshot:
        """Copy the state, as of now."""

    def _as_of_now(self) -> Snapshot:
        """The same, with the time: a document of a run that goes on says as of when."""
        state, about, redact, _ = self._snapshot()
        return Snapshot(state, replace(about, written=time.time()), redact)

    def to_html(self, *, limit: int | None = 256_000, expand: bool = False) -> str:
        """Write it as HTML: one element that makes no request and runs nothing.

        Args:
            limit: The most bytes; the longest texts are cut, with a note of where the whole is.
                None cuts nothing.
            expand: Whether cards stand open, as for print.

        Returns:
            HTML.

        Raises:
            InvalidValueError: If the limit is below 10,000 bytes.
        """
        state, about, redact, _ = self._as_of_now()
        return transcript.to_html(state, about, limit=limit, expand=expand, redact=redact)

    def to_markdown(self, *, limit: int | None = None) -> str:
        """Write it as markdown, without HTML.

        Args:
            limit: The most bytes; None cuts nothing.

        Returns:
            Markdown, what others wrote behind `>` or in fences.

        Raises:
            InvalidValueError: If the limit is below 10,000 bytes.
        """
        state, about, redact, _ = self._as_of_now()
        return transcript.to_markdown(state, about, limit=limit, redact=redact)

    def to_text(self, *, limit: int | None = None) -> str:
        """Write it as plain text.

        Args:
            limit: The most bytes; None cuts nothing.

        Returns:
            Text, what others wrote behind `|`.

        Raises:
            InvalidValueError: If the limit is below 10,000 bytes.
        """
        state, about, redact, _ = self._as_of_now()
        return transcript.to_text(state, about, limit=limit, redact=redact)

    def to_json(self) -> str:
        """Write its whole state; `powawidget.replay` reads the file back.

        Returns:
            JSON, with when and on which host it ran.
        """
        state, about, redact, _ = self._snapshot()
        return transcript.to_json(state, about, redact=redact)

    def save(self, path: "str | os.PathLike[str]") -> pathlib.Path:
        """Save it to a file, in the form that the name's end selects.

        Args:
            path: A name that ends with `.html`, `.md`, `.txt` or `.json`; a file that is there is
                written over.

        Returns:
            The path.

        Raises:
            InvalidValueError: If the name ends otherwise, or no file can have it.
            WrongTypeError: If it is no name of a file.
            FileError: If the file can't be written.
        """
        file = file_named(path, "save", "run.html")
        suffix = file.suffix.lower()
        if suffix not in _SUFFIXES:
            raise InvalidValueError(
                "The name must end with .html, .md, .txt or .json: the end tells the form."
            )
        try:
            file.write_text(self._written(suffix), encoding="utf-8", newline="\n")
        except OSError as error:
            raise FileError(f"The file can't be written: {error}.") from error
        return file

    def _written(self, suffix: str) -> str:
        match suffix:
            case ".json":
                return self.to_json()
            case ".txt":
                return self.to_text()
            case ".md" | ".markdown":
                return self.to_markdown()
        state, about, redact, _ = self._as_of_now()
        return transcript.to_page(state, about, redact=redact, limit=_LONGEST_PAGE)
