from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.local.opt_outs import SqliteOptOuts
from shared.adapters.local.store import Store
from shared.domain import messages
from shared.domain.azure_answers import Scope
from shared.domain.events import IgnoredBecause
from shared.intake import Intake
from shared.policy_in_force import FixedPolicy
from tests.fakes import START, SUB, World, vm_id
from tests.policies import demo_policy

OTHER = "22222222-2222-4222-8222-222222222222"


def intake(here: World, scope: Scope = Scope()) -> Intake:  # noqa: B008  # a frozen value
    return Intake(
        FixedPolicy(demo_policy()),
        scope,
        "tenant",
        here.azure.inventory,
        here.memory,
        here.memory,
        here.queue,
        "reconcile",
        here.clock,
    )


def event(name: str = "web-01", subscription: str = SUB, **data: Any) -> dict[str, Any]:
    return {
        "eventType": "Microsoft.Resources.ResourceWriteSuccess",
        "data": {
            "operationName": "Microsoft.Compute/virtualMachines/write",
            "resourceUri": vm_id(name, subscription=subscription).text,
            "correlationId": "c-1",
            **data,
        },
    }


async def test_an_event_becomes_a_request_after_the_vm_has_settled() -> None:
    here = World(demo_policy())
    taken = await intake(here).take_in([event()])
    ((due, queue, body, _),) = here.queue.waiting
    assert (due, queue) == (START + timedelta(minutes=10), "reconcile")
    assert messages.decode(body).vm_id == taken.accepted[0].vm_id == vm_id()
    assert messages.decode(body).correlation_id == "c-1"


async def test_the_several_events_of_one_creation_become_one_request() -> None:
    here = World(demo_policy())
    taken = await intake(here).take_in([event(), event(), event("web-02")])
    assert (len(taken.accepted), taken.covered, len(here.queue.waiting)) == (2, 1, 2)


async def test_an_event_after_the_request_was_worked_on_makes_a_new_one() -> None:
    here = World(demo_policy())
    await intake(here).take_in([event()])
    here.clock.moment += timedelta(minutes=10)
    taken = await intake(here).take_in([event()])
    assert len(taken.accepted) == 1


async def test_a_waiting_mark_from_a_future_that_was_taken_back_blocks_nothing() -> None:
    here = World(demo_policy())
    await intake(here).take_in([event()])
    here.clock.moment -= timedelta(days=2)
    assert len((await intake(here).take_in([event()])).accepted) == 1


@pytest.mark.parametrize(
    ("asked", "because"),
    [(1, IgnoredBecause.NOT_AN_EVENT), (event(tenantId="another"), IgnoredBecause.OTHER_TENANT)],
)
async def test_what_asks_for_nothing_is_ignored_with_a_reason(asked: object, because: IgnoredBecause) -> None:
    here = World(demo_policy())
    taken = await intake(here).take_in([asked])
    assert [each.because for each in taken.ignored] == [because]
    assert here.queue.waiting == []


async def test_a_vm_outside_the_scope_is_ignored() -> None:
    here = World(demo_policy())
    taken = await intake(here, Scope(subscriptions=(SUB,))).take_in([event(subscription=OTHER), event()])
    assert [each.because for each in taken.ignored] == [IgnoredBecause.OUT_OF_SCOPE]
    assert len(taken.accepted) == 1


CLAIM = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"


async def test_who_wrote_the_vm_last_is_taken_down_in_the_order_of_the_writes(tmp_path: Path) -> None:
    here = World(demo_policy())
    with Store(tmp_path) as store:
        ledger = SqliteOptOuts(store)
        taking = replace(intake(here), opt_outs=ledger)
        written = {"eventTime": "2026-11-01T11:00:00Z"}
        await taking.take_in([event(claims={CLAIM: "alice"}) | written])
        await taking.take_in([event(claims={CLAIM: "bob"}) | {"eventTime": "2026-11-01T10:00:00Z"}])  # came late
        assert await ledger.writer(vm_id().key) == "alice"
        await taking.take_in([event(claims={}) | {"eventTime": "2026-11-01T11:30:00Z"}])  # tells of nobody
        assert await ledger.writer(vm_id().key) == "alice"
        await taking.take_in([event(claims={CLAIM: "mallory"}) | {"eventTime": "2999-01-01T00:00:00Z"}])
        here.clock.moment += timedelta(seconds=1)
        await taking.take_in([event(claims={CLAIM: "carol"})])
        assert await ledger.writer(vm_id().key) == "carol"
