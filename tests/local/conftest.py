from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.counterpart import start
from tests.local.service import Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FAST = 5000.0  # tokens a second


@pytest.fixture
def serve() -> Iterator[Callable[..., Service]]:
    services = []

    def begin(**options: Any) -> Service:
        options.setdefault("tokens_per_second", FAST)
        services.append(Service(start(**options)))
        return services[-1]

    yield begin
    for service in services:
        service.http.close()
        service.server.stop()


@pytest.fixture
def service(serve: Callable[..., Service]) -> Service:
    return serve()
