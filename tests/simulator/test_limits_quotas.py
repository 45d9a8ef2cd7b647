"""The backup service's quotas over HTTP: each refuses before anything happens, and only what is one too many."""

from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import Any

import pytest

from simulator.server import running
from tests.simulator.client import Client, Reply, item_of, protect_body

DAY = timedelta(days=1)


async def limit(azure: Client, **limits: Any) -> None:
    reply = await azure.ask("PUT", "/_sim/limits", {name.replace("_", "-"): value for name, value in limits.items()})
    assert reply.status == 200, reply


async def refused(azure: Client, name: str) -> int:
    return int((await azure.get("/_sim/limits"))["limits"][name]["refused"])


async def settle(azure: Client, seconds: float = 120) -> None:
    """Let what was accepted come to its end."""
    await until(azure, datetime.fromisoformat((await azure.get("/_sim/clock"))["now"]) + timedelta(seconds=seconds))


async def until(azure: Client, moment: datetime) -> None:
    while datetime.fromisoformat((await azure.advance(moment.isoformat()))["now"]) < moment:
        pass


async def next_day(azure: Client) -> None:
    now = datetime.fromisoformat((await azure.get("/_sim/clock"))["now"])
    await until(azure, (now + DAY).replace(hour=0, minute=0, second=0, microsecond=0))


@pytest.fixture
async def place(azure: Client) -> tuple[str, list[str]]:
    """A vault, and VMs without a backup that it can protect."""
    found: dict[str, list[str]] = {}
    for label in await azure.labels():
        if label["kind"] in ("plain-unprotected", "no-tags", "prod", "gallery-image"):
            found.setdefault(await azure.vault_for(label["vmId"]), []).append(label["vmId"])
    vault, vms = max(found.items(), key=lambda each: len(each[1]))
    assert len(vms) >= 3
    return vault, vms


async def vm_items(azure: Client, vault: str) -> list[Any]:
    return await azure.rows(f"{vault}/backupProtectedItems?$filter=backupManagementType eq 'AzureIaasVM'")


async def is_refused(azure: Client, vm: str, reply: Reply, code: str) -> bool:
    """Whether the protect was refused with this code and has had no effect."""
    return (reply.status, reply.code) == (400, code) and (await azure.backup_status(vm))[
        "protectionStatus"
    ] == "NotProtected"


async def test_a_vault_takes_so_many_vms(azure: Client, place: tuple[str, list[str]]) -> None:
    vault, vms = place
    await limit(azure, vms_per_vault={"limit": len(await vm_items(azure, vault)) + 1})
    assert (await azure.protect(vms[0], vault)).status == 202
    assert await is_refused(azure, vms[1], await azure.protect(vms[1], vault), "UserErrorVaultLimitReached")
    assert await refused(azure, "vms-per-vault") == 1
    await limit(azure, vms_per_vault=False)
    assert (await azure.protect(vms[1], vault)).status == 202


async def test_a_vault_takes_so_many_registrations_in_a_utc_day(azure: Client, place: tuple[str, list[str]]) -> None:
    vault, vms = place
    await next_day(azure)
    await limit(azure, registrations_per_day={"limit": 1})
    assert (await azure.protect(vms[0], vault)).status == 202
    reply = await azure.protect(vms[1], vault)
    assert await is_refused(azure, vms[1], reply, "CloudDosAbsoluteLimitReached")
    assert "24 hours" in reply.body["error"]["message"]
    assert reply.body["error"]["additionalInfo"][0]["info"]["recommendedAction"]
    assert "retry-after" not in reply.headers
    await next_day(azure)
    assert (await azure.protect(vms[1], vault)).status == 202
    assert await refused(azure, "registrations-per-day") == 1


async def test_what_is_refused_for_another_reason_uses_up_no_registration(
    azure: Client, place: tuple[str, list[str]]
) -> None:
    vault, vms = place
    await limit(azure, registrations_per_day={"limit": 1})
    for _ in range(3):
        assert (await azure.protect(vms[0], vault, "nope")).code == "BMSUserErrorPolicyNotFound"
    assert (await azure.protect(vms[0], vault)).status == 202


