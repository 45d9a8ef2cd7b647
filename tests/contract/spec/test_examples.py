"""Azure's own request examples are answered as the examples say: their status, and every key of their bodies."""

import asyncio
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache

import aiohttp
import pytest

from simulator.server import running
from simulator.world import World
from tests.contract.spec.contract import Problem, served
from tests.contract.spec.differences import EXAMPLE_KEYS, EXAMPLE_STATUSES, NEVER, OF_NO_OPERATION, Key, unlisted
from tests.contract.spec.examples import Example, examples, keys
from tests.contract.spec.recorder import Recorder
from tests.contract.spec.seed import Seed, forget
from tests.reference import FOLDER, reference_path
from tests.simulator.conftest import TOKEN


@cache
def cases() -> dict[str, tuple[Example, int]]:
    """Each example with each of its answers that the simulator gives; nothing where there is no reference data."""
    if not FOLDER.exists():
        return {}
    return {
        f"{example.name}-{status}": (example, status)
        for example in examples()[0]
        for status in example.answers
        if (*example.operation.key, status) not in NEVER
    }


@dataclass(frozen=True)
class Sent:
    """What came of one example: the answer's status, the keys it lacks, what was wrong with it otherwise."""

    status: int
    lacking: set[str]
    wrong: set[Problem]


async def _send(azure: Recorder, world: World, example: Example, status: int) -> Sent:
    Seed(world, example, status).sow()
    azure.found.clear()
    path = example.path()
    if "recoveryPointId" in example.parameters:  # the service invents it
        path = example.path(recoveryPointId=await _first_point(azure, example))
    reply = await azure.ask(example.operation.method, path, example.body)
    lacking = keys(example.answers[status].get("body")) - keys(reply.body)
    return Sent(reply.status, lacking, unlisted(azure.found))


async def _send_all() -> dict[str, Sent]:
    found = {}
    async with aiohttp.ClientSession(headers=TOKEN) as http:
        async with running(vms=0, seed=1) as (base, world):
            for name, (example, status) in cases().items():
                if example.operation.area != "graph":
                    forget(world)
                    found[name] = await _send(Recorder(base, http), world, example, status)
        for name, (example, status) in cases().items():
            if example.operation.area == "graph":  # Resource Graph would remember what went before
                async with running(vms=0, seed=1) as (base, world):
                    found[name] = await _send(Recorder(base, http), world, example, status)
    return found


@cache
def sent() -> dict[str, Sent]:
    """What came of every case, each on a ground of its own."""
    return asyncio.run(_send_all())


def listed(example: Example) -> list[Key]:
    """The keys of the example for which a reason is listed."""
    return [known for known in EXAMPLE_KEYS if fnmatchcase(example.name, known.example)]


@pytest.mark.parametrize("case", cases())
def test_an_example_is_answered_as_it_says(case: str) -> None:
    (example, status), answer = cases()[case], sent()[case]
    otherwise = EXAMPLE_STATUSES.get(example.name)
    assert answer.status == (otherwise[0] if otherwise else status)
    assert answer.wrong == set()
    unexcused = {key for key in answer.lacking if not any(known.covers(key) for known in listed(example))}
    assert otherwise is not None or unexcused == set()


def test_every_listed_difference_still_occurs() -> None:
    reference_path("spec")
    used: set[Key] = set()
    for case, (example, _) in cases().items():
        used |= {known for known in listed(example) for key in sent()[case].lacking if known.covers(key)}
    assert set(EXAMPLE_KEYS) - used == set()
    assert EXAMPLE_STATUSES.keys() <= {example.name for example in examples()[0]}


async def _first_point(azure: Recorder, example: Example) -> str:
    path = example.path().partition("?")[0].rpartition("/recoveryPoints/")[0]
    return str((await azure.get(f"{path}/recoveryPoints"))["value"][0]["name"])


def test_every_example_is_of_a_known_operation() -> None:
    found, strange = examples()
    assert {file.name for file in strange} == OF_NO_OPERATION.keys()
    assert len(found) > 80
    assert all(example.operation.key in served() for example in found)
