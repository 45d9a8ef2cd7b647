from collections.abc import Mapping
from typing import Any

import pytest

from shared.adapters.azure.connection import Connection
from shared.adapters.azure.directory import object_id_of
from shared.adapters.azure.hazards import AzureHazards
from shared.adapters.azure.recovery_points import AzureRecoveryPoints
from shared.domain.azure_answers import RecoveryPoint
from shared.domain.hazards import EncryptedDisk, Initiative, KeyVaultAccess, Lock, PolicyAssignment, PolicyDefinition
from shared.domain.model import Protection, ProtectionState, Unread
from shared.errors import PermanentError, RetryLaterError
from tests.unit.shared.adapters.azure.stub import GRAPH, ITEM, SUB, VM, Reply, StandingClock, Stub, a_web_page, hang_up

HERE = f"/subscriptions/{SUB}"
LOCKS = f"{HERE}/providers/Microsoft.Authorization/locks"
KV = f"{HERE}/resourcegroups/rg/providers/microsoft.keyvault/vaults/kv-1"
ROLES = f"{KV}/providers/Microsoft.Authorization/roleAssignments"
PRINCIPALS = "/v1.0/servicePrincipals"
BACKUP = "principal-1"
ADMINISTRATOR, SECRETS, CRYPTO = (
    "00482a5a-887f-4fb3-b363-3b7fe8e74483",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
)
ALL = ["Get", "list", "Backup"]


@pytest.fixture
def hazards(connection: Connection, clock: StandingClock) -> AzureHazards:
    return AzureHazards(connection, clock)


def rows(*found: Mapping[str, Any]) -> Reply:
    return Reply({"totalRecords": len(found), "count": len(found), "resultTruncated": "false", "data": list(found)})


def lock(scope: str, name: str) -> dict[str, Any]:
    return {"id": f"{scope}/providers/Microsoft.Authorization/locks/{name}", "properties": {"level": "ReadOnly"}}


async def test_locks_come_from_all_pages(hazards: AzureHazards, stub: Stub) -> None:
    group = f"{HERE}/resourceGroups/AzureBackupRG_x_1"
    first, second = lock(HERE, "a"), lock(group, "b")
    stub.on(
        "GET", LOCKS, Reply({"value": [first], "nextLink": f"{stub.base}{LOCKS}?page=2"}), Reply({"value": [second]})
    )
    stub.on("POST", GRAPH, rows())
    seen = await hazards.look([SUB.upper(), SUB], [])
    assert seen.locks == {
        SUB: (Lock(first["id"], HERE.lower(), "ReadOnly"), Lock(second["id"], group.lower(), "ReadOnly"))
    }


@pytest.mark.parametrize(
    "reply", [Reply({"hello": 1}), Reply([1]), Reply({"value": ["x"]}), Reply({"value": [{"id": "/x"}]})]
)
async def test_a_malformed_list_of_locks_is_unread_and_never_empty(
    hazards: AzureHazards, stub: Stub, reply: Reply
) -> None:
    stub.on("GET", LOCKS, reply)
    stub.on("POST", GRAPH, rows())
    assert isinstance((await hazards.look([SUB], [])).locks[SUB], Unread)


async def test_a_link_to_another_host_is_not_followed(hazards: AzureHazards, stub: Stub) -> None:
    stub.on("GET", LOCKS, Reply({"value": [], "nextLink": "https://evil.example/locks"}))
    stub.on("POST", GRAPH, rows())
    found = (await hazards.look([SUB], [])).locks[SUB]
    assert isinstance(found, Unread)
    assert found.code == "OtherHost"


async def test_each_part_that_is_refused_stands_as_unread_beside_the_others(hazards: AzureHazards, stub: Stub) -> None:
    stub.fail("GET", LOCKS, 403, "AuthorizationFailed")
    stub.fail("POST", GRAPH, 403, "AuthorizationFailed")
    stub.fail("GET", PRINCIPALS, 403, "Authorization_RequestDenied")
    seen = await hazards.look([SUB], [KV])
    for part in (seen.locks[SUB], seen.policies, seen.key_vaults[KV], seen.encrypted_disks):
        assert isinstance(part, Unread)
        assert not part.retryable