async def test_other_vaults_have_registrations_of_their_own(azure: Client, place: tuple[str, list[str]]) -> None:
    vault, vms = place
    others = [
        (label["vmId"], await azure.vault_for(label["vmId"])) for label in await azure.labels("plain-unprotected")
    ]
    elsewhere = next(each for each in others if each[1] != vault)
    await limit(azure, registrations_per_day={"limit": 1})
    assert (await azure.protect(vms[0], vault)).status == 202
    assert (await azure.protect(*elsewhere)).status == 202


async def test_the_estates_people_use_up_the_vaults_registrations_too(
    azure: Client, place: tuple[str, list[str]]
) -> None:
    vault, vms = place
    await limit(azure, registrations_per_day={"limit": 1})
    body = protect_body(vms[0], f"{vault}/backupPolicies/DefaultPolicy")
    assert (await azure.ask("PUT", item_of(vault, vms[0]), body, {"x-sim-actor": "estate"})).status == 202
    assert (await azure.protect(vms[1], vault)).code == "CloudDosAbsoluteLimitReached"


async def test_a_policy_takes_so_many_vms_by_protecting_and_by_moving(
    azure: Client, place: tuple[str, list[str]]
) -> None:
    vault, vms = place
    under = sum(item["properties"].get("policyName") == "EnhancedPolicy" for item in await vm_items(azure, vault))
    await limit(azure, vms_per_policy={"limit": under + 1})
    assert (await azure.protect(vms[0], vault, "EnhancedPolicy")).status == 202
    reply = await azure.protect(vms[1], vault, "EnhancedPolicy")
    assert await is_refused(azure, vms[1], reply, "UserErrorPolicyVmLimitReached")
    await limit(azure, profile="off")
    assert (await azure.protect(vms[1], vault)).status == 202
    await settle(azure)
    await limit(azure, vms_per_policy={"on": True, "limit": under + 1})
    assert (await azure.protect(vms[1], vault, "EnhancedPolicy")).code == "UserErrorPolicyVmLimitReached"
    assert (await azure.protect(vms[0], vault, "EnhancedPolicy")).status == 202, "it is under this policy already"
    assert await refused(azure, "vms-per-policy") == 2


async def test_a_vault_takes_so_many_changes_in_a_day(azure: Client, place: tuple[str, list[str]]) -> None:
    vault, vms = place
    await next_day(azure)
    await limit(azure, changes_per_day={"limit": 2})
    assert (await azure.protect(vms[0], vault)).status == 202
    await settle(azure)
    assert (await azure.protect(vms[0], vault, "EnhancedPolicy")).status == 202
    await settle(azure)
    reply = await azure.protect(vms[1], vault)
    assert await is_refused(azure, vms[1], reply, "CloudDosAbsoluteLimitReached")
    assert (await azure.protect(vms[0], vault, "EnhancedPolicy")).code == "CloudDosAbsoluteLimitReached"
    await next_day(azure)
    assert (await azure.protect(vms[1], vault)).status == 202


def definition(days: int) -> dict[str, Any]:
    """A V1 policy that keeps its recovery points for so many days."""
    at = ["2026-01-01T03:00:00Z"]
    return {
        "properties": {
            "backupManagementType": "AzureIaasVM",
            "policyType": "V1",
            "instantRpRetentionRangeInDays": 2,
            "timeZone": "UTC",
            "schedulePolicy": {
                "schedulePolicyType": "SimpleSchedulePolicy",
                "scheduleRunFrequency": "Daily",
                "scheduleRunTimes": at,
            },
            "retentionPolicy": {
                "retentionPolicyType": "LongTermRetentionPolicy",
                "dailySchedule": {
                    "retentionTimes": at,
                    "retentionDuration": {"count": days, "durationType": "Days"},
                },
            },
        }
    }


async def kept(azure: Client, policy: str) -> int:
    properties = (await azure.get(policy))["properties"]
    return int(properties["retentionPolicy"]["dailySchedule"]["retentionDuration"]["count"])


