"""An estate read for a copy: every kind of row, and the refusals to give a part for the whole."""

from typing import Any

import pytest

from shared.adapters.azure import estate_queries as queries
from shared.adapters.azure.connection import Connection
from shared.adapters.azure.estate import ResourceGraphEstate
from shared.adapters.azure.graph_reader import GraphReader
from shared.adapters.azure.inventory import ResourceGraphInventory
from shared.domain.azure_answers import Scope, Subscription
from shared.errors import BackstopError, PermanentError
from tests.unit.shared.adapters.azure.stub import GRAPH, ITEM, SUB, VAULT, VM, Reply, StandingClock, Stub

OTHER = SUB.replace("1", "2")
CHAIN = [{"name": "low", "displayName": "Low"}, {"name": "high", "displayName": "High"}]
SUBSCRIPTION = {"id": f"/subscriptions/{SUB}", "subscriptionId": SUB, "name": "prod", "tenantId": "t"}
GROUP_ROW = {"id": f"/subscriptions/{SUB}/resourceGroups/App-RG", "location": "westeurope", "managedBy": "/a/b"}
POLICY_ROW = {
    "id": f"{VAULT}/backupPolicies/gold",
    "name": "gold",
    "properties": {"backupManagementType": "AzureIaasVM", "policyType": "V2", "protectedItemsCount": 3},
}
SETTINGS = {
    "provisioningState": "Succeeded",
    "redundancySettings": {"standardTierStorageRedundancy": "LocallyRedundant", "crossRegionRestore": "Enabled"},
    "securitySettings": {"softDeleteSettings": {"softDeleteState": "Enabled", "softDeleteRetentionPeriodInDays": 30}},
}
VAULT_ROW = {"id": VAULT, "location": "West Europe", "tags": None, "properties": SETTINGS}
VM_ROW = {"id": VM, "location": "westeurope", "tags": {}, "zones": ["1"], "properties": {"vmId": "u"}}
ITEM_ROW = {
    "id": ITEM,
    "management": "AzureIaasVM",
    "sourceResourceId": VM,
    "currentProtectionState": "ProtectionConfigured",
    "policyName": "gold",
    "lastRecoveryPoint": "2026-11-01T00:00:00.0000000Z",
    "lastBackupTime": "2001-01-01T00:00:00Z",
    "lastBackupStatus": "Completed",
}
SHARE_ROW = {**ITEM_ROW, "id": ITEM + "x", "management": "AzureStorage", "sourceResourceId": "/subscriptions/a/b"}


def page(*rows: Any, truncated: bool = False, token: str = "") -> Reply:
    body: dict[str, Any] = {"totalRecords": len(rows), "count": len(rows), "data": list(rows), "facets": []}
    body["resultTruncated"] = "true" if truncated else "false"
    return Reply(body | ({"$skipToken": token} if token else {}))


def pages(**changed: Reply) -> list[Reply]:
    """The answers to the six questions, in their order."""
    made = {
        "subscriptions": page({**SUBSCRIPTION, "ancestors": CHAIN}),
        "groups": page(GROUP_ROW),
        "policies": page(POLICY_ROW),
        "vaults": page(VAULT_ROW),
        "vms": page(VM_ROW),
        "items": page(ITEM_ROW),
    }
    return list((made | changed).values())


@pytest.fixture
def estate(connection: Connection, clock: StandingClock) -> ResourceGraphEstate:
    inventory = ResourceGraphInventory(connection, clock, [Subscription(SUB, "prod", "t")])
    return ResourceGraphEstate(inventory, GraphReader(connection, clock))


async def everything(estate: ResourceGraphEstate) -> list[tuple[str, Any]]:
    return [each async for each in estate.entries(Scope())]