async def test_policies_are_asked_for_with_what_lies_above(hazards: AzureHazards, stub: Stub) -> None:
    stub.on("GET", LOCKS, Reply({"value": []}))
    assignment: dict[str, Any] = {
        "id": "/providers/Microsoft.Management/managementGroups/M/providers/x/policyAssignments/A",
        "scope": "/providers/Microsoft.Management/managementGroups/M",
        "definition": "/providers/x/policyDefinitions/D",
        "displayName": "Tags",
        "parameters": {"tagName": {"value": "owner"}},
        "notScopes": [f"{HERE}/"],
    }
    definition = {
        "id": "/providers/x/policyDefinitions/D",
        "mode": "All",
        "rule": {"if": {}, "then": {"effect": "deny"}},
        "parameters": {"tagName": {"type": "String"}, "effect": {"defaultValue": "Deny"}},
    }
    member = {"policyDefinitionId": definition["id"], "parameters": {"tagName": {"value": "[parameters('tag')]"}}}
    initiative = {"id": "/sets/S", "members": [member], "parameters": {"tag": {"defaultValue": "cost"}}}
    stub.on("POST", GRAPH, rows(assignment), rows(definition), rows(initiative), rows())
    policies = (await hazards.look([SUB], [])).policies
    assert not isinstance(policies, Unread)
    assert policies.assignments == (
        PolicyAssignment(
            assignment["id"],
            str(assignment["scope"]).lower(),
            "/providers/x/policydefinitions/d",
            "Tags",
            {"tagName": "owner"},
            (HERE.lower(),),
        ),
    )
    rule = {"if": {}, "then": {"effect": "deny"}}
    key = "/providers/x/policydefinitions/d"
    assert policies.definitions == {key: PolicyDefinition(str(definition["id"]), "All", rule, {"effect": "Deny"})}
    asked = [each for each in stub.seen if each.path.lower() == GRAPH.lower()]
    members = ((key, {"tagName": "[parameters('tag')]"}),)
    assert policies.initiatives == {"/sets/s": Initiative("/sets/S", members, {"tag": "cost"})}
    assert [each.query["api-version"] for each in asked] == [*["2022-10-01"] * 3, "2021-03-01"]
    above = [each.body["options"].get("authorizationScopeFilter") for each in asked]
    assert above == [*["AtScopeAboveAndBelow"] * 3, None]


async def test_the_key_vaults_that_encrypted_disks_name_are_looked_at_too(hazards: AzureHazards, stub: Stub) -> None:
    secret, key = {"sourceVault": {"id": KV.upper()}}, {"sourceVault": {"id": KV}}
    both = {"diskEncryptionKey": secret, "keyEncryptionKey": key}
    attached = {"id": "/d/1", "managedBy": VM, "settings": [both, both]}
    loose = {"id": "/d/2", "managedBy": "", "settings": [both]}
    stub.on("GET", LOCKS, Reply({"value": []}))
    stub.on("POST", GRAPH, rows(), rows(attached, loose))
    stub.on("GET", PRINCIPALS, Reply({"value": [{"id": BACKUP}]}))
    stub.on("GET", KV, policies_for(BACKUP, secrets=ALL))
    seen = await hazards.look([SUB], [])
    assert seen.encrypted_disks == (EncryptedDisk(VM.lower(), KV.upper(), KV),)
    found = seen.key_vaults[KV]
    assert isinstance(found, KeyVaultAccess)
    assert (found.secrets, found.keys) == (True, False)
    stub.on("POST", GRAPH, rows(), rows({"id": "/d/1", "managedBy": VM, "settings": ["x"]}))
    assert isinstance((await hazards.look([SUB], [])).encrypted_disks, Unread)


async def test_nothing_is_asked_where_nothing_is_wanted(hazards: AzureHazards, stub: Stub) -> None:
    seen = await hazards.look([], [])
    assert (seen.locks, seen.key_vaults, stub.seen) == ({}, {}, [])


async def one(hazards: AzureHazards, stub: Stub, vault: Reply, *roles: str) -> KeyVaultAccess | Unread:
    stub.on("GET", PRINCIPALS, Reply({"value": [{"id": BACKUP}]}))
    stub.on("GET", KV, vault)
    stub.on("GET", ROLES, Reply({"value": [{"properties": {"roleDefinitionId": f"/x/{each}"}} for each in roles]}))
    return (await hazards.look([], [KV])).key_vaults[KV]


def policies_for(principal: str, **permissions: list[str]) -> Reply:
    entry = {"objectId": principal, "permissions": permissions}
    return Reply({"id": KV, "properties": {"enableRbacAuthorization": False, "accessPolicies": [entry]}})


@pytest.mark.parametrize(
    ("reply", "secrets", "keys"),
    [
        (policies_for(BACKUP, secrets=ALL, keys=ALL), True, True),
        (policies_for(BACKUP.upper(), secrets=["all"]), True, False),
        (policies_for(BACKUP, secrets=["get", "list"], keys=ALL), False, True),
        (policies_for("somebody else", secrets=ALL, keys=ALL), False, False),
        (Reply({"id": KV, "properties": {}}), False, False),
    ],
)
async def test_access_policies_must_hold_all_three_rights(
    hazards: AzureHazards, stub: Stub, reply: Reply, secrets: bool, keys: bool
) -> None:
    found = await one(hazards, stub, reply)
    assert isinstance(found, KeyVaultAccess)
    assert (found.secrets, found.keys) == (secrets, keys)
    assert bool(found.why) is not (secrets and keys)


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ((), (False, False)),
        ((ADMINISTRATOR.upper(),), (True, True)),
        ((SECRETS,), (True, False)),
        ((SECRETS, CRYPTO), (True, True)),
        (("a-role-of-their-own",), None),
        ((SECRETS, "a-role-of-their-own"), None),
        ((ADMINISTRATOR, "a-role-of-their-own"), (True, True)),
    ],
)
async def test_roles_count_on_a_key_vault_with_rbac_and_others_are_not_judged(
    hazards: AzureHazards, stub: Stub, roles: tuple[str, ...], expected: tuple[bool, bool] | None
) -> None:
    rbac = Reply({"id": KV, "properties": {"enableRbacAuthorization": True, "accessPolicies": []}})
    found = await one(hazards, stub, rbac, *roles)
    if expected is None:
        assert isinstance(found, Unread)
    else:
        assert isinstance(found, KeyVaultAccess)
        assert (found.secrets, found.keys) == expected
    asked = next(each for each in stub.seen if each.path.lower() == ROLES.lower())
    assert asked.query["$filter"] == f"assignedTo('{BACKUP}') and atScope()"


