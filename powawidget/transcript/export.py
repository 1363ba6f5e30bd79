"""What can be written as a document: a run or a chat."""

import os
import pathlib
from abc import ABC, abstractmethod
from typing import NamedTuple

from powawidget import transcript
from powawidget.errors import FileError, InvalidValueError
from powawidget.http.secret import Secret
from powawidget.state.about import About
from powawidget.state.model import ChatState, RunState

# Above this a browser takes long to show it.
_LONGEST_PAGE = 5_000_000
_SUFFIXES = {".html", ".htm", ".md", ".markdown", ".txt", ".json"}


class Told(NamedTuple):
    """What a document tells of.

    Attributes:
        state: The run or the chat, as it is now and will stay.
        about: What to tell beside it.
        secret: The key to keep out.
    """

    state: RunState | ChatState
    about: About
    secret: Secret | None


class Transcribed(ABC):
    """Something that can be written as a document."""

    @abstractmethod
    def _told(self) -> Told:
        """Copy what there is to tell."""

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
        state, about, secret = self._told()
        return transcript.to_html(state, about, limit=limit, expand=expand, secret=secret)

    def to_markdown(self, *, limit: int | None = None) -> str:
        """Write it as markdown, without HTML.

        Args:
            limit: The most bytes; None cuts nothing.

        Returns:
            Markdown, what others wrote behind `>` or in fences.

        Raises:
            InvalidValueError: If the limit is below 10,000 bytes.
        """
        state, about, secret = self._told()
        return transcript.to_markdown(state, about, limit=limit, secret=secret)

    def to_text(self, *, limit: int | None = None) -> str:
        """Write it as plain text.

        Args:
            limit: The most bytes; None cuts nothing.

        Returns:
            Text, what others wrote behind `|`.

        Raises:
            InvalidValueError: If the limit is below 10,000 bytes.
        """
        state, about, secret = self._told()
        return transcript.to_text(state, about, limit=limit, secret=secret)

    def to_json(self) -> str:
        """Write its whole state; `powawidget.replay` reads the file back.

        Returns:
            JSON, with when and on which host it ran.
        """
        state, about, secret = self._told()
        return transcript.to_json(state, about, secret=secret)

    def save(self, path: "str | os.PathLike[str]") -> pathlib.Path:
        """Save it to a file, in the form that the name's end tells.

        Args:
            path: A name that ends with `.html`, `.md`, `.txt` or `.json`; a file that is there is
                written over.

        Returns:
            The path.

        Raises:
            InvalidValueError: If the name ends otherwise.
            FileError: If the file can't be written.
        """
        place = pathlib.Path(path)
        suffix = place.suffix.lower()
        if suffix not in _SUFFIXES:
            raise InvalidValueError(
                "The name must end with .html, .md, .txt or .json: the end tells the form."
            )
        try:
            place.write_text(self._written(suffix), encoding="utf-8", newline="\n")
        except OSError as error:
            raise FileError(f"The file can't be written: {error}.") from error
        return place

    def _written(self, suffix: str) -> str:
        match suffix:
            case ".json":
                return self.to_json()
            case ".txt":
                return self.to_text()
            case ".md" | ".markdown":
                return self.to_markdown()
        state, about, secret = self._told()
        return transcript.to_page(state, about, secret=secret, limit=_LONGEST_PAGE)
