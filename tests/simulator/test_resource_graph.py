"""Resource Graph: real KQL over the live state."""

from typing import Any

import aiohttp
import pytest

from simulator.server import running
from tests.simulator.client import Client
from tests.simulator.conftest import TOKEN

VMS = "Resources | where type =~ 'Microsoft.Compute/virtualMachines' | project id, name | order by id asc"
UNPROTECTED = """
Resources
| where type in~ ('microsoft.compute/virtualmachines')
| extend key = tolower(id)
| join kind=leftouter (RecoveryServicesResources
    | where type == "microsoft.recoveryservices/vaults/backupfabrics/protectioncontainers/protecteditems"
    | where properties.backupManagementType == "AzureIaasVM"
    | project key = tolower(tostring(properties.sourceResourceId)), item = id) on key
| where isempty(item)
| project id, name, tags
"""


async def _all(azure: Client, query: str, **options: Any) -> list[Any]:
    found: list[Any] = []
    token: dict[str, Any] = {}
    while True:
        body = (await azure.graph(query, options={"$top": 7} | options | token)).body
        assert body["count"] == len(body["data"])
        found += body["data"]
        if "$skipToken" not in body:
            assert body["totalRecords"] == len(found)
            return found
        token = {"$skipToken": body["$skipToken"]}


async def test_pages_add_up_and_keep_the_order(azure: Client) -> None:
    rows = await _all(azure, VMS)
    labels = await azure.labels()
    assert sorted(row["id"].lower() for row in rows) == sorted(label["vmId"].lower() for label in labels)
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)


async def test_the_join_for_unprotected_vms_finds_those_without_an_item(azure: Client) -> None:
    found = {row["id"].lower() for row in await _all(azure, UNPROTECTED)}
    with_item = {"protected", "opted-out-protected", "pending", "stopped", "soft-deleted", "other-policy"}
    expected = {label["vmId"].lower() for label in await azure.labels() if label["kind"] not in with_item}
    assert found == expected


async def test_a_protect_shows_at_once_and_in_resource_graphs_own_words(azure: Client) -> None:
    vm = (await azure.label("plain-unprotected"))["vmId"]
    query = f"""recoveryservicesresources | where properties.sourceResourceId =~ '{vm}' | where type endswith 'items'
        | project id, state = properties.currentProtectionState, policy = properties.policyInfo.name,
          point = properties.lastRecoveryPoint, info = properties.dataSourceInfo"""
    assert (await azure.graph(query)).body["data"] == []
    vault = await azure.vault_for(vm)
    await azure.protect(vm, vault)
    [row] = (await azure.graph(query)).body["data"]
    assert row["state"] == "ConfiguringProtection"
    await azure.advance()
    [row] = (await azure.graph(query)).body["data"]
    assert (row["state"], row["policy"], row["point"]) == ("ProtectionConfigured", "DefaultPolicy", None)
    assert row["info"]["resourceID"] == vm
    await azure.back_up(vm, vault)
    await azure.until_idle()
    [row] = (await azure.graph(query)).body["data"]
    assert row["point"]


async def test_an_item_without_a_recovery_point_has_none_to_kusto_either(azure: Client) -> None:
    items = """recoveryservicesresources | where type endswith 'protecteditems'
        | project id, point = properties.lastRecoveryPoint"""
    rows = (await azure.graph(items, options={"$top": 1000})).body["data"]
    without = (await azure.graph(f"{items} | where isnull(point)", options={"$top": 1000})).body["data"]
    assert without
    assert without == [row for row in rows if row["point"] is None]


async def test_a_vm_row_has_the_columns_and_dynamic_values(azure: Client) -> None:
    vm = (await azure.label("prod"))["vmId"]
    [row] = (await azure.graph(f"resources | where id =~ '{vm}'")).body["data"]
    assert row["type"] == "microsoft.compute/virtualmachines"
    assert row["resourceGroup"] == vm.split("/")[4].lower()
    assert isinstance(row["tags"], dict)
    assert row["properties"]["extended"]["instanceView"]["powerState"]["code"].startswith("PowerState/")
    assert row["properties"]["timeCreated"]
    assert set(row) >= {
        "tenantId",
        "kind",
        "location",
        "subscriptionId",
        "managedBy",
        "sku",
        "plan",
        "identity",
        "zones",
    }


