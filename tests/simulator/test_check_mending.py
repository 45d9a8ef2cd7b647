"""The verdict where a label asks for an item to be mended, and where a run may make vaults and backup policies."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.control.check import ALLOWABLE, STEPS, Machine, Protection, check
from simulator.control.ledger import Write
from simulator.core.labels import Expect, Label
from simulator.world import World
from tests.simulator.client import Client, item_of, protect_body

NOW = datetime(2026, 3, 1, tzinfo=UTC)
VM = "/subscriptions/s/resourceGroups/G/providers/Microsoft.Compute/virtualMachines/a"
GOOD = Protection("s", "weu", "gold", ())


def label(expect: Expect) -> Label:
    return Label(VM, "given", expect, "GIVEN", "Gold")


def put(change: str, status: int = 202) -> Write:
    return Write(1, NOW, "PUT", "/p", "PUT protectedItems", VM, status, change != "protect", change)


def wrong(expect: Expect, *writes: Write) -> list[str]:
    machines = {VM.lower(): Machine("s", "weu", (GOOD,))}
    return [each["why"] for each in check([label(expect)], machines, writes)["wrongWrites"]]


@pytest.mark.parametrize("expect", ["undelete", "resume", "change-policy"])
def test_each_step_once_and_in_order_is_right(expect: Expect) -> None:
    assert wrong(expect, *(put(step) for step in STEPS[expect])) == []


@pytest.mark.parametrize(
    ("expect", "changes", "why"),
    [
        ("undelete", ["resume"], "resume where undelete was asked for"),
        ("undelete", ["undelete", "undelete", "resume"], "a second undelete"),
        ("undelete", ["undelete", "resume", "resume"], "a second resume"),
        ("undelete", ["undelete", "resume", "change-policy"], "change-policy where nothing more was asked for"),
        ("resume", ["undelete", "resume"], "undelete where resume was asked for"),
        ("resume", ["protect", "resume"], "protect where resume was asked for"),
        ("change-policy", ["stop", "change-policy"], "stop where change-policy was asked for"),
        ("change-policy", ["change-policy", "change-policy"], "a second change-policy"),
    ],
)
def test_any_other_change_is_wrong(expect: Expect, changes: list[str], why: str) -> None:
    assert wrong(expect, *map(put, changes)) == [why]


def test_what_was_refused_may_come_again_and_what_no_service_has_read_is_nobodys_fault() -> None:
    assert wrong("resume", put("resume", 409), put("", 429), put("resume")) == []
    assert wrong("resume", replace(put("resume"), in_vain=True), put("resume")) == []
    assert wrong("resume", replace(put("protect"), overtaken=True), put("resume")) == []


def test_a_backup_is_wrong_only_where_there_is_a_recovery_point() -> None:
    backup = Write(1, NOW, "POST", "/p", "POST backup", VM, 202)
    assert wrong("resume", put("resume"), backup) == []
    assert wrong("resume", put("resume"), replace(backup, needless=True)) == [
        "a backup of an item that has a recovery point"
    ]
    deleted = Write(1, NOW, "DELETE", "/p", "DELETE protectedItems", VM, 202)
    assert wrong("resume", deleted) == ["no part of what was asked for (resume)"]


@pytest.mark.parametrize("expect", ["undelete", "resume", "change-policy"])
@pytest.mark.parametrize(
    ("protections", "why"),
    [
        ((), "0 active"),
        ((replace(GOOD, policy="silver"),), "policy silver"),
        ((replace(GOOD, vault_subscription="t"),), "another subscription"),
        ((GOOD,), None),
    ],
)
def test_an_item_that_is_not_mended_is_missed(
    expect: Expect, protections: tuple[Protection, ...], why: str | None
) -> None:
    missed = check([label(expect)], {VM.lower(): Machine("s", "weu", protections)}, [])["missed"]
    assert [why in each["why"] for each in missed] == ([True] if why else [])


operations = st.sampled_from(
    [
        "PUT vaults",
        "PUT backupPolicies",
        "PATCH vaultstorageconfig",
        "PUT vaultstorageconfig",
        "DELETE vaults",
        "PATCH vaults",
    ]
)


@given(st.lists(operations, max_size=6), st.sets(st.sampled_from(sorted(ALLOWABLE))))
def test_a_write_of_no_vm_is_right_where_its_kind_is_allowed_and_nowhere_else(
    names: list[str], allow: set[str]
) -> None:
    writes = [Write(1, NOW, name.split()[0], "/p", name, None, 200) for name in names]
    kinds = {operation for word in allow for operation in ALLOWABLE[word]}
    found = check([], {}, writes, allow)["wrongWrites"]
    assert [each["operation"] for each in found] == [name for name in names if name not in kinds]
    assert all(each["why"] == "belongs to no VM" for each in found)


async def test_an_item_is_undeleted_resumed_and_moved_as_its_label_asks(served: tuple[Client, World]) -> None:
    azure, world = served
    wanted = {"soft-deleted": "undelete", "stopped": "resume", "other-policy": "change-policy"}
    given = [
        {"vmId": (await azure.label(kind))["vmId"], "expect": expect, "backupPolicy": "EnhancedPolicy"}
        for kind, expect in wanted.items()
    ]
    for each in given:
        for item in world.state.vm_items(each["vmId"]):
            item.policy = "DefaultPolicy" if item.policy else ""
    set_to = await azure.ask("POST", "/_sim/labels", {"labels": given})
    assert [each["expect"] for each in set_to.body] == list(wanted.values())
    ours = {each["vmId"] for each in given}
    assert ours <= {each["vmId"] for each in (await azure.get("/_sim/check"))["missed"]}
    for each in given:
        vm = each["vmId"]
        vault = world.state.vaults[world.state.vm_items(vm)[0].vault].id
        if each["expect"] == "undelete":
            body = protect_body(vm, "")
            body["properties"] |= {"isRehydrate": True, "protectionState": "ProtectionStopped"}
            assert (await azure.ask("PUT", item_of(vault, vm), body)).status == 202
            await azure.until_idle()
        assert (await azure.protect(vm, vault, "EnhancedPolicy")).status == 202
        await azure.until_idle()
    verdict = await azure.get("/_sim/check")
    assert ours.isdisjoint(each["vmId"] for each in verdict["missed"])
    assert verdict["wrongWrites"] == []
    vm = given[0]["vmId"]
    vault = world.state.vaults[world.state.vm_items(vm)[0].vault].id
    await azure.back_up(vm, vault)
    await azure.protect(vm, vault)
    whys = [each["why"] for each in (await azure.get("/_sim/check"))["wrongWrites"]]
    assert whys == [
        "a backup of an item that has a recovery point",
        "change-policy where nothing more was asked for",
    ]


async def test_vaults_and_policies_are_right_only_where_the_question_says_so(azure: Client) -> None:
    group = (await azure.rows(f"{(await azure.rows('/subscriptions'))[0]['id']}/resourceGroups"))[0]["id"]
    vault = f"{group}/providers/Microsoft.RecoveryServices/vaults/rsv-made"
    assert (await azure.ask("PUT", vault, {"location": "westeurope", "sku": {"name": "RS0"}})).status == 201
    await azure.until_idle()
    storage = {"properties": {"storageModelType": "LocallyRedundant"}}
    assert (await azure.ask("PATCH", f"{vault}/backupstorageconfig/vaultstorageconfig", storage)).status == 204
    policy = (await azure.get(f"{vault}/backupPolicies/DefaultPolicy"))["properties"]
    assert (await azure.ask("PUT", f"{vault}/backupPolicies/gold", {"properties": policy})).status == 200

    async def told(query: str) -> list[str]:
        return [each["operation"] for each in (await azure.get(f"/_sim/check{query}"))["wrongWrites"]]

    made, stored, governed = "PUT vaults", "PATCH vaultstorageconfig", "PUT backupPolicies"
    assert await told("") == [made, stored, governed]
    assert await told("?allow=vault") == [governed]
    assert await told("?allow=policy") == [made, stored]
    assert await told("?allow=vault,policy") == []
    refused = await azure.ask("GET", "/_sim/check?allow=anything")
    assert (refused.status, refused.code) == (400, "InvalidCheck")


@pytest.mark.parametrize(
    "given", [{"vmId": "x"}, {"vmId": "", "expect": "protect"}, {"vmId": "x", "expect": "wish"}, ["x"], {"vmId": 1}]
)
async def test_a_label_that_is_none_is_refused(azure: Client, given: Any) -> None:
    before = await azure.labels()
    refused = await azure.ask("POST", "/_sim/labels", {"labels": [given]})
    assert (refused.status, refused.code) == (400, "InvalidLabel")
    assert await azure.labels() == before