async def test_a_key_vault_that_is_gone_lets_nobody_in_and_one_that_is_hidden_is_not_known(
    hazards: AzureHazards, stub: Stub
) -> None:
    error = {"error": {"code": "ResourceNotFound", "message": "no"}}
    gone = await one(hazards, stub, Reply(error, 404))
    assert gone == KeyVaultAccess(secrets=False, keys=False, why="the key vault does not exist")
    hidden = {"error": {"code": "SubscriptionNotFound", "message": "no"}}
    assert isinstance(await one(hazards, stub, Reply(hidden, 404)), Unread)
    assert isinstance(await one(hazards, stub, Reply({"id": KV, "properties": {"accessPolicies": [1]}})), Unread)


async def test_an_id_that_is_none_of_a_key_vault_is_never_asked_for(hazards: AzureHazards, stub: Stub) -> None:
    stub.on("GET", PRINCIPALS, Reply({"value": [{"id": BACKUP}]}))
    wrong = f"{KV}/secrets/x?y=z"
    found = await hazards.look([], [wrong])
    assert isinstance(found.key_vaults[wrong.lower()], Unread)
    assert [each.path for each in stub.seen] == [PRINCIPALS]


async def test_a_tenant_that_does_not_know_the_service_lets_it_into_no_key_vault(
    hazards: AzureHazards, stub: Stub
) -> None:
    stub.on("GET", PRINCIPALS, Reply({"value": []}))
    found = (await hazards.look([], [KV])).key_vaults[KV]
    assert isinstance(found, KeyVaultAccess)
    assert not found.secrets


async def test_the_directorys_failures_are_told_apart(connection: Connection, stub: Stub) -> None:
    for status in (429, 500, 503):
        stub.fail("GET", PRINCIPALS, status, "Busy")
        with pytest.raises(RetryLaterError):
            await object_id_of(connection, "app")
    for reply in (Reply({"value": [1]}), Reply({}), Reply([])):
        stub.on("GET", PRINCIPALS, reply)
        with pytest.raises(PermanentError):
            await object_id_of(connection, "app")
    stub.on("GET", PRINCIPALS, hang_up)
    with pytest.raises(RetryLaterError):
        await object_id_of(connection, "app")
    stub.on("GET", PRINCIPALS, a_web_page)
    with pytest.raises((PermanentError, RetryLaterError)):
        await object_id_of(connection, "app")


POINTS = f"{ITEM}/recoveryPoints"


def point(at: str, kind: str = "AppConsistent") -> dict[str, Any]:
    body = {"objectType": "IaasVMRecoveryPoint", "recoveryPointTime": at, "recoveryPointType": kind}
    return {"id": f"{POINTS}/{at}", "properties": body}


async def test_the_latest_point_counts_whatever_the_order(
    connection: Connection, stub: Stub, clock: StandingClock
) -> None:
    at = [clock.moment.replace(hour=hour) for hour in (1, 3, 2)]
    nodes = [point(each.isoformat(), str(each.hour)) for each in at]
    stub.on(
        "GET", POINTS, Reply({"value": nodes[:2], "nextLink": f"{stub.base}{POINTS}?p=2"}), Reply({"value": nodes[2:]})
    )
    points = AzureRecoveryPoints(connection)
    item = Protection(ProtectionState.PROTECTED, ITEM, recovery_point=at[1])
    assert await points.latest_point(item) == RecoveryPoint(at[1], "3")
    wanted = "startDate eq '2026-10-31 03:00:00 AM' and endDate eq '2026-11-02 03:00:00 AM'"
    assert stub.seen[0].query["$filter"] == wanted
    await points.latest_point(Protection(ProtectionState.PROTECTED, ITEM))
    assert "$filter" not in stub.seen[-1].query


async def test_an_item_without_points_or_without_being_has_none(connection: Connection, stub: Stub) -> None:
    points = AzureRecoveryPoints(connection)
    item = Protection(ProtectionState.PROTECTED, ITEM)
    stub.on("GET", POINTS, Reply({"value": []}))
    assert await points.latest_point(item) is None
    stub.fail("GET", POINTS, 404, "ResourceNotFound")
    assert await points.latest_point(item) is None
    assert await points.latest_point(Protection(ProtectionState.NONE)) is None
    stub.fail("GET", POINTS, 503, "Busy")
    with pytest.raises(RetryLaterError):
        await points.latest_point(item)
    with pytest.raises(PermanentError):
        await points.latest_point(Protection(ProtectionState.PROTECTED, "/subscriptions/nonsense"))
