from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from shared.adapters.azure import job_queries, queries
from shared.adapters.azure.connection import Connection
from shared.adapters.azure.graph_reader import TRIES
from shared.adapters.azure.inventory import ResourceGraphInventory
from shared.domain.azure_answers import Scope, Subscription
from shared.domain.model import ProtectionState
from shared.errors import LoginError, PermanentError, RetryLaterError, SettingsError
from tests.unit.shared.adapters.azure.stub import (
    GRAPH,
    ITEM,
    SUB,
    VAULT,
    VM,
    Reply,
    StandingClock,
    Stub,
    broken_json,
    half_a_body,
)

T = TypeVar("T")
OTHER = SUB.replace("1", "2")
READABLE = (Subscription(OTHER, "other", "t"), Subscription(SUB, "prod", "t"))
ALL = Scope()


@pytest.fixture
def inventory(connection: Connection, clock: StandingClock) -> ResourceGraphInventory:
    return ResourceGraphInventory(connection, clock, READABLE)


def page(*rows: Any, token: str = "", truncated: bool = False, **headers: str) -> Reply:
    body: dict[str, Any] = {
        "totalRecords": len(rows),
        "count": len(rows),
        "data": list(rows),
        "facets": [],
        "resultTruncated": "true" if truncated else "false",
    }
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply({**body, **({"$skipToken": token} if token else {})}, headers=names)


def a_row(name: str = "web-01", **changes: Any) -> dict[str, Any]:
    return {"id": VM.replace("web-01", name), "location": "westeurope", "tags": None, **changes}


async def everything(rows: AsyncIterator[T]) -> list[T]:
    return [each async for each in rows]


async def test_vms_come_from_every_page_with_the_manager_and_the_tags_of_their_group(
    inventory: ResourceGraphInventory, stub: Stub
) -> None:
    group = f"/subscriptions/{SUB}/resourceGroups/APP-rg"
    stub.on(
        "POST",
        GRAPH,
        page({"id": group, "managedBy": "/a/cluster", "tags": {"cost": "42"}}),
        page(a_row("a"), a_row("b"), token="next", truncated=True),
        page(a_row("c", tags={"env": "prod"}, vmId="u")),
    )
    vms = await everything(inventory.vms(ALL))
    assert [(each.id.name, each.group_managed_by) for each in vms] == [(name, "/a/cluster") for name in "abc"]
    assert [each.group_tags for each in vms] == [{"cost": "42"}] * 3
    assert (vms[2].tags, vms[2].unique_id) == ({"env": "prod"}, "u")
    bodies = [each.body for each in stub.seen]
    assert [each["query"] for each in bodies] == [queries.GROUPS, queries.VMS, queries.VMS]
    assert bodies[1]["options"] == {"$top": 1000, "resultFormat": "objectArray", "allowPartialScopes": False}
    assert bodies[2]["options"]["$skipToken"] == "next"
    assert bodies[1]["subscriptions"] == [SUB, OTHER]


async def test_an_empty_scope_without_any_subscription_is_a_login_error(
    connection: Connection, clock: StandingClock
) -> None:
    with pytest.raises(LoginError):
        await everything(ResourceGraphInventory(connection, clock, ()).vms(ALL))


async def test_many_subscriptions_are_asked_in_portions(
    connection: Connection, clock: StandingClock, stub: Stub
) -> None:
    ids = [f"{number:08x}-1111-4111-8111-111111111111" for number in range(601)]
    inventory = ResourceGraphInventory(connection, clock, [Subscription(each, "", "") for each in ids])
    stub.on("POST", GRAPH, page())
    await everything(inventory.protections(ALL))
    assert [len(each.body["subscriptions"]) for each in stub.seen] == [300, 300, 1]
    assert [one for each in stub.seen for one in each.body["subscriptions"]] == ids


async def test_management_groups_are_resolved_to_subscriptions(inventory: ResourceGraphInventory, stub: Stub) -> None:
    row = {"id": f"/subscriptions/{SUB}", "subscriptionId": SUB, "name": "prod", "tenantId": "t"}
    stub.on("POST", GRAPH, page(row), page(row), page())
    scope = Scope(management_groups=("corp",))
    assert await inventory.subscriptions(scope) == (Subscription(SUB, "prod", "t"),)
    assert await inventory.vaults(scope) == ()
    assert stub.seen[0].body["managementGroups"] == ["corp"]
    assert "subscriptions" not in stub.seen[0].body
    assert stub.seen[2].body["subscriptions"] == [SUB]


async def test_a_subscription_in_scope_that_cannot_be_read_stops_the_run(
    inventory: ResourceGraphInventory, stub: Stub
) -> None:
    hidden = SUB.replace("1", "3")
    stub.on("POST", GRAPH, page())
    with pytest.raises(SettingsError, match=hidden):
        await everything(inventory.vms(Scope(subscriptions=(SUB, hidden))))
    assert await inventory.subscriptions(Scope(subscriptions=(hidden,))) == ()


async def test_vaults_are_read(inventory: ResourceGraphInventory, stub: Stub) -> None:
    rows = [{"id": VAULT, "location": "westeurope", "tags": {"a": "b"}, "provisioningState": "Succeeded"}]
    rows.append({"id": VAULT + "2", "location": "West Europe", "provisioningState": "Provisioning"})
    stub.on("POST", GRAPH, page(*rows))
    vaults = await inventory.vaults(ALL)
    assert [(each.id.text, each.location, each.ready) for each in vaults] == [
        (VAULT, "westeurope", True),
        (VAULT + "2", "westeurope", False),
    ]


