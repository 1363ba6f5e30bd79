"""How long each thing may take, and how long it is tried again."""

import msgspec


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of time, in seconds; None is no limit, and an empty tuple is no second try.

    Attributes:
        connect: To reach the server.
        first_byte: From the request to the server's first byte.
        idle: Without any byte, where the stream has keepalives (every 30 s).
        quiet_idle: Without any byte, where it has none: an agent without tools, a workflow.
        total: For the whole run.
        reconnect: The pauses before connecting is tried again.
        retry: The pauses before a request is sent again that the server refused for now (wire
            protocol, section 8).
        retry_after: The longest pause that the server may ask for.
        look_up: The pauses before each look at a run whose stream was cut; the last one repeats.
        look_up_total: How long a run is looked up that is still at work at the server.
        look_up_unreachable: How long it is looked up where the server can't be asked.
    """

    connect: float = 10.0
    first_byte: float = 120.0
    idle: float = 90.0
    quiet_idle: float = 600.0
    total: float | None = None
    reconnect: tuple[float, ...] = (0.5, 1.0, 2.0)
    retry: tuple[float, ...] = (3.0, 6.0, 12.0, 30.0)
    retry_after: float = 60.0
    look_up: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
    look_up_total: float = 600.0
    look_up_unreachable: float = 20.0
