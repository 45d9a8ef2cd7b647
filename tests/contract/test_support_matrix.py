"""The core's support matrix against the simulator's, which shares no line with it, over HTTP.

What we call unsupported, the simulator refuses under every policy. What we would protect, it accepts under the policy
that we would choose, and it refuses a Standard one where we say that an Enhanced one is needed.
"""

import random
from collections import Counter
from collections.abc import AsyncIterator
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from shared.adapters.azure.backup import AzureBackup
from shared.adapters.azure.compute import AzureCompute
from shared.adapters.azure.connection import Connection
from shared.adapters.azure.inventory import ResourceGraphInventory
from shared.adapters.clock import VirtualClock
from shared.domain.arm_id import parse_vm_id
from shared.domain.attributes import Need
from shared.domain.azure_answers import Scope
from shared.domain.model import ReasonDetail, Vm
from shared.domain.reasons import Reason
from shared.domain.support import default_policy, needs_enhanced, obstacles, unsupported
from shared.errors import PermanentError
from simulator.core.model import Vault, VirtualMachine
from simulator.core.state import classic_vm_id, vm_id
from simulator.server import running
from simulator.world import World

TB = 1024
POLICIES = ("DefaultPolicy", "EnhancedPolicy")


def data_disks(count: int, size: int | None = 100, storage: str = "Premium_LRS", **more: Any) -> list[Any]:
    """Managed data disks as ARM shows them."""
    sized = {} if size is None else {"diskSizeGB": size}
    managed = {"managedDisk": {"storageAccountType": storage}}
    return [{"lun": n, "name": f"d{n}", **sized, **deepcopy(managed), **more} for n in range(count)]


def blobs(count: int, key: str = "diskSizeGB") -> list[Any]:
    """Unmanaged data disks; with `diskSize` those of a classic VM."""
    return [{"lun": n, key: 100, "vhd": {"uri": f"https://x/{n}.vhd"}} for n in range(count)]


@dataclass
class Azure:
    """A world with the adapters that speak to it."""

    world: World
    vault: Vault
    clock: VirtualClock
    inventory: ResourceGraphInventory
    compute: AzureCompute
    backup: AzureBackup
    made: int = 0

    def add(self, properties: dict[str, Any], *, classic: bool = False, **facts: Any) -> str:
        """One more VM in the vault's region; its id. `facts`: what the resource of a disk of that name would say."""
        self.made += 1
        group = next(each for each in self.world.state.groups.values() if each.subscription == self.vault.subscription)
        name = f"matrix-{self.made}"
        vm = VirtualMachine(
            id=(classic_vm_id if classic else vm_id)(group.subscription, group.name, name),
            name=name,
            subscription=group.subscription,
            group=group.name,
            location=self.vault.location,
            tags=None,
            properties={"provisioningState": "Succeeded", **deepcopy(properties)},
            classic=classic,
            disk_facts=facts,
        )
        self.world.state.vms[vm.key] = vm
        self.world.state.touch("vm", vm.key, self.world.now())
        return vm.id

    async def vm(self, text: str) -> Vm:
        """The VM as our own adapter reads it."""
        vm = await self.compute.vm(parse_vm_id(text), (Need.POWER_STATE,))
        assert vm is not None
        return vm

    async def refused(self, vm: Vm, policy: str) -> str:
        """Azure's code where it refuses the protect; empty where it accepts."""
        try:
            await self.backup.protect(self.vault.id, vm.id, policy)
        except PermanentError as error:
            return error.code
        return ""


@pytest.fixture
async def azure() -> AsyncIterator[Azure]:
    async with running(vms=20, subscriptions=1, seed=7) as (url, world), Connection(url) as connection:
        subscriptions = await connection.first_contact()
        clock = VirtualClock(connection)
        yield Azure(
            world,
            next(iter(world.state.vaults.values())),
            clock,
            ResourceGraphInventory(connection, clock, subscriptions),
            AzureCompute(connection, clock),
            AzureBackup(connection, clock),
        )


def arm(*data: Any, os_disk: Any = None, image: Any = None, **more: Any) -> dict[str, Any]:
    """Properties of a VM of Resource Manager."""
    disk = {"osType": "Linux", "diskSizeGB": 30, "managedDisk": {"storageAccountType": "Premium_LRS"}}
    storage = {"osDisk": disk | (os_disk or {}), "dataDisks": list(data), "imageReference": image or {}}
    return {"timeCreated": "2026-01-01T08:00:00+00:00", "storageProfile": storage, **more}


def classic(*data: Any) -> dict[str, Any]:
    """Properties of a classic VM."""
    return {"storageProfile": {"operatingSystemDisk": {"operatingSystem": "Linux"}, "dataDisks": list(data)}}


