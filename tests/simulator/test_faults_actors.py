"""Other actors: what they do is done by Azure's own rules, and the verdict knows what is right afterwards."""

from typing import Any

import pytest

from tests.simulator.client import Client, item_of

VM_READ, ASK, PROTECT = "GET virtualMachines", "POST backupStatus", "PUT protectedItems"


async def given(azure: Client, *rules: dict[str, Any]) -> None:
    assert (await azure.ask("POST", "/_sim/faults", list(rules))).status == 201


@pytest.fixture
async def label(azure: Client) -> dict[str, Any]:
    """An unprotected VM's label, with a vault for it."""
    found = dict(await azure.label("plain-unprotected"))
    return found | {"vault": await azure.vault_for(found["vmId"])}


async def standing(azure: Client, label: dict[str, Any]) -> dict[str, Any]:
    [found] = [each for each in await azure.labels() if each["vmId"] == label["vmId"]]
    return dict(found)


async def wrong(azure: Client) -> list[str]:
    return [each["why"] for each in (await azure.get("/_sim/check"))["wrongWrites"]]


async def is_missed(azure: Client, label: dict[str, Any]) -> bool:
    return label["vmId"] in [each["vmId"] for each in (await azure.get("/_sim/check"))["missed"]]


async def last_deed(azure: Client) -> dict[str, Any]:
    return dict((await azure.get("/_sim/faults"))["deeds"][-1])


@pytest.mark.parametrize("vault", ["same", "other"])
async def test_somebody_protects_the_vm_first(azure: Client, label: dict[str, Any], vault: str) -> None:
    await given(azure, {"fault": "actor", "deed": "protect", "vault": vault, "operation": PROTECT, "nth": 1})
    refused = await azure.protect(label["vmId"], label["vault"])
    assert refused.status in (400, 409), refused
    assert (await last_deed(azure))["status"] == 202
    assert await wrong(azure) == []  # nobody could know
    status = await azure.backup_status(label["vmId"])
    assert status["protectionStatus"] == "Protecting"
    assert ("rsv-other-team" in status["vaultId"]) is (vault == "other")
    await azure.until_idle()
    assert (await standing(azure, label))["why"] == "NO_RECOVERY_POINT"
    assert await is_missed(azure, label)
    assert (await azure.back_up(label["vmId"], status["vaultId"])).status == 202
    assert not await is_missed(azure, label)
    assert await wrong(azure) == []
    await azure.protect(label["vmId"], label["vault"])
    assert len(await wrong(azure)) == 1  # by now it could know


async def test_somebody_protects_it_under_another_backup_policy(azure: Client, label: dict[str, Any]) -> None:
    rule = {"fault": "actor", "deed": "protect", "backupPolicy": "EnhancedPolicy", "operation": VM_READ}
    await given(azure, rule | {"vmId": label["vmId"], "nth": 1})
    await azure.get(label["vmId"])
    found = await standing(azure, label)
    assert (found["expect"], found["why"]) == ("report", "OTHER_BACKUP_POLICY")
    assert not await is_missed(azure, label)


@pytest.mark.parametrize(("deed", "why"), [("stop", "PROTECTION_STOPPED"), ("delete-backup", "SOFT_DELETED")])
async def test_somebody_ends_the_backup(azure: Client, label: dict[str, Any], deed: str, why: str) -> None:
    await azure.protect(label["vmId"], label["vault"])
    await azure.until_idle()
    await given(azure, {"fault": "actor", "deed": deed, "operation": ASK, "nth": 1})
    assert (await azure.backup_status(label["vmId"]))["protectionStatus"] == "Protected"
    await azure.until_idle() if deed == "stop" else await azure.advance()
    item = (await azure.get(item_of(label["vault"], label["vmId"])))["properties"]
    assert item["protectionState"] == "ProtectionStopped"
    assert bool(item.get("isScheduledForDeferredDelete")) is (deed == "delete-backup")
    assert (await standing(azure, label))["why"] == why
    assert not await is_missed(azure, label)
    assert await wrong(azure) == []


async def test_what_was_never_protected_cannot_be_stopped(azure: Client, label: dict[str, Any]) -> None:
    await given(azure, {"fault": "actor", "deed": "stop", "operation": VM_READ})
    await azure.get(label["vmId"])
    deed = await last_deed(azure)
    assert (deed["status"], deed["note"]) == (0, "the VM has no backup in force")
    assert (await standing(azure, label))["expect"] == "protect"


async def test_somebody_opts_the_vm_out(azure: Client, label: dict[str, Any]) -> None:
    await given(azure, {"fault": "actor", "deed": "opt-out", "operation": PROTECT, "nth": 1})
    assert (await azure.protect(label["vmId"], label["vault"])).status == 202
    await azure.until_idle()
    assert await wrong(azure) == []  # it came between the read and the write
    assert "reason=moved-away" in (await azure.get(label["vmId"]))["tags"]["backup-opt-out"]
    await azure.back_up(label["vmId"], label["vault"])
    assert await wrong(azure) == ["touches a VM that is to be left alone (OPTED_OUT)"]
    assert not await is_missed(azure, label)