async def test_the_policies_of_a_vault_are_changed_so_often_in_a_day(
    azure: Client, place: tuple[str, list[str]]
) -> None:
    vault, _ = place
    policy = f"{vault}/backupPolicies/weekly"
    await next_day(azure)
    await limit(azure, policy_edits_per_day={"limit": 2})
    assert [(await azure.ask("PUT", policy, definition(days))).status for days in (10, 11, 12)] == [200] * 3
    over = await azure.ask("PUT", policy, definition(13))
    assert (over.status, over.code) == (400, "CloudDosAbsoluteLimitReached")
    assert await kept(azure, policy) == 12
    await next_day(azure)
    assert (await azure.ask("PUT", policy, definition(13))).status == 200
    assert await kept(azure, policy) == 13


async def test_a_vault_has_so_many_policies(azure: Client, place: tuple[str, list[str]]) -> None:
    vault, _ = place
    have = len(await azure.rows(f"{vault}/backupPolicies"))
    await limit(azure, policies_per_vault={"limit": have + 1})
    assert (await azure.ask("PUT", f"{vault}/backupPolicies/first", definition(10))).status == 200
    over = await azure.ask("PUT", f"{vault}/backupPolicies/second", definition(10))
    assert (over.status, over.code) == (400, "UserErrorVaultPolicyLimitReached")
    assert len(await azure.rows(f"{vault}/backupPolicies")) == have + 1
    assert (await azure.ask("PUT", f"{vault}/backupPolicies/first", definition(11))).status == 200


async def test_a_subscription_has_so_many_vaults(azure: Client, place: tuple[str, list[str]]) -> None:
    vault, _ = place
    vaults = f"{'/'.join(vault.split('/')[:3])}/providers/Microsoft.RecoveryServices/vaults"
    have, body = len(await azure.rows(vaults)), {"location": "westeurope", "sku": {"name": "RS0"}}
    await limit(azure, vaults_per_subscription={"limit": have + 1})
    assert (await azure.ask("PUT", f"{vault}-a", body)).status == 201
    over = await azure.ask("PUT", f"{vault}-b", body)
    assert (over.status, over.code) == (400, "UserErrorSubscriptionVaultLimitReached")
    assert len(await azure.rows(vaults)) == have + 1
    assert (await azure.ask("PUT", f"{vault}-a", body)).status == 200


async def test_an_item_is_backed_up_on_demand_so_often_in_a_day(azure: Client, place: tuple[str, list[str]]) -> None:
    vault, vms = place
    await limit(azure, profile="quotas", backups_per_day={"limit": 2})
    await azure.protect(vms[0], vault)
    await next_day(azure)

    async def after(reply: Awaitable[Reply]) -> Reply:
        done = await reply
        await settle(azure, 2 * 3600)
        return done

    assert [(await after(azure.back_up(vms[0], vault))).status for _ in range(2)] == [202, 202]
    over = await azure.back_up(vms[0], vault)
    assert (over.status, over.code) == (400, "UserErrorMaxDailyBackupLimitReached")
    await limit(azure, profile="off")
    assert (await after(azure.back_up(vms[0], vault))).status == 202
    await limit(azure, profile="quotas", backups_per_day={"limit": 2})
    assert (await azure.back_up(vms[0], vault)).code == "UserErrorMaxDailyBackupLimitReached"
    await next_day(azure)
    assert (await azure.back_up(vms[0], vault)).status == 202


@pytest.mark.parametrize("name", ["vms-per-vault", "vms-per-policy", "registrations-per-day", "changes-per-day"])
async def test_a_quota_of_none_lets_nothing_in_and_switched_off_everything(
    azure: Client, place: tuple[str, list[str]], name: str
) -> None:
    vault, vms = place
    await limit(azure, **{name: {"limit": 0}})
    assert (await azure.protect(vms[0], vault)).status == 400
    await limit(azure, **{name: False})
    assert (await azure.protect(vms[0], vault)).status == 202


async def test_two_worlds_count_apart() -> None:
    async with running(vms=50, seed=1) as (_, one), running(vms=50, seed=1) as (_, two):
        vault = next(iter(one.state.vaults.values()))
        one.limits.use(one.limits.settings.changed({"policy-edits-per-day": {"limit": 1}}))
        one.limits.quotas.edit_policy(vault, one.now())
        edits = [world.limits.to_json()["limits"]["policy-edits-per-day"]["use"] for world in (one, two)]
        assert edits == [[{"key": vault.key, "count": 1}], []]
        assert two.limits.settings.whole("policy-edits-per-day") == 50
