"""Server-sent events, decoded without any I/O: for whoever reads streams of their own."""

from powawidget.protocol.sse import EventTooLargeError, ServerSentEvent, SSEDecoder

__all__ = ["EventTooLargeError", "SSEDecoder", "ServerSentEvent"]
