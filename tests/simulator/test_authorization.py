"""Locks, policy assignments and role assignments as resources; what locks forbid; policies in Resource Graph."""

from pathlib import Path
from typing import Any

import pytest

from simulator.authorization.lock_effects import Locks
from tests.simulator.client import Client, item_of
from tests.simulator.surroundings import REQUIRE_TAG, estate, vm_named

NAMESPACE = "providers/Microsoft.Authorization"
VM = "virtualMachines: [{name: web}]\n"
DEFINITION = f"/{NAMESPACE}/policyDefinitions/{REQUIRE_TAG}"
BODIES: dict[str, Any] = {
    "locks": {"level": "CanNotDelete", "notes": "keep"},
    "policyAssignments": {"policyDefinitionId": DEFINITION, "parameters": {"tagName": {"value": "owner"}}},
    "roleAssignments": {"roleDefinitionId": f"/{NAMESPACE}/roleDefinitions/x", "principalId": "p"},
}


def parents(vm: str) -> list[str]:
    """The subscription, the resource group and the VM itself."""
    parts = vm.split("/")
    return ["/".join(parts[:3]), "/".join(parts[:5]), vm]


@pytest.mark.parametrize("noun", BODIES)
async def test_each_is_made_read_listed_and_deleted_at_every_scope(tmp_path: Path, noun: str) -> None:
    async with estate(tmp_path, VM) as (azure, world):
        scopes = parents(vm_named(world, "web"))
        for scope in scopes:
            path = f"{scope}/{NAMESPACE}/{noun}/one"
            assert (await azure.ask("GET", path)).status == 404
            assert (await azure.ask("PUT", path, {"properties": {}})).status == 400
            made = await azure.ask("PUT", path, {"properties": BODIES[noun]})
            assert (made.status, made.body["id"]) == (201, path)
            assert (await azure.ask("PUT", path, {"properties": BODIES[noun]})).status == 200
            shown = await azure.get(path.lower())
            assert shown == made.body
            assert BODIES[noun].items() <= shown["properties"].items()
        for scope in scopes:  # what lies above and below is listed too, and with a filter only what holds here
            ids = [row["id"] for row in await azure.rows(f"{scope}/{NAMESPACE}/{noun}")]
            assert ids == [f"{each}/{NAMESPACE}/{noun}/one" for each in scopes]
            above = await azure.rows(f"{scope}/{NAMESPACE}/{noun}?$filter=atScope()")
            assert len(above) == scopes.index(scope) + 1
            [exact] = await azure.rows(f"{scope}/{NAMESPACE}/{noun}?$filter=atExactScope()")
            assert exact["id"] == f"{scope}/{NAMESPACE}/{noun}/one"
        assert (await azure.ask("GET", f"{scopes[0]}/{NAMESPACE}/{noun}?$filter=name eq 'x'")).status == 400
        for scope in scopes:
            assert (await azure.ask("DELETE", f"{scope}/{NAMESPACE}/{noun}/one")).status == 200
            assert (await azure.ask("DELETE", f"{scope}/{NAMESPACE}/{noun}/one")).status == 204
        assert await azure.rows(f"{scopes[0]}/{NAMESPACE}/{noun}") == []


async def test_a_lock_stops_what_its_level_forbids_until_it_goes(tmp_path: Path) -> None:
    async with estate(tmp_path, VM) as (azure, world):
        vm = vm_named(world, "web")
        vault = next(iter(world.state.vaults.values())).id
        subscription = parents(vm)[0]
        lock = f"{subscription}/{NAMESPACE}/locks/keep"
        await azure.ask("PUT", lock, {"properties": {"level": "CanNotDelete"}})
        assert (await azure.ask("PATCH", vm, {"tags": {"a": "b"}})).status == 200
        assert (await azure.ask("DELETE", vm)).code == "ScopeLocked"
        assert (await azure.protect(vm, vault)).status == 202
        await azure.until_idle()
        assert (await azure.ask("DELETE", item_of(vault, vm))).code == "ScopeLocked"
        await azure.ask("PUT", lock, {"properties": {"level": "readonly"}})
        assert (await azure.ask("PATCH", vm, {"tags": {"a": "c"}})).code == "ScopeLocked"
        assert (await azure.get(vm))["tags"] == {"a": "b"}
        assert (await azure.back_up(vm, vault)).code == "ScopeLocked"
        assert (await azure.backup_status(vm))["protectionStatus"] == "Protected"
        assert (await azure.ask("DELETE", lock)).status == 200
        assert (await azure.ask("PATCH", vm, {"tags": {}})).status == 200


async def test_a_lock_of_another_actor_is_the_same_lock(tmp_path: Path) -> None:
    async with estate(tmp_path, VM) as (azure, world):
        vm = vm_named(world, "web")
        rule = {"fault": "actor", "deed": "lock", "operation": "GET virtualMachines", "forSeconds": 60, "times": 1}
        await azure.ask("POST", "/_sim/faults", [rule])
        await azure.get(vm)
        [lock] = await azure.rows(f"{parents(vm)[0]}/{NAMESPACE}/locks")
        assert lock["properties"] == {"level": "ReadOnly"}
        assert "/vaults/rsv-1/" in lock["id"]
        vault = next(iter(world.state.vaults.values())).id
        assert (await azure.protect(vm, vault)).code == "ScopeLocked"
        await azure.until_idle()
        assert (await azure.protect(vm, vault)).status == 202


