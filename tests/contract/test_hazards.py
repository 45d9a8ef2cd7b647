"""What surrounds the VMs of a simulator, read over HTTP: locks, Azure Policy, key vaults, agents, recovery points."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from shared.adapters.azure.compute import AzureCompute
from shared.adapters.azure.connection import Connection
from shared.adapters.azure.hazards import AzureHazards
from shared.adapters.azure.inventory import ResourceGraphInventory
from shared.adapters.azure.recovery_points import AzureRecoveryPoints
from shared.adapters.clock import VirtualClock
from shared.bootstrap import open_backstop
from shared.domain.advice import Advice, Advisory
from shared.domain.arm_id import parse_vm_id
from shared.domain.azure_answers import Scope
from shared.domain.hazard_advice import hazard_advisories, key_vaults_of
from shared.domain.hazards import HazardsSeen
from shared.domain.model import Unread, Vm
from shared.domain.vm_health import consistency_of, expected_consistency, vm_advisories
from shared.reporting.reporter import JSON, render
from shared.settings import Settings
from simulator.server import running
from simulator.world import World
from tests.policies import compiled

HEAD = """\
version: 1
asOf: 2026-11-24T08:00:00Z
managementGroups: [{name: corp, subscriptions: [prod, test]}]
subscriptions: [{name: prod}, {name: test}]
vaults: [{name: rsv-1, subscription: prod, location: westeurope}]
"""


@dataclass
class Azure:
    connection: Connection
    clock: VirtualClock
    world: World

    async def vms(self) -> list[Vm]:
        inventory = ResourceGraphInventory(self.connection, self.clock, await self.connection.first_contact())
        return [each async for each in inventory.vms(Scope())]

    async def look(self) -> tuple[HazardsSeen, tuple[Advisory, ...]]:
        vms = await self.vms()
        hazards = AzureHazards(self.connection, self.clock)
        seen = await hazards.look({each.id.subscription_id for each in vms}, key_vaults_of(vms))
        return seen, hazard_advisories(seen, vms)

    async def told(self) -> list[tuple[str, str, str]]:
        """(code, the last part of the resource's id, detail) of all the advice."""
        _, found = await self.look()
        return [(each.advice.code, each.resource_id.rsplit("/", 1)[-1], each.detail) for each in found]

    def vm_id(self, name: str) -> str:
        return next(vm.id for vm in self.world.state.vms.values() if vm.name == name)


@asynccontextmanager
async def azure(folder: Path, text: str) -> AsyncIterator[Azure]:
    file = folder / "estate.yaml"
    file.write_text(HEAD + text, encoding="utf-8")
    async with running(estate=file) as (url, world), Connection(url) as connection:
        await connection.first_contact()
        yield Azure(connection, VirtualClock(connection), world)


VM = "virtualMachines: [{name: web, subscription: prod}]\n"


async def test_an_estate_without_hazards_gives_no_advice(tmp_path: Path) -> None:
    async with azure(tmp_path, VM) as here:
        seen, found = await here.look()
        assert found == ()
        assert list(seen.locks.values()) == [()]
        assert seen.key_vaults == {}


async def test_locks_on_the_groups_of_azure_backup_are_found_and_others_are_not(tmp_path: Path) -> None:
    text = """\
resourceGroups:
  - {name: AzureBackupRG_westeurope_1, subscription: prod}
  - {name: rg-app, subscription: prod}
locks:
  - {name: keep, subscription: prod, resourceGroup: AzureBackupRG_westeurope_1}
  - {name: app, subscription: prod, resourceGroup: rg-app, level: ReadOnly}
  - {name: whole, subscription: test, level: ReadOnly}
virtualMachines: [{name: web, subscription: prod}, {name: lab, subscription: test}]
"""
    async with azure(tmp_path, text) as here:
        assert sorted(await here.told()) == [
            ("LOCK_ON_BACKUP_GROUP", "AzureBackupRG_westeurope_1", "CanNotDelete lock keep"),
            (
                "LOCK_ON_BACKUP_GROUP",
                "whole",
                "ReadOnly lock whole on the whole subscription, so on every such group",
            ),
        ]


async def test_a_policy_that_denies_untagged_groups_is_found_wherever_it_is_assigned(tmp_path: Path) -> None:
    text = """\
policyDefinitions:
  - name: naming
    subscription: prod
    mode: All
    rule:
      if:
        allOf:
          - {field: type, equals: Microsoft.Resources/subscriptions/resourceGroups}
          - {field: name, notLike: "rg-*"}
      then: {effect: deny}
policyAssignments:
  - {name: owners, managementGroup: corp, definition: Require a tag on resource groups, parameters: {tagName: owner}}
  - {name: naming, subscription: prod, definition: naming}
  - {name: sleeping, subscription: prod, definition: naming, enforce: false}
  - {name: resources, subscription: prod, definition: Require a tag on resources, parameters: {tagName: owner}}
  - name: places
    subscription: prod
    definition: Allowed locations for resource groups
    parameters: {listOfAllowedLocations: [westeurope]}
virtualMachines:
  - {name: web, subscription: prod}
  - {name: far, subscription: prod, location: eastus, resourceGroup: rg-far}
"""
    async with azure(tmp_path, text) as here:
        assert sorted(await here.told()) == [
            ("POLICY_DENIES_BACKUP_GROUP", "naming", "naming, in eastus, westeurope"),
            ("POLICY_DENIES_BACKUP_GROUP", "owners", "owners, in eastus, westeurope"),
            ("POLICY_DENIES_BACKUP_GROUP", "places", "places, in eastus"),
        ]


async def test_the_key_vaults_of_encrypted_vms_are_held_to_what_the_backup_service_needs(tmp_path: Path) -> None:
    text = """\
keyVaults:
  - {name: kv-all, subscription: prod, backupAccess: all}
  - {name: kv-secrets, subscription: prod, backupAccess: secrets}
  - {name: kv-none, subscription: prod}
  - {name: kv-roles, subscription: prod, rbac: true, backupAccess: all}
  - {name: kv-no-role, subscription: prod, rbac: true}
virtualMachines:
  - {name: a, subscription: prod, diskEncryption: {keyVault: kv-all, keyEncryptionKey: true}}
  - {name: b, subscription: prod, diskEncryption: {keyVault: kv-secrets, keyEncryptionKey: true}}
  - {name: c, subscription: prod, diskEncryption: {keyVault: kv-secrets}}
  - {name: d, subscription: prod, diskEncryption: {keyVault: kv-none}}
  - {name: e, subscription: prod, diskEncryption: {keyVault: kv-roles, keyEncryptionKey: true}}
  - {name: f, subscription: prod, diskEncryption: {keyVault: kv-no-role}}
"""
    async with azure(tmp_path, text) as here:
        missing = "KEY_VAULT_ACCESS_MISSING"
        no_role = "the backup service has no role there that holds what it needs"
        assert await here.told() == [
            (missing, "kv-secrets", "keys of VM b: its access policies lack backup, get, list"),
            (missing, "kv-none", "secrets of VM d: its access policies lack backup, get, list"),
            (missing, "kv-no-role", f"secrets of VM f: {no_role}"),
        ]
        _, found = await here.look()
        assert [each.vm and each.vm.name for each in found] == ["b", "d", "f"]


async def test_what_cannot_be_read_is_told_and_never_taken_for_harmless(tmp_path: Path) -> None:
    text = """\
keyVaults: [{name: kv-1, subscription: prod, backupAccess: all}]
virtualMachines: [{name: web, subscription: prod, diskEncryption: {keyVault: kv-1}}]
"""
    async with azure(tmp_path, text) as here:
        hazards = AzureHazards(here.connection, here.clock)
        [vm] = await here.vms()
        stranger = "99999999-9999-4999-8999-999999999999"
        seen = await hazards.look([stranger], ["/subscriptions/x/not-a-key-vault"])
        assert isinstance(seen.locks[stranger], Unread)
        codes = [each.advice for each in hazard_advisories(seen, [vm])]
        assert codes[0] is Advice.SURROUNDINGS_UNKNOWN
        assert codes[-1] is Advice.KEY_VAULT_ACCESS_UNKNOWN


async def test_agents_and_extensions_are_advised_on_as_the_platform_shows_them(tmp_path: Path) -> None:
    text = """\
virtualMachines:
  - {name: fine, subscription: prod}
  - {name: none, subscription: prod, agent: missing}
  - {name: old, subscription: prod, agent: old, osType: Windows}
  - {name: deaf, subscription: prod, agent: notReady}
  - {name: ext, subscription: prod, extensions: {VMSnapshotLinux: failed}}
  - {name: off, subscription: prod, agent: missing, powerState: deallocated}
"""
    async with azure(tmp_path, text) as here:
        compute = AzureCompute(here.connection, here.clock)
        told: dict[str, list[str]] = {}
        for name in ("fine", "none", "old", "deaf", "ext", "off"):
            vm = await compute.vm(parse_vm_id(here.vm_id(name)))
            assert vm is not None
            told[name] = [each.advice.code for each in vm_advisories(vm, here.clock.now())]
        assert told == {
            "fine": [],
            "none": ["AGENT_MISSING"],
            "old": ["AGENT_OLD"],
            "deaf": ["AGENT_NOT_READY"],
            "ext": ["BACKUP_EXTENSION_FAILED"],
            "off": [],
        }
        swept = {vm.id.name: vm_advisories(vm, here.clock.now()) for vm in await here.vms()}
        assert set(swept.values()) == {()}


async def test_the_latest_recovery_point_is_as_consistent_as_the_vms_state_let_expect(tmp_path: Path) -> None:
    text = """\
virtualMachines:
  - {name: linux, subscription: prod}
  - {name: windows, subscription: prod, osType: Windows}
  - {name: stopped, subscription: prod, powerState: deallocated}
protectedItems:
  - {vm: linux, vault: rsv-1}
  - {vm: windows, vault: rsv-1}
  - {vm: stopped, vault: rsv-1}
"""
    async with azure(tmp_path, text) as here:
        inventory = ResourceGraphInventory(here.connection, here.clock, await here.connection.first_contact())
        compute, points = AzureCompute(here.connection, here.clock), AzureRecoveryPoints(here.connection)
        count = 0
        async for key, item in inventory.protections(Scope()):
            vm, point = await compute.vm(parse_vm_id(key)), await points.latest_point(item)
            assert vm is not None
            assert point is not None
            assert point.at == item.recovery_point
            assert consistency_of(point.kind) is expected_consistency(vm) is not None
            count += 1
        assert count == 3


async def test_a_sweep_keeps_all_of_it_and_the_report_tells_it(tmp_path: Path) -> None:
    text = """\
resourceGroups: [{name: AzureBackupRG_westeurope_1, subscription: prod}]
locks: [{name: keep, subscription: prod, resourceGroup: AzureBackupRG_westeurope_1}]
keyVaults: [{name: kv-1, subscription: prod}]
virtualMachines: [{name: web, subscription: prod, diskEncryption: {keyVault: kv-1}}]
protectedItems: [{vm: web, vault: rsv-1}]
"""
    async with azure(tmp_path, text) as here:
        settings = Settings(endpoint=here.connection.endpoint, state_dir=tmp_path / "state")
        async with open_backstop(settings, compiled("rules: [{name: all, priority: 1, match: {}}]")) as backstop:
            await backstop.sweeper.sweep(Scope(), "run")
            report = await backstop.reporter.report()
        counts = {group.advice.code: group.count for group in report.advice}
        assert counts["LOCK_ON_BACKUP_GROUP"] == counts["KEY_VAULT_ACCESS_MISSING"] == 1
        data = json.loads(render(report)[JSON])
        assert data["advice"] == counts
        assert len(data["advisories"]) == sum(counts.values())
        [vm] = data["vms"]
        assert vm["advisories"] == ["KEY_VAULT_ACCESS_MISSING"]
        assert vm["protection"]["recoveryPointAgeHours"] == 8