async def test_subscriptions_and_management_groups_limit_what_is_seen(azure: Client) -> None:
    subscriptions = [s["subscriptionId"] for s in await azure.rows("/subscriptions")]
    count = "resources | summarize n = count() by subscriptionId"

    async def seen(**scope: Any) -> set[str]:
        return {row["subscriptionId"] for row in (await azure.graph(count, **scope)).body["data"]}

    assert await seen() == set(subscriptions)
    assert await seen(subscriptions=[subscriptions[1].upper()]) == {subscriptions[1]}
    assert await seen(managementGroups=["corp-01"]) == set(subscriptions[:2])
    assert await seen(managementGroups=["corp"]) == set(subscriptions)
    assert (await azure.graph(count, managementGroups=["nobody"])).status == 400


async def test_without_id_there_is_no_next_page(azure: Client) -> None:
    body = (await azure.graph("resources | project name", options={"$top": 5})).body
    assert body["resultTruncated"] == "true"
    assert "$skipToken" not in body


async def test_a_body_of_a_query_alone_gets_a_hundred_rows_and_quota_headers(azure: Client) -> None:
    reply = await azure.graph("resources | project id")
    assert reply.body["count"] == min(100, reply.body["totalRecords"])
    assert reply.headers["x-ms-user-quota-remaining"]
    assert reply.headers["x-ms-user-quota-resets-after"]


async def test_the_table_format_has_columns_and_rows(azure: Client) -> None:
    query = "resources | summarize n = count() by location | order by location asc"
    data = (await azure.graph(query, options={"resultFormat": "table"})).body["data"]
    assert [column["name"] for column in data["columns"]] == ["location", "n"]
    assert [column["type"] for column in data["columns"]] == ["string", "integer"]
    assert all(len(row) == 2 for row in data["rows"])


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("resources | where (", "ParserFailure"),
        ("nowhere | take 1", "DisallowedLogicalTableName"),
        ("nowhere | join (resources) on id", "DisallowedLogicalTableName"),
        ("resources | extend x = rand()", "UnsupportedBySimulator"),
        ("resources | project nothing", "InvalidColumnName"),
        (".show tables", "ParserFailure"),
        ("", "EmptyQuery"),
    ],
)
async def test_a_wrong_query_is_refused_by_name(azure: Client, query: str, code: str) -> None:
    reply = await azure.graph(query)
    assert (reply.status, reply.code) == (400, "BadRequest")
    assert reply.body["error"]["details"][-1]["code"] == code


async def test_options_out_of_range_and_foreign_tokens_are_refused(azure: Client) -> None:
    for options in ({"$top": 1001}, {"$top": 0}, {"$skip": -1}, {"$skipToken": "x"}):
        assert (await azure.graph(VMS, options=options)).status == 400
    token = (await azure.graph(VMS, options={"$top": 1})).body["$skipToken"]
    assert (await azure.graph("resources | project id", options={"$skipToken": token})).status == 400


async def test_now_is_virtual(azure: Client) -> None:
    await azure.advance("2199-12-31T00:00:00Z")
    reply = await azure.graph("print at = now()")
    assert reply.status == 200, reply.body
    [row] = reply.body["data"]
    assert row["at"].startswith("2199-12-31T00:00:00")


async def test_with_a_lag_a_change_shows_only_later() -> None:
    async with running(vms=25, graph_lag=60) as (base, world), aiohttp.ClientSession(headers=TOKEN) as http:
        azure = Client(base, http)
        count = "resources | where type == 'microsoft.compute/virtualmachines' | count"
        assert (await azure.graph(count)).body["data"] == [{"Count": 25}]
        vm = next(iter(world.state.vms.values()))
        await azure.ask("DELETE", vm.id)
        await azure.until_idle()
        assert (await azure.graph(count)).body["data"] == [{"Count": 25}]
        world.clock.after(61, lambda: None)
        await azure.advance()
        assert (await azure.graph(count)).body["data"] == [{"Count": 24}]