def test_only_a_lock_above_a_resource_holds_for_it() -> None:
    locks = Locks({})
    locks.add("/subscriptions/s/resourceGroups/rg", "CanNotDelete", "keep")
    for inside in ("/subscriptions/S/resourcegroups/RG", "/subscriptions/s/resourceGroups/rg/providers/x/y/z"):
        assert locks.over(inside) is None
        assert locks.over(inside, deletion=True) == "/subscriptions/s/resourceGroups/rg"
    for outside in ("/subscriptions/s", "/subscriptions/s/resourceGroups/rg-2"):
        assert locks.over(outside, deletion=True) is None
    locks.remove("/subscriptions/s/resourceGroups/rg")
    assert locks.to_json() == [{"scope": "/subscriptions/s/resourceGroups/rg", "level": "CanNotDelete"}]
    locks.remove("/subscriptions/s/resourceGroups/RG", "keep")
    assert locks.to_json() == []


POLICIES = f"""\
virtualMachines: [{{name: web}}]
resourceGroups: [{{name: rg-vms}}]
policyDefinitions:
  - name: no-east
    subscription: prod
    rule: {{if: {{field: location, equals: eastus}}, then: {{effect: deny}}}}
policyAssignments:
  - {{name: corp-tags, managementGroup: corp, definition: {REQUIRE_TAG}, parameters: {{tagName: owner}}}}
  - {{name: here, subscription: prod, definition: no-east}}
  - {{name: there, resourceGroup: rg-vms, definition: no-east, enforce: false, notScopes: [/subscriptions/x]}}
"""
ASSIGNED = "policyresources | where type =~ 'microsoft.authorization/policyassignments' | order by id asc"


async def names(azure: Client, query: str, **body: Any) -> list[str]:
    reply = await azure.graph(query, **body)
    assert reply.status == 200, reply
    return [row["name"] for row in reply.body["data"]]


async def test_resource_graph_shows_assignments_of_the_scope_and_where_asked_those_above(tmp_path: Path) -> None:
    async with estate(tmp_path, POLICIES) as (azure, _):
        [subscription] = [row["subscriptionId"] for row in await azure.rows("/subscriptions")]
        only = {"subscriptions": [subscription]}
        assert await names(azure, ASSIGNED, **only) == ["here", "there"]
        everywhere = {"options": {"authorizationScopeFilter": "AtScopeAboveAndBelow"}}
        assert sorted(await names(azure, ASSIGNED, **only, **everywhere)) == ["corp-tags", "here", "there"]
        assert sorted(await names(azure, ASSIGNED)) == ["corp-tags", "here", "there"]
        assert sorted(await names(azure, ASSIGNED, managementGroups=["corp"])) == ["corp-tags", "here", "there"]
        reply = await azure.graph(ASSIGNED, options={"authorizationScopeFilter": "AtScopeExact"})
        assert reply.status == 400
        [row] = (await azure.graph(f"{ASSIGNED} | where name == 'there'")).body["data"]
        assert (row["subscriptionId"], row["resourceGroup"]) == (subscription, "rg-vms")
        assert row["properties"]["enforcementMode"] == "DoNotEnforce"
        assert row["properties"]["notScopes"] == ["/subscriptions/x"]


async def test_an_assignment_finds_its_definition_whoever_made_that(tmp_path: Path) -> None:
    query = """
        policyresources
        | where type == 'microsoft.authorization/policyassignments'
        | extend key = tolower(tostring(properties.policyDefinitionId))
        | join kind=leftouter (policyresources
            | where type == 'microsoft.authorization/policydefinitions'
            | project key = tolower(id), rule = properties.policyRule, kind1 = tostring(properties.policyType)) on key
        | project id, name, effect = tostring(rule.then.effect), kind1 | order by name asc"""
    async with estate(tmp_path, POLICIES) as (azure, _):
        reply = await azure.graph(query)
        assert reply.status == 200, reply
        rows = reply.body["data"]
        assert [(row["name"], row["effect"], row["kind1"]) for row in rows] == [
            ("corp-tags", "deny", "BuiltIn"),
            ("here", "deny", "Custom"),
            ("there", "deny", "Custom"),
        ]


async def test_resource_graph_follows_assignments_that_come_and_go(tmp_path: Path) -> None:
    async with estate(tmp_path, POLICIES) as (azure, world):
        path = f"{parents(vm_named(world, 'web'))[1]}/{NAMESPACE}/policyAssignments/new"
        await azure.graph(ASSIGNED)
        await azure.ask("PUT", path, {"properties": BODIES["policyAssignments"]})
        assert "new" in await names(azure, ASSIGNED)
        await azure.ask("DELETE", path)
        assert "new" not in await names(azure, ASSIGNED)
        listed = await azure.rows(f"{parents(path)[0]}/{NAMESPACE}/policyAssignments")
        assert sorted(row["name"] for row in listed) == ["corp-tags", "here", "there"]
