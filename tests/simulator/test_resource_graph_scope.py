"""Whom a request to Resource Graph sees: subscriptions, management groups, everything."""

from typing import Any

import pytest

from simulator.world import World
from tests.simulator.client import Client

SUBSCRIPTIONS = "resourcecontainers | where type == 'microsoft.resources/subscriptions' | project id, subscriptionId"
GROUPS = "resourcecontainers | where type =~ 'microsoft.management/managementGroups' | project id, name, properties"
NOBODY = "00000000-0000-0000-0000-00000000dead"


async def _subscriptions(azure: Client, **scope: Any) -> set[str]:
    reply = await azure.graph(SUBSCRIPTIONS, options={"$top": 1000}, **scope)
    assert reply.status == 200, reply.body
    return {row["subscriptionId"] for row in reply.body["data"]}


async def _groups(azure: Client, **scope: Any) -> dict[str, Any]:
    return {row["name"]: row for row in (await azure.graph(GROUPS, options={"$top": 1000}, **scope)).body["data"]}


async def test_nested_management_groups_hold_what_their_children_hold(served: tuple[Client, World]) -> None:
    azure, world = served
    every = list(world.state.subscriptions)
    world.state.management_groups |= {"Branch": [], "Leaf": [every[3]]}  # the branch lists nothing of its own
    world.state.management_parents |= {"Branch": "corp-01", "Leaf": "Branch"}
    assert await _subscriptions(azure, managementGroups=["leaf"]) == {every[3]}
    assert await _subscriptions(azure, managementGroups=["branch"]) == {every[3]}
    assert await _subscriptions(azure, managementGroups=["corp-01"]) == {*every[:2], every[3]}
    assert await _subscriptions(azure, managementGroups=["corp-02", "Leaf"]) == set(every[2:4])
    assert await _subscriptions(azure, managementGroups=[world.state.tenant.upper()]) == set(every)
    assert set(await _groups(azure, managementGroups=["corp-01"])) == {"corp-01", "Branch", "Leaf"}


async def test_management_groups_are_rows_with_their_ancestors(served: tuple[Client, World]) -> None:
    azure, world = served
    tenant = world.state.tenant
    shown = await _groups(azure)
    assert set(shown) == {tenant, *world.state.management_groups}
    row = shown["corp-01"]
    assert row["id"] == "/providers/Microsoft.Management/managementGroups/corp-01"
    details = row["properties"]["details"]
    assert details["parent"]["name"] == "corp"
    assert [each["name"] for each in details["managementGroupAncestorsChain"]] == ["corp", tenant]
    assert shown[tenant]["properties"]["displayName"] == "Tenant Root Group"
    assert "parent" not in shown[tenant]["properties"]["details"]
    assert await _groups(azure, subscriptions=list(world.state.subscriptions)) == {}


async def test_a_subscription_names_its_group_and_all_above(served: tuple[Client, World]) -> None:
    azure, world = served
    query = f"{SUBSCRIPTIONS}, chain = properties.managementGroupAncestorsChain"
    rows = {row["subscriptionId"]: row for row in (await azure.graph(query)).body["data"]}
    [first, *_] = world.state.subscriptions
    assert [each["name"] for each in rows[first]["chain"]] == ["corp-01", "corp", world.state.tenant]


async def test_unknown_subscriptions_are_left_out_and_none_at_all_is_refused(azure: Client) -> None:
    [one, *_] = await _subscriptions(azure)
    assert await _subscriptions(azure, subscriptions=[NOBODY, one.upper()]) == {one}
    reply = await azure.graph(SUBSCRIPTIONS, subscriptions=[NOBODY])
    assert reply.body["error"]["details"][0]["code"] == "NoValidSubscriptionsInQueryRequest"


@pytest.mark.parametrize(
    ("scope", "code"),
    [
        ({"subscriptions": ["contoso"]}, "SubscriptionsContainInvalidGuids"),
        ({"managementGroups": ["corp", "nobody"]}, "ManagementGroupsContainInvalidIds"),
        ({"subscriptions": [NOBODY], "managementGroups": ["corp"]}, "InvalidScope"),
        ({"subscriptions": NOBODY}, "InvalidScope"),
        ({"managementGroups": [5]}, "InvalidScope"),
    ],
)
async def test_a_scope_that_is_none_is_refused(azure: Client, scope: Any, code: str) -> None:
    reply = await azure.graph(SUBSCRIPTIONS, **scope)
    assert (reply.status, reply.code) == (400, "BadRequest")
    assert [detail["code"] for detail in reply.body["error"]["details"]] == [code]


async def test_the_scope_holds_for_both_sides_of_a_join_and_empty_lists_are_none(azure: Client) -> None:
    [one, *others] = sorted(await _subscriptions(azure))
    joined = """resources | project subscriptionId | join kind=inner
        (resourcecontainers | project subscriptionId) on subscriptionId | distinct subscriptionId1"""
    rows = (await azure.graph(joined, subscriptions=[one])).body["data"]
    assert rows == [{"subscriptionId1": one}]
    assert await _subscriptions(azure, subscriptions=[], managementGroups=[]) == {one, *others}
