"""One simulator per test, in process, over real HTTP on a free port and on a clock that moves only by jumps.

Where the reference data is, every answer that a test's client gets is held against Azure's documents besides.
"""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from simulator.server import running
from simulator.world import World
from tests.contract.spec.differences import unlisted
from tests.contract.spec.recorder import Recorder
from tests.reference import FOLDER
from tests.simulator.client import Client
from tests.simulator.webhook import Receiver, receiving

TOKEN = {"Authorization": "Bearer any"}


@pytest.fixture
async def served() -> AsyncIterator[tuple[Client, World]]:
    async with running(vms=60, seed=5) as (base, world), aiohttp.ClientSession(headers=TOKEN) as http:
        if not FOLDER.exists():
            yield Client(base, http), world
            return
        azure = Recorder(base, http)
        yield azure, world
        assert unlisted(azure.found) == set(), "an answer that Azure's own documents do not allow"


@pytest.fixture
def azure(served: tuple[Client, World]) -> Client:
    return served[0]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made
