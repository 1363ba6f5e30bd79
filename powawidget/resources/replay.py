"""A run from recorded bytes: no server, no key."""

import math
import os
import pathlib
import re
import stat
from collections.abc import Iterator, Sequence

import msgspec

from powawidget import transcript
from powawidget.chat.chat import Chat, saved_chat
from powawidget.errors import (
    ConfigurationError,
    FileError,
    InvalidValueError,
    WrongTypeError,
)
from powawidget.protocol import events as ev
from powawidget.protocol.sse import EventTooLargeError, SSEDecoder
from powawidget.run.apply import too_large
from powawidget.run.finished import NO_SOURCE, of_events, of_saved
from powawidget.run.plan import Plan
from powawidget.run.run import Run, finished_run
from powawidget.run.sources import RecordedSource
from powawidget.run.task import RunTask
from powawidget.settings import options
from powawidget.state.about import About

# A recording without times is played at a pace that can be read along.
_GAP = 0.02
_READ = 64 * 1024
# What files begin with that are neither.
_OTHERS = {
    b"\x1f\x8b": "compressed by gzip: decompress it first",
    b"PK\x03\x04": "a ZIP archive: unpack it first",
    b"\x28\xb5\x2f\xfd": "compressed by Zstandard: decompress it first",
    b"BZh": "compressed by bzip2: decompress it first",
    b"\xfd7zXZ": "compressed by xz: decompress it first",
    b"%PDF": "a PDF file",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"GIF8": "an image",
    b"\xff\xfe": "text in UTF-16: save it as UTF-8",
    b"\xfe\xff": "text in UTF-16: save it as UTF-8",
}
_PAGES = frozenset({".html", ".htm", ".xhtml"})
# A saved run is an object; the lines of a stream begin with the name of a field. Editors may have
# put a byte order mark or empty lines before it.
_SAVED = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?=\{)").match


class _Times(msgspec.Struct):
    """The file beside a recording: when each read came, and how many bytes it had."""

    reads: list[tuple[float, float]]


def replay(
    source: "bytes | str | os.PathLike[str]",
    speed: float | None = None,
    *,
    name: str | None = None,
) -> Run | Chat:
    """Make a run from a recorded stream, or from what `run.save` or `chat.save` wrote as JSON.

    Times are read from `NAME.meta.json` beside `NAME.sse`, as `reads`: a list of
    [seconds since the request, bytes].

    Args:
        source: The bytes of the stream, or the path of a `.sse` file; or of a saved `.json`.
        speed: 1.0 plays at the recorded pace, 2.0 twice as fast; None all at once.
        name: What to call the run; the file's name where it isn't given, or the name it was
            saved with.

    Returns:
        The run, or the chat where one was saved. Without a speed it is over when this returns.

    Raises:
        InvalidValueError: If the speed isn't a positive number, or what is to be read is too large
            (`powawidget.options.replay_limit`) or something else.
        FileError: If the file can't be read.
        WrongTypeError: If the source is neither bytes nor a path.

    Example:
        >>> powawidget.replay("run.json").text
    """
    if speed is not None and not (speed > 0 and math.isfinite(speed)):
        raise InvalidValueError("speed must be a positive number, or None for all at once.")
    if isinstance(source, bytes):
        data, times, title = source, None, name or "recording"
    elif not isinstance(source, str | os.PathLike):
        raise WrongTypeError(
            "replay takes the bytes of a recording or the path of a file, not "
            f"{type(source).__name__}."
        )
    else:
        path = pathlib.Path(source)
        try:
            data = _bytes_of(path)
        except ConfigurationError:
            raise
        except (OSError, ValueError) as error:
            raise FileError(f"The recording can't be read: {error}.") from error
        # A recording may be of an error page.
        if path.suffix.lower() in _PAGES:
            raise InvalidValueError(
                "The recording can't be read: it is an HTML page. Pass the .json that run.save "
                "writes, or a recorded stream."
            )
        times, title = _times(path), name or path.stem
    _check_format(data)
    begin = _SAVED(data)
    if begin is not None:
        return _saved(data[begin.end() :], speed, name)
    if speed is None:
        plan = Plan(source=NO_SOURCE, name=title, origin="replay")
        return finished_run(of_events(_frames(data), plan))
    recorded = RecordedSource(_reads(data, times), speed)
    return Run(RunTask(Plan(source=recorded, name=title, origin="replay"))).start()


def _bytes_of(path: pathlib.Path) -> bytes:
    """Read a file, whose kind and size are looked at before: what is opened is what is read."""
    # Without the flag, opening a pipe that nobody writes to would wait for ever.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    try:
        known = os.fstat(descriptor)
        if not stat.S_ISREG(known.st_mode):
            raise FileError(f"The recording can't be read: {path} isn't a file.")
        _check_size(known.st_size)
        with open(descriptor, "rb", closefd=False) as file:
            # Some files grow, and those of /proc say nothing of their size.
            data = file.read(options.replay_limit + 1)
    finally:
        os.close(descriptor)
    _check_size(len(data))
    return data


def _check_size(size: int) -> None:
    if size > options.replay_limit:
        raise InvalidValueError(
            f"The recording can't be read: it is larger than {options.replay_limit / 1e6:,.4g} MB. "
            "powawidget.options.replay_limit can be raised."
        )


def _check_format(data: bytes) -> None:
    """Refuse what is something else, by how it begins."""
    _check_size(len(data))
    for begin, what in _OTHERS.items():
        if data.startswith(begin):
            raise InvalidValueError(f"The recording can't be read: it is {what}.")


def _saved(data: bytes, speed: float | None, name: str | None) -> Run | Chat:
    if speed is not None:
        raise InvalidValueError("A saved run has no pace: leave speed out.")
    saved = transcript.load(data)
    about = About(saved.server, saved.model)
    made: Run | Chat
    if saved.chat is not None:
        saved.chat.name = name or saved.chat.name
        made = saved_chat(saved.chat, about)
    elif saved.run is not None:
        saved.run.name = name or saved.run.name
        made = finished_run(of_saved(saved.run, about))
    return made


def _frames(data: bytes) -> Iterator[str | ev.Event]:
    decoder = SSEDecoder()
    try:
        for start in range(0, len(data), _READ):
            yield from (frame.data for frame in decoder.feed(data[start : start + _READ]))
    except EventTooLargeError as error:
        yield too_large(error)


def _times(path: pathlib.Path) -> list[tuple[float, int]] | None:
    try:
        timing = msgspec.json.decode(_bytes_of(path.with_suffix(".meta.json")), type=_Times)
        return [(at, int(size)) for at, size in timing.reads]
    except (OSError, ValueError, OverflowError, RecursionError):
        return None


def _reads(data: bytes, times: Sequence[tuple[float, int]] | None) -> list[tuple[float, bytes]]:
    if times is not None and sum(size for _, size in times) == len(data):
        reads, start = [], 0
        for at, size in times:
            reads.append((at, data[start : start + size]))
            start += size
        return reads
    frames = data.replace(b"\r\n\r\n", b"\n\n").split(b"\n\n")
    pieces = [frame + b"\n\n" for frame in frames[:-1]]
    if frames[-1]:
        pieces.append(frames[-1])
    return [(index * _GAP, piece) for index, piece in enumerate(pieces)]