CONFIDENTIAL = {"securityProfile": {"securityType": "ConfidentialVM"}}
OWN_KEY = {"managedDisk": {"securityProfile": {"diskEncryptionSet": {"id": "/a/set"}}}}
UNSUPPORTED = [
    (arm(os_disk={"diffDiskSettings": {"option": "Local"}}), Reason.UNSUPPORTED_EPHEMERAL_OS_DISK),
    (arm(image={"publisher": "CoreOS", "offer": "CoreOS", "sku": "Stable"}), Reason.UNSUPPORTED_OPERATING_SYSTEM),
    (arm(image={"publisher": "acme", "offer": "os", "sku": "7-32bit"}), Reason.UNSUPPORTED_OPERATING_SYSTEM),
    (arm(os_disk=OWN_KEY, **CONFIDENTIAL), Reason.UNSUPPORTED_CONFIDENTIAL_CMK),
    (arm(*data_disks(33)), Reason.UNSUPPORTED_TOO_MANY_DISKS),
    (arm(*blobs(17)), Reason.UNSUPPORTED_TOO_MANY_DISKS),
    (arm(*data_disks(1, 32 * TB + 1)), Reason.UNSUPPORTED_DISK_TOO_LARGE),
    (arm(*data_disks(9, 30 * TB)), Reason.UNSUPPORTED_TOTAL_SIZE),
]
ENHANCED = [
    arm(*data_disks(1, storage="UltraSSD_LRS")),
    arm(*data_disks(2), *data_disks(1, storage="PremiumV2_LRS", lun=5)),
    arm(**CONFIDENTIAL),
]
EITHER = [
    arm(),
    arm(*data_disks(32)),
    arm(*blobs(16)),
    arm(*data_disks(1, 32 * TB)),
    arm(*data_disks(20, None)),
    arm(*data_disks(1, writeAcceleratorEnabled=True)),
    arm(image={"publisher": "Canonical", "offer": "ubuntu", "sku": "server-x86_64"}),
    arm(os_disk={"managedDisk": {"diskEncryptionSet": {"id": "/a/set"}}}),
    arm(os_disk={"encryptionSettings": {"enabled": True}}),
    arm(securityProfile={"securityType": "TrustedLaunch"}),
    arm(priority="Spot"),
    arm(hardwareProfile={"vmSize": "Standard_B1s"}),
]


@pytest.mark.parametrize(("properties", "reason"), UNSUPPORTED)
async def test_what_we_call_unsupported_is_refused(azure: Azure, properties: dict[str, Any], reason: Reason) -> None:
    vm = await azure.vm(azure.add(properties))
    found = unsupported(vm)
    assert found is not None
    assert found.reason is reason
    assert all([await azure.refused(vm, policy) for policy in POLICIES])


@pytest.mark.parametrize("properties", ENHANCED)
async def test_what_needs_an_enhanced_policy_is_taken_under_no_other(azure: Azure, properties: dict[str, Any]) -> None:
    vm = await azure.vm(azure.add(properties))
    assert unsupported(vm) is None
    assert default_policy(vm) == "EnhancedPolicy"
    assert await azure.refused(vm, "DefaultPolicy") == "UserErrorEnhancedPolicyRequired"
    assert await azure.refused(vm, "EnhancedPolicy") == ""


@pytest.mark.parametrize("properties", EITHER)
@pytest.mark.parametrize("policy", POLICIES)
async def test_what_we_protect_is_taken(azure: Azure, properties: dict[str, Any], policy: str) -> None:
    vm = await azure.vm(azure.add(properties))
    assert (unsupported(vm), needs_enhanced(vm), obstacles(vm, None, policy)) == (None, None, ())
    assert await azure.refused(vm, policy) == ""


async def test_a_vm_whose_last_change_failed_is_refused_until_it_is_repaired(azure: Azure) -> None:
    text = azure.add(arm(provisioningState="Failed"))
    vm = await azure.vm(text)
    assert unsupported(vm) is None
    assert obstacles(vm, None, "DefaultPolicy") == (ReasonDetail(Reason.VM_NOT_READY, "provisioningState is Failed"),)
    assert await azure.refused(vm, "DefaultPolicy") == "UserErrorVmNotInDesirableState"
    azure.world.state.vms[vm.id.key].properties["provisioningState"] = "Succeeded"
    repaired = await azure.vm(text)
    assert obstacles(repaired, None, "DefaultPolicy") == ()
    assert await azure.refused(repaired, "DefaultPolicy") == ""


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"maxShares": 2}, "UserErrorSharedDiskNotSupported"),
        ({"networkAccessPolicy": "AllowPrivate"}, "UserErrorDiskPrivateAccessNotSupported"),
        ({"dataAccessAuthMode": "AzureActiveDirectory"}, "UserErrorDiskDataAccessAuthNotSupported"),
    ],
)
async def test_what_only_the_disk_tells_comes_out_with_the_refusal(
    azure: Azure, facts: dict[str, Any], code: str
) -> None:
    vm = await azure.vm(azure.add(arm(*data_disks(1)), d0=facts))
    assert unsupported(vm) is None
    assert await azure.refused(vm, "DefaultPolicy") == code