async def test_every_kind_of_row_becomes_an_entry(estate: ResourceGraphEstate, stub: Stub) -> None:
    stub.on("POST", GRAPH, *pages(items=page(ITEM_ROW, SHARE_ROW)))
    assert await everything(estate) == [
        ("subscriptions", {"name": "prod", "id": SUB}),
        ("tenant", {"id": "t"}),
        ("managementGroups", {"name": "high", "children": [{"name": "low", "subscriptions": [SUB]}]}),
        (
            "resourceGroups",
            {"name": "App-RG", "subscription": SUB, "location": "westeurope", "managedBy": "/a/b"},
        ),
        (
            "vaults",
            {
                "id": VAULT,
                "location": "West Europe",
                "redundancy": "LocallyRedundant",
                "crossRegionRestore": True,
                "softDelete": {"state": "Enabled", "days": 30},
                "policies": [
                    {
                        "name": "gold",
                        "type": "V2",
                        "management": "AzureIaasVM",
                        "definition": {"backupManagementType": "AzureIaasVM", "policyType": "V2"},
                    }
                ],
            },
        ),
        (
            "virtualMachines",
            {"id": VM, "location": "westeurope", "tags": {}, "zones": ["1"], "properties": {"vmId": "u"}},
        ),
        (
            "protectedItems",
            {
                "id": ITEM,
                "vm": VM,
                "policy": "gold",
                "state": "ProtectionConfigured",
                "lastRecoveryPoint": "2026-11-01T00:00:00.0000000Z",
                "lastBackupStatus": "Completed",
            },
        ),
        ("regions", "westeurope"),
    ]
    assert [each.body["query"] for each in stub.seen] == [
        queries.SUBSCRIPTIONS,
        queries.GROUPS,
        queries.POLICIES,
        queries.VAULTS,
        queries.VMS,
        queries.ITEMS,
    ]
    assert +estate.left_out == {"itemsOfNoVm": 1}


async def test_a_row_shown_twice_by_shifting_pages_is_taken_once(estate: ResourceGraphEstate, stub: Stub) -> None:
    answers = pages(vms=page(VM_ROW, token="next"))
    answers.insert(5, page({**VM_ROW, "id": VM.upper()}, {**VM_ROW, "id": VM + "b"}))
    stub.on("POST", GRAPH, *answers)
    assert [entry["id"] for section, entry in await everything(estate) if section == "virtualMachines"] == [
        VM,
        VM + "b",
    ]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"vms": page(VM_ROW, truncated=True)}, "Truncated"),
        ({"vms": page({"id": "x"})}, "MalformedAnswer"),
        ({"vms": page({**VM_ROW, "location": ""})}, "MalformedAnswer"),
        ({"vms": page({**VM_ROW, "properties": "text"})}, "MalformedAnswer"),
        ({"vms": page({"location": "x"})}, "MalformedAnswer"),
        ({"items": page({**ITEM_ROW, "id": ITEM.replace("vault-1", "vault-2")})}, "VaultNotShown"),
        ({"items": page({**ITEM_ROW, "sourceResourceId": ""})}, "MalformedAnswer"),
        ({"items": page({**ITEM_ROW, "currentProtectionState": ""})}, "MalformedAnswer"),
        ({"groups": page({"id": "x", "location": "y"})}, "MalformedAnswer"),
        ({"subscriptions": page()}, "SubscriptionNotShown"),
        ({"subscriptions": page({**SUBSCRIPTION, "ancestors": ["x"]})}, "MalformedAnswer"),
        ({"policies": Reply({"error": {"code": "BadRequest", "message": "no"}}, 400)}, "BadRequest"),
    ],
)
async def test_a_part_is_never_given_for_the_whole(
    estate: ResourceGraphEstate, stub: Stub, changed: dict[str, Reply], code: str
) -> None:
    stub.on("POST", GRAPH, *pages(**changed))
    with pytest.raises(BackstopError) as caught:
        await everything(estate)
    assert caught.value.code == code


async def test_groups_that_moved_while_they_were_read_are_an_error(
    connection: Connection, clock: StandingClock, stub: Stub
) -> None:
    inventory = ResourceGraphInventory(connection, clock, [Subscription(each, "", "t") for each in (SUB, OTHER)])
    one = {**SUBSCRIPTION, "ancestors": CHAIN}
    two = {**SUBSCRIPTION, "id": f"/subscriptions/{OTHER}", "subscriptionId": OTHER, "ancestors": CHAIN[:1]}
    stub.on("POST", GRAPH, *pages(subscriptions=page(one, two)))
    with pytest.raises(PermanentError, match="two parents"):
        await everything(ResourceGraphEstate(inventory, GraphReader(connection, clock)))


def test_every_query_projects_the_id_and_orders_by_it() -> None:
    texts = [value for name, value in vars(queries).items() if name.isupper()]
    assert len(texts) == 6
    assert all("| project id," in each and each.rstrip().endswith("| order by id asc") for each in texts)
