"""A request's body whose last byte is held back until something durable says that it will be sent.

A server acts on a request only once it is whole. So where the note is missing the request was never
whole, whatever became of the process that sent it; where it stands, it may have been.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable

from powawidget.errors import PowawidgetError

BeforeLastByte = Callable[[], Awaitable[None]]


class Held:
    """The body of one request.

    Attributes:
        is_whole: Whether the last byte may have been handed to the socket.
        problem: What the note's failure was, where it failed: the last byte was never sent.

    Args:
        body: The body; not empty.
        before: Awaited before the last byte.
    """

    def __init__(self, body: bytes, before: BeforeLastByte) -> None:
        self.is_whole = False
        self.problem: PowawidgetError | None = None
        self.size = len(body)
        self._body = body
        self._before = before

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Give the body, the last byte apart."""
        if self.size > 1:
            yield self._body[:-1]
        try:
            await self._before()
        except PowawidgetError as error:
            self.problem = error
            raise
        self.is_whole = True
        yield self._body[-1:]