@pytest.mark.parametrize("kind", ["opt-out-too-long", "opt-out-expired", "opt-out-malformed"])
async def test_opting_out_replaces_an_earlier_tag_in_whatever_case(azure: Client, kind: str) -> None:
    vm = (await azure.label(kind))["vmId"]
    await azure.ask("PATCH", vm, {"tags": {"Backup-Opt-Out": "nonsense", "app": "x"}})
    await given(azure, {"fault": "actor", "deed": "opt-out", "operation": VM_READ, "nth": 1})
    tags = (await azure.get(vm))["tags"]
    assert sorted(tags) == ["app", "backup-opt-out"]
    assert tags["backup-opt-out"].startswith("reason=moved-away; until=")


async def test_where_opting_out_is_forbidden_the_vm_is_still_to_be_protected(azure: Client) -> None:
    label = await azure.label("prod")
    await given(azure, {"fault": "actor", "deed": "opt-out", "operation": VM_READ})
    await azure.get(label["vmId"])
    assert (await last_deed(azure))["status"] == 200
    assert (await standing(azure, label))["expect"] == "protect"


async def test_somebody_deletes_the_vm(azure: Client, label: dict[str, Any]) -> None:
    await given(azure, {"fault": "actor", "deed": "delete-vm", "operation": PROTECT, "nth": 1})
    reply = await azure.protect(label["vmId"], label["vault"])
    assert (reply.status, reply.code) == (400, "UserErrorVmNotInDesirableState")
    assert await wrong(azure) == []
    assert (await azure.get(label["vmId"]))["properties"]["provisioningState"] == "Deleting"
    await azure.protect(label["vmId"], label["vault"])
    assert await wrong(azure) == ["touches a VM that is to be left alone (VM_BEING_DELETED)"]
    await azure.until_idle()
    assert (await azure.ask("GET", label["vmId"])).status == 404
    assert not await is_missed(azure, label)


async def test_somebody_locks_the_vault_for_a_while(azure: Client, label: dict[str, Any]) -> None:
    await given(azure, {"fault": "actor", "deed": "lock", "forSeconds": 600, "operation": PROTECT, "nth": 1})
    # The lock comes with the request that it strikes, which is let in by then; the next one meets it.
    first = await azure.protect(label["vmId"], label["vault"])
    assert first.status in (202, 409)
    [lock] = (await azure.get("/_sim/faults"))["locks"]
    locked = lock["scope"]
    reply = await azure.protect(label["vmId"], locked)
    assert (reply.status, reply.code) == (409, "ScopeLocked")
    assert locked in reply.body["error"]["message"]
    assert (await azure.ask("GET", locked)).status == 200
    assert not await is_missed(azure, label)
    await azure.until_idle()
    assert (await azure.get("/_sim/faults"))["locks"] == []
    assert await is_missed(azure, label)  # by now it could be done
    assert (await azure.ask("GET", locked)).status == 200


async def test_somebody_acts_at_a_moment(azure: Client, label: dict[str, Any]) -> None:
    await given(azure, {"fault": "actor", "deed": "opt-out", "vmId": label["vmId"], "afterSeconds": 300})
    assert "backup-opt-out" not in ((await azure.get(label["vmId"])).get("tags") or {})
    await azure.advance()
    assert "backup-opt-out" in (await azure.get(label["vmId"]))["tags"]
    [rule] = (await azure.get("/_sim/faults"))["rules"]
    assert (rule["struck"], rule["byOperation"]) == (1, {"moment": 1})


async def test_what_was_written_before_the_deed_stays_right(azure: Client, label: dict[str, Any]) -> None:
    await azure.protect(label["vmId"], label["vault"])
    await azure.until_idle()
    await azure.back_up(label["vmId"], label["vault"])
    await given(azure, {"fault": "actor", "deed": "opt-out", "operation": VM_READ, "nth": 1})
    await azure.get(label["vmId"])
    found = await standing(azure, label)
    assert (found["expect"], found["why"]) == ("untouched", "PROTECTED")
    assert await wrong(azure) == []


async def test_a_deed_is_counted_as_the_estates(azure: Client, label: dict[str, Any]) -> None:
    await azure.ask("POST", "/_sim/counts/reset")
    await given(azure, {"fault": "actor", "deed": "opt-out", "operation": VM_READ, "nth": 1})
    await azure.get(label["vmId"])
    counts = await azure.get("/_sim/counts")
    assert (counts["estate"], counts["writes"]) == (1, 0)
