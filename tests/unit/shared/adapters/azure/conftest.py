from collections.abc import AsyncIterator

import pytest

from shared.adapters.azure.connection import Connection
from tests.unit.shared.adapters.azure.stub import StandingClock, Stub, serving


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    async with serving() as server:
        yield server


@pytest.fixture
async def connection(stub: Stub) -> AsyncIterator[Connection]:
    async with Connection(stub.base) as opened:
        yield opened


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()
