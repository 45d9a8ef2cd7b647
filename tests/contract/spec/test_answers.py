"""Every answer that the simulator gives fits what Azure published: each route in each state, by real HTTP."""

import asyncio
import json
from dataclasses import dataclass

import aiohttp
import pytest

from simulator.server import running
from tests.contract.spec.contract import Problem, operation_of, problems, route_of, served
from tests.contract.spec.definitions import swagger
from tests.contract.spec.differences import ANSWERS, NEVER, UNPUBLISHED, unlisted
from tests.contract.spec.documents import FILES, example_files, published
from tests.contract.spec.recorder import Recorder
from tests.contract.spec.schemas import errors
from tests.contract.spec.walk import Walk
from tests.simulator.conftest import TOKEN


@dataclass(frozen=True)
class Walked:
    """What a walk through one world met."""

    seen: dict[tuple[tuple[str, str], int], int]
    found: list[Problem]


async def _walk() -> Walked:
    async with running(vms=60, seed=5) as (base, world), aiohttp.ClientSession(headers=TOKEN) as http:
        recorder = Recorder(base, http)
        await Walk(recorder, world).all()
        return Walked(recorder.seen, recorder.found)


@pytest.fixture(scope="module")
def walked() -> Walked:
    """One walk for all tests of this file; it needs no loop of theirs."""
    return asyncio.run(_walk())


def test_every_answer_fits_the_specification_or_differs_for_a_listed_reason(walked: Walked) -> None:
    assert unlisted(walked.found) == set()
    unused = [d for d in ANSWERS if not any(d.covers(p) for p in walked.found)]
    assert not unused


def test_every_route_is_walked_to_each_success_that_the_documents_allow(walked: Walked) -> None:
    missing, needless = [], []
    for key in served():
        operation = operation_of(key)
        seen = {status for route, status in walked.seen if route == key}
        wanted = operation.statuses if operation else set()
        excused = {status for status in wanted if (*key, status) in NEVER}
        missing += [(key, status) for status in wanted - seen - excused]
        needless += [(key, status) for status in excused & seen]
        if not operation and not any(status < 300 for status in seen):
            missing.append((key, 200))
    assert not missing
    assert not needless
    assert {key[:2] for key in NEVER} <= served().keys()


def test_every_kind_of_refusal_is_met_on_the_way(walked: Walked) -> None:
    assert {status for _, status in walked.seen if status >= 400} >= {400, 404, 409}


def test_every_route_is_an_operation_that_azure_published() -> None:
    unknown = [key for key in served() if operation_of(key) is None and not key[1].startswith(tuple(UNPUBLISHED))]
    assert not unknown
    assert all(any(path.startswith(known) for _, path in served()) for known in UNPUBLISHED)


def test_every_route_of_a_known_service_is_in_its_newest_sdk() -> None:
    """Resource Graph's one query is not in the dump of its SDK; the specification of 2021 is its newest contract."""
    older = {key for key in served() if (operation := operation_of(key)) and not operation.in_sdk}
    assert older == {("POST", "/providers/microsoft.resourcegraph/resources")}


def test_the_validator_accepts_the_specifications_own_examples() -> None:
    """Else it would measure the simulator by something that not even Azure's documents fulfil."""
    known = {name: operation for operation in published().values() for name in operation.examples}
    wrong, checked = set(), 0
    for path in example_files():
        operation, answers = known.get(path.name), json.loads(path.read_text()).get("responses", {})
        for status, answer in answers.items():
            if operation is None or operation.area not in FILES or status not in operation.answers:
                continue
            if "body" in answer:
                checked += 1
                found = errors(operation.area, swagger(operation.answers[status]), answer["body"])
                wrong |= {(operation.name, e.validator, str(e.absolute_path[-1])) for e in found}
    assert checked > 60
    assert {fault for fault in wrong if fault[2] not in ("nextLink", "lastRecoveryPoint")} == {
        ("ProtectionIntent_CreateOrUpdate", "required", "properties")  # the example leaves out its discriminator
    }


ITEM = "/subscriptions/s/resourceGroups/g/providers/Microsoft.RecoveryServices/vaults/v/backupFabrics/Azure"
ITEM += "/protectionContainers/c/protectedItems/i"
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("properties", "kind", "place"),
    [
        ({"protectedItemType": "Microsoft.Compute/virtualMachines", "lastBackupTime": "yesterday"}, "format", "time"),
        ({"protectedItemType": "Microsoft.Compute/virtualMachines", "friendlyName": 1}, "type", "friendlyName"),
        ({"protectedItemType": "Microsoft.Compute/virtualMachines", "friendlyName": None}, "type", "friendlyName"),
        ({"protectedItemType": "Microsoft.Compute/virtualMachines", "invented": 1}, "unknown-key", "invented"),
        ({"protectedItemType": "AzureFileShareProtectedItem", "policyType": "V1"}, "unknown-key", "policyType"),
        ({"protectedItemType": "Invented"}, "discriminator", "properties"),
        ({}, "required", "properties"),
        (["no object"], "type", "properties"),
    ],
)
def test_a_wrong_answer_is_found(properties: object, kind: str, place: str) -> None:
    """One that a value's concrete model, named by its discriminator, does not allow."""
    key = route_of("GET", ITEM)
    assert key is not None
    [problem] = problems(key, 200, JSON, {"id": "/x", "name": "x", "properties": properties})
    assert problem.kind == kind
    assert place.lower() in problem.place.lower()


@pytest.mark.parametrize(
    ("status", "headers", "body", "kind"),
    [
        (200, JSON, None, "body"),
        (201, JSON, {"properties": {"protectedItemType": "GenericProtectedItem"}}, "status"),
        (404, JSON, {"message": "lost"}, "required"),
        (404, JSON, {"error": {"code": "", "message": "lost"}}, "minLength"),
        (404, {"content-type": "text/html"}, {"error": {"code": "a", "message": "lost"}}, "content-type"),
    ],
)
def test_a_wrong_status_header_or_error_is_found(status: int, headers: dict[str, str], body: object, kind: str) -> None:
    key = route_of("GET", ITEM)
    assert key is not None
    assert kind in {problem.kind for problem in problems(key, status, headers, body)}


def test_an_accepted_change_must_say_where_to_ask_on() -> None:
    key = route_of("PUT", ITEM)
    assert key is not None
    assert [p.kind for p in problems(key, 202, {}, None)] == ["header"]
    assert problems(key, 202, {"location": "https://x"}, None) == []