def in_a_row(vm: Vm) -> Vm:
    """The VM without what only its own read shows: agent and extension."""
    return replace(vm, agent=None, backup_extension=None)


async def test_a_classic_vm_is_read_both_ways_and_protected_under_its_own_names(azure: Azure) -> None:
    twin = azure.add(arm())
    text = azure.add(classic(*blobs(2, "diskSize")), classic=True)
    vm = await azure.vm(text)
    await azure.clock.wait_until(azure.clock.now() + timedelta(hours=3))
    rows = {each.id.key: each async for each in azure.inventory.vms(Scope(), (Need.POWER_STATE,))}
    assert rows[vm.id.key] == vm
    assert rows[twin.lower()] == in_a_row(await azure.vm(twin))
    assert (vm.id.classic, vm.os_type, [each.size_gb for each in vm.disks]) == (True, "Linux", [None, 100, 100])

    assert (await azure.backup.status(vm.id, vm.location)).status == "NotProtected"
    accepted = await azure.backup.protect(azure.vault.id, vm.id, "DefaultPolicy")
    while (await azure.backup.operation(accepted.operation_url)).running:
        await azure.clock.wait_until(azure.clock.now() + timedelta(seconds=30))
    item = await azure.backup.item(azure.vault.id, vm.id)
    assert item is not None
    assert "protectioncontainers/iaasvmcontainer;iaasvmcontainer;" in item.item_id.lower()
    assert (await azure.backup.status(vm.id, vm.location)).vault_id.lower() == azure.vault.id.lower()
    began = azure.clock.now()
    await azure.backup.start_backup(item.item_id, began + timedelta(days=30))
    [job] = await azure.backup.jobs(azure.vault.id, vm.id, began)
    assert job.operation == "Backup"

    many = await azure.vm(azure.add(classic(*blobs(17, "diskSize")), classic=True))
    assert unsupported(many) is not None
    assert await azure.refused(many, "DefaultPolicy") == "UserErrorTooManyDataDisks"


def drawn(seed: random.Random) -> dict[str, Any]:
    """A VM that may break several rows at once, or none."""
    sizes = (None, 100, 100, 30 * TB, 33 * TB)
    kinds = ("Premium_LRS", "Premium_LRS", "UltraSSD_LRS", "PremiumV2_LRS")
    count = seed.choice((0, 1, 2, 9, 16, 17, 32, 33))
    disks = data_disks(count, seed.choice(sizes), seed.choice(kinds)) if seed.random() < 0.8 else blobs(count)
    os_disks: tuple[Any, ...] = ({}, {}, {}, OWN_KEY, {"diffDiskSettings": {"option": "Local"}})
    images: tuple[Any, ...] = (
        {},
        {},
        {"publisher": "CoreOS"},
        {"publisher": "acme", "sku": "x86"},
        {"publisher": "acme", "sku": "x64"},
    )
    security = seed.choice(("", "", "TrustedLaunch", "ConfidentialVM"))
    more = {"securityProfile": {"securityType": security}} if security else {}
    return arm(*disks, os_disk=seed.choice(os_disks), image=seed.choice(images), **more)


async def test_on_vms_drawn_at_random_both_say_the_same(azure: Azure) -> None:
    seed, seen, read = random.Random(5), Counter[str](), {}
    for _ in range(150):
        properties = drawn(seed)
        vm = await azure.vm(azure.add(properties))
        read[vm.id.key] = vm
        if unsupported(vm) is not None:
            seen["unsupported"] += 1
            assert all([await azure.refused(vm, policy) for policy in POLICIES]), properties
            continue
        wanted = default_policy(vm)
        if obstacles(vm, None, "DefaultPolicy"):
            seen["enhanced"] += 1
            assert await azure.refused(vm, "DefaultPolicy"), properties
        seen["protected"] += 1
        assert await azure.refused(vm, wanted) == "", properties
    assert min(seen["unsupported"], seen["enhanced"], seen["protected"]) >= 10, seen
    await azure.clock.wait_until(azure.clock.now() + timedelta(hours=3))
    rows = {each.id.key: each async for each in azure.inventory.vms(Scope(), (Need.POWER_STATE,))}
    assert {key: rows[key] for key in read} == {key: in_a_row(vm) for key, vm in read.items()}
