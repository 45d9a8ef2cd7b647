"""Backup policies over HTTP: what is written is taken by the service, reads back equal, and is seen in bulk."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.adapters.azure.backup import AzureBackup
from shared.adapters.azure.connection import Connection
from shared.adapters.azure.inventory import ResourceGraphInventory
from shared.adapters.clock import VirtualClock
from shared.domain.azure_answers import OperationStatus, Scope
from shared.domain.backup_policy import BackupPolicy, KeptFor, PointsKept
from shared.domain.backup_policy_comparing import differences, may_move
from shared.domain.backup_policy_words import in_words
from shared.domain.model import Vault
from shared.errors import PermanentError
from simulator.server import running
from tests.backup_policies import backup_policies, policy_of


@dataclass
class Adapters:
    """One connection and what speaks through it."""

    connection: Connection
    clock: VirtualClock
    inventory: ResourceGraphInventory
    backup: AzureBackup
    vaults: tuple[Vault, ...]

    async def policy(self, vault: Vault, name: str) -> BackupPolicy:
        """One policy, by the vault's own list."""
        [found] = [each for each in await self.backup.backup_policies(vault.id.text) if each.name == name]
        return found

    async def finish(self, url: str) -> OperationStatus:
        """Follow an operation to its end, jumping over the time between."""
        status = await self.backup.operation(url)
        while status.running:
            await self.clock.wait_until(self.clock.now() + timedelta(seconds=5))
            status = await self.backup.operation(url)
        return status


@pytest.fixture
async def azure() -> AsyncIterator[Adapters]:
    async with running(vms=60, subscriptions=2, seed=7) as (url, _), Connection(url) as connection:
        subscriptions = await connection.first_contact()
        clock = VirtualClock(connection)
        inventory = ResourceGraphInventory(connection, clock, subscriptions)
        backup = AzureBackup(connection, clock)
        yield Adapters(connection, clock, inventory, backup, await inventory.vaults(Scope()))


async def test_the_policies_of_a_new_vault_are_understood(azure: Adapters) -> None:
    found = {each.name: in_words(each) for each in await azure.backup.backup_policies(azure.vaults[0].id.text)}
    kept = "daily points kept 30 days; snapshots for instant restore kept 2 days"
    assert found["DefaultPolicy"] == f"every day at 23:00 UTC; {kept}"
    assert found["EnhancedPolicy"] == f"every 4 hours from 08:00 UTC for 12 hours; {kept}"
    assert found["HourlyLogBackup"] == "not a policy for virtual machines"


async def test_both_ways_show_the_same_policies(azure: Adapters) -> None:
    await azure.backup.put_backup_policy(azure.vaults[0].id.text, policy_of({"name": "gold", "timeZone": "UTC"}))
    await azure.clock.wait_until(azure.clock.now() + timedelta(hours=8))  # Resource Graph lags
    in_bulk = await azure.inventory.backup_policies(Scope())
    assert in_bulk.keys() == {vault.id.key for vault in azure.vaults}
    for vault in azure.vaults:
        by_arm = await azure.backup.backup_policies(vault.id.text)
        assert set(in_bulk[vault.id.key]) == {replace(each, protected_items=None) for each in by_arm}
    assert "gold" in {each.name for each in in_bulk[azure.vaults[0].id.key]}


@settings(
    max_examples=1, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(drawn=st.lists(backup_policies(), min_size=40, max_size=40))
async def test_what_is_written_is_taken_and_reads_back_equal(azure: Adapters, drawn: list[BackupPolicy]) -> None:
    vault = azure.vaults[0]
    for number, each in enumerate(drawn):
        policy = replace(each, name=f"gold-{number:02}")
        assert (await azure.backup.put_backup_policy(vault.id.text, policy)).operation_url == ""
    read = {each.name: each for each in await azure.backup.backup_policies(vault.id.text)}
    for number, each in enumerate(drawn):
        found = read[f"gold-{number:02}"]
        assert differences(found, each) == ()
        assert (found.protected_items, found.not_understood) == (0, "")


async def test_a_change_of_a_policy_with_items_is_followed_to_its_end(azure: Adapters) -> None:
    by_use = [(vault, await azure.policy(vault, "DefaultPolicy")) for vault in azure.vaults]
    vault, before = max(by_use, key=lambda each: each[1].protected_items or 0)
    assert before.protected_items
    longer = replace(before, points=PointsKept(KeptFor(60)))
    assert may_move(before, longer) == ""
    sent = azure.connection.requests["PUT backupPolicies"]
    accepted = await azure.backup.put_backup_policy(vault.id.text, longer)
    assert accepted.operation_url
    assert differences(await azure.policy(vault, "DefaultPolicy"), longer) != ()
    assert (await azure.finish(accepted.operation_url)).status == "Succeeded"
    assert await azure.policy(vault, "DefaultPolicy") == longer
    assert azure.connection.requests["PUT backupPolicies"] == sent + 1


async def test_the_service_refuses_what_may_move_refuses(azure: Adapters) -> None:
    vault = azure.vaults[0]
    enhanced = await azure.policy(vault, "EnhancedPolicy")
    standard = replace(policy_of({"name": "gold", "retain": {"daily": "P30D"}}), name="EnhancedPolicy")
    assert may_move(enhanced, standard) == "from Enhanced to Standard there is no way"
    with pytest.raises(PermanentError) as caught:
        await azure.backup.put_backup_policy(vault.id.text, standard)
    assert caught.value.code == "BMSUserErrorInvalidPolicyInput"
    assert await azure.policy(vault, "EnhancedPolicy") == enhanced


async def test_what_is_not_understood_is_never_sent(azure: Adapters) -> None:
    before = azure.connection.requests["PUT backupPolicies"]
    with pytest.raises(PermanentError):
        await azure.backup.put_backup_policy(azure.vaults[0].id.text, BackupPolicy("gold", not_understood="?"))
    assert azure.connection.requests["PUT backupPolicies"] == before