async def test_protections_are_read_under_the_vms_id(inventory: ResourceGraphInventory, stub: Stub) -> None:
    row = {"id": ITEM, "sourceResourceId": VM, "currentProtectionState": "SoftDeleted"}
    stub.on("POST", GRAPH, page(row))
    [(key, protection)] = await everything(inventory.protections(ALL))
    assert (key, protection.state) == (VM.lower(), ProtectionState.SOFT_DELETED)


@pytest.mark.parametrize(
    "row", [{"location": "w"}, {"id": "x", "location": "w"}, {"id": VM}, "text", {"id": VM, "location": "w", "tags": 1}]
)
async def test_a_malformed_row_stops_the_reading(inventory: ResourceGraphInventory, stub: Stub, row: Any) -> None:
    stub.on("POST", GRAPH, page(), page(a_row(), row))
    with pytest.raises(PermanentError) as caught:
        await everything(inventory.vms(ALL))
    assert caught.value.code == "MalformedAnswer"


async def test_an_answer_that_was_cut_is_never_taken_for_the_whole(
    inventory: ResourceGraphInventory, stub: Stub
) -> None:
    stub.on("POST", GRAPH, page(), page(a_row(), truncated=True))
    with pytest.raises(PermanentError, match="cut"):
        await everything(inventory.vms(ALL))


async def test_a_count_that_disagrees_with_the_rows_is_an_error(inventory: ResourceGraphInventory, stub: Stub) -> None:
    short = page(a_row())
    short.body["count"] = 2
    stub.on("POST", GRAPH, page(), short)
    with pytest.raises(PermanentError, match="count"):
        await everything(inventory.vms(ALL))


@pytest.mark.parametrize("body", [{}, {"count": 0}, {"count": 1, "data": {"columns": [], "rows": [1]}}])
async def test_an_answer_without_rows_is_an_error_and_not_an_empty_estate(
    inventory: ResourceGraphInventory, stub: Stub, body: Any
) -> None:
    stub.on("POST", GRAPH, Reply(body))
    with pytest.raises(PermanentError):
        await everything(inventory.vms(ALL))


async def test_a_page_that_repeats_itself_is_an_error(inventory: ResourceGraphInventory, stub: Stub) -> None:
    stub.on("POST", GRAPH, page(), page(a_row(), token="t"))
    with pytest.raises(PermanentError, match="again and again"):
        await everything(inventory.vms(ALL))


async def test_more_subscriptions_than_resource_graph_looks_into_stop_the_run(
    inventory: ResourceGraphInventory, stub: Stub
) -> None:
    stub.on("POST", GRAPH, page(x_ms_tenant_subscription_limit_hit="true"))
    with pytest.raises(SettingsError, match="more subscriptions"):
        await everything(inventory.vms(ALL))


def throttled(retry_after: str = "") -> Reply:
    headers = {"Retry-After": retry_after} if retry_after else {}
    return Reply({"error": {"code": "RateLimiting", "message": "slow down"}}, 429, headers)


async def test_a_throttled_page_is_asked_again_after_what_azure_says(
    inventory: ResourceGraphInventory, stub: Stub, clock: StandingClock
) -> None:
    stub.on("POST", GRAPH, page(), throttled("7"), throttled(), half_a_body, broken_json, page(a_row()))
    assert len(await everything(inventory.vms(ALL))) == 1
    assert clock.waits == [timedelta(seconds=each) for each in (7, 2, 4, 8)]


async def test_a_clock_that_comes_back_too_soon_is_asked_again(connection: Connection, stub: Stub) -> None:
    clock = StandingClock(step=timedelta(seconds=3))
    stub.on("POST", GRAPH, throttled("7"), page())
    assert await everything(ResourceGraphInventory(connection, clock, READABLE).protections(ALL)) == []
    assert clock.waits == [timedelta(seconds=each) for each in (7, 4, 1)]


async def test_patience_ends_after_six_tries(
    inventory: ResourceGraphInventory, stub: Stub, clock: StandingClock
) -> None:
    stub.on("POST", GRAPH, throttled())
    with pytest.raises(RetryLaterError):
        await everything(inventory.vms(ALL))
    assert len(stub.seen) == TRIES == 6
    assert clock.waits == [timedelta(seconds=each) for each in (1, 2, 4, 8, 16)]


async def test_a_refusal_is_not_tried_again(inventory: ResourceGraphInventory, stub: Stub) -> None:
    stub.fail("POST", GRAPH, 400, "InvalidQuery")
    with pytest.raises(PermanentError):
        await everything(inventory.vms(ALL))
    stub.fail("POST", GRAPH, 403, "AuthorizationFailed")
    with pytest.raises(LoginError):
        await everything(inventory.vms(ALL))
    assert len(stub.seen) == 2


def test_every_query_projects_the_id_and_orders_by_it() -> None:
    public = {**vars(queries), **vars(job_queries)}
    texts = [each for name, each in public.items() if name.isupper() and name[0] != "_" and isinstance(each, str)]
    texts += [job_queries.jobs_of(days) for days in job_queries.DAYS]
    assert len(set(texts)) >= 12
    assert all("| project id," in each and each.rstrip().endswith("| order by id asc") for each in texts)
