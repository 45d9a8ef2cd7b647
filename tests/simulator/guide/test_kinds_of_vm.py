"""Kinds of VM: each that Azure Backup takes is protected as it must be, and of the rest the reason is told."""

from pathlib import Path

import pytest

from shared.domain.model import State
from tests.simulator.guide.guided import FIRST_BACKUP, VAULT, codes, guided

DISKS = "storageProfile: {{osDisk: {{osType: {os}, {kind}}}, dataDisks: [{data}]}}"


def with_disks(
    *, os: str = "Linux", kind: str = "managedDisk: {storageAccountType: StandardSSD_LRS}", data: str = ""
) -> str:
    return DISKS.format(os=os, kind=kind, data=data)


def data_disks(count: int, storage: str = "Premium_LRS") -> str:
    return ", ".join(
        f"{{lun: {lun}, diskSizeGB: 64, managedDisk: {{storageAccountType: {storage}}}}}" for lun in range(count)
    )


UNMANAGED = "vhd: {uri: 'https://disks.blob.core.windows.net/vhds/os.vhd'}"
SET = "managedDisk: {storageAccountType: Premium_LRS, diskEncryptionSet: {id: /subscriptions/s/x}}"
KINDS = f"""{VAULT}
keyVaults: [{{name: kv-1, backupAccess: all}}]
virtualMachines:
  - {{name: standard, properties: {{{with_disks()}}}}}
  - {{name: premium, properties: {{{with_disks(data=data_disks(32))}}}}}
  - {{name: unmanaged, properties: {{{with_disks(kind=UNMANAGED)}}}}}
  - {{name: classic, classic: true}}
  - {{name: windows, osType: Windows}}
  - {{name: scripted, scripts: true}}
  - {{name: ade, diskEncryption: {{keyVault: kv-1, keyEncryptionKey: true}}}}
  - {{name: cmk, properties: {{{with_disks(kind=SET)}}}}}
  - {{name: trusted, properties: {{securityProfile: {{securityType: TrustedLaunch}}}}}}
  - {{name: confidential, properties: {{securityProfile: {{securityType: ConfidentialVM}}}}}}
  - {{name: ultra, properties: {{{with_disks(data=data_disks(1, "UltraSSD_LRS"))}}}}}
  - {{name: crowded, properties: {{{with_disks(data=data_disks(33))}}}}}
  - {{name: fleeting, ephemeralOsDisk: true}}
  - {{name: old-system, image: {{publisher: CoreOS, offer: CoreOS, sku: Stable}}}}
  - {{name: broken, provisioningState: Failed}}
"""
TAKEN = {
    "standard": "DefaultPolicy",
    "premium": "DefaultPolicy",
    "unmanaged": "DefaultPolicy",
    "classic": "DefaultPolicy",
    "windows": "DefaultPolicy",
    "scripted": "DefaultPolicy",
    "ade": "DefaultPolicy",
    "cmk": "DefaultPolicy",
    "trusted": "DefaultPolicy",
    "confidential": "EnhancedPolicy",
    "ultra": "EnhancedPolicy",
}
LEFT = {
    "crowded": "UNSUPPORTED_TOO_MANY_DISKS",
    "fleeting": "UNSUPPORTED_EPHEMERAL_OS_DISK",
    "old-system": "UNSUPPORTED_OPERATING_SYSTEM",
}


async def test_each_kind_is_routed_and_backed_up_and_what_is_unsupported_says_why(tmp_path: Path) -> None:
    async with guided(tmp_path, KINDS) as here:
        found = await here.sweep()
        assert {name: here.item(name).policy for name in TAKEN} == TAKEN
        assert {name: found[name].verdict.state for name in TAKEN} == dict.fromkeys(TAKEN, State.COMPLIANT)
        for name, code in LEFT.items():
            assert (found[name].verdict.state, code in codes(found[name])) == (State.NOT_APPLICABLE, True), name
            assert here.items(name) == []
        assert (found["broken"].verdict.state, codes(found["broken"])) == (
            State.NON_COMPLIANT,
            ["UNPROTECTED", "VM_NOT_READY"],
        )
        assert here.item("classic").container.lower().startswith("iaasvmcontainer;iaasvmcontainer;")
        assert here.item("windows").container.lower().startswith("iaasvmcontainer;iaasvmcontainerv2;")
        await here.wait(FIRST_BACKUP)
        points = {name: here.item(name).last_point is not None for name in TAKEN}
        assert points == dict.fromkeys(TAKEN, True)
        await here.right(dict.fromkeys(TAKEN, "protect"), policies=TAKEN)


@pytest.mark.parametrize(("scripts", "kind"), [("true", "AppConsistent"), ("false", "FileSystemConsistent")])
async def test_windows_by_vss_and_linux_by_its_scripts_give_application_consistent_points(
    tmp_path: Path, scripts: str, kind: str
) -> None:
    text = f"""{VAULT}virtualMachines:
  - {{name: linux, scripts: {scripts}}}
  - {{name: windows, osType: Windows}}
"""
    async with guided(tmp_path, text) as here:
        await here.sweep()
        await here.wait(FIRST_BACKUP)
        assert {name: await here.points(name) for name in ("linux", "windows")} == {
            "linux": [kind],
            "windows": ["AppConsistent"],
        }


@pytest.mark.parametrize(
    ("access", "fault", "code"),
    [
        ("all", {}, ""),
        ("secrets", {}, "KEY_VAULT_ACCESS_MISSING"),
        ("none", {}, "KEY_VAULT_ACCESS_MISSING"),
        (
            "all",
            {
                "fault": "refuse",
                "operation": "GET vaults",
                "path": "*/microsoft.keyvault/*",
                "code": "AuthorizationFailed",
                "status": 403,
            },
            "KEY_VAULT_ACCESS_UNKNOWN",
        ),
    ],
)
async def test_disk_encryption_without_access_to_its_key_vault_is_told_before_the_backup_fails(
    tmp_path: Path, access: str, fault: dict[str, object], code: str
) -> None:
    text = f"""{VAULT}keyVaults: [{{name: kv-1, backupAccess: {access}}}]
virtualMachines: [{{name: vm-1, diskEncryption: {{keyVault: kv-1, keyEncryptionKey: true}}}}]
"""
    async with guided(tmp_path, text) as here:
        if fault:
            await here.fault(**fault)
        await here.sweep()
        told = {each for each, _ in await here.advice() if each.startswith("KEY_VAULT")}
        assert told == ({code} if code else set())
        assert here.item("vm-1").policy == "DefaultPolicy"
