"""Each row of the support matrix: what the service refuses, under which kind of policy, and where it says so."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.backup.support import Refusal, Subject, Version, refusal
from simulator.world import World
from tests.simulator.client import Client, item_of, protect_body

ULTRA = {"lun": 1, "name": "u", "managedDisk": {"storageAccountType": "UltraSSD_LRS"}}
PREMIUM_V2 = {"lun": 1, "name": "p", "managedDisk": {"storageAccountType": "PremiumV2_LRS"}}
PLAIN = {"lun": 0, "name": "Data-0", "diskSizeGB": 64, "managedDisk": {"storageAccountType": "Premium_LRS"}}
KEY = {"diskEncryptionSet": {"id": "/des"}}
CONFIDENTIAL: Any = {"securityProfile": {"securityType": "ConfidentialVM"}}
BLOB = {"lun": 0, "vhd": {"uri": "https://x/y.vhd"}}
IN_STATE = "UserErrorVmNotInDesirableState"
ENHANCED = "UserErrorEnhancedPolicyRequired"
SHARED = "UserErrorSharedDiskNotSupported"


def vm(data: list[Any] | None = None, os_disk: Any = None, image: Any = None, **more: Any) -> dict[str, Any]:
    """Properties of a VM that is fine but for what is named."""
    storage = {"osDisk": os_disk or {"name": "os"}, "dataDisks": data or [], "imageReference": image or {}}
    return {"provisioningState": "Succeeded", "storageProfile": storage, **more}


def image(publisher: str, offer: str, sku: str = "1") -> dict[str, str]:
    return {"publisher": publisher, "offer": offer, "sku": sku}


#: (properties, facts of disks, code under V1, code under V2)
ROWS: dict[str, tuple[dict[str, Any], dict[str, Any], str, str]] = {
    "plain": (vm([PLAIN]), {}, "", ""),
    "ephemeral": (
        vm(os_disk={"diffDiskSettings": {"option": "Local"}}),
        {},
        "UserErrorEphemeralOsDiskNotSupported",
        "UserErrorEphemeralOsDiskNotSupported",
    ),
    "ultra": (vm([ULTRA]), {}, ENHANCED, ""),
    "premium-v2": (vm([PLAIN, PREMIUM_V2]), {}, ENHANCED, ""),
    "trusted-launch": (vm(securityProfile={"securityType": "TrustedLaunch"}), {}, "", ""),
    "confidential": (vm([PLAIN], **CONFIDENTIAL), {}, ENHANCED, ""),
    "confidential-cmk": (
        vm(os_disk={"managedDisk": {"securityProfile": KEY}}, **CONFIDENTIAL),
        {},
        ENHANCED,
        "UserErrorConfidentialVmCmkNotSupported",
    ),
    "confidential-cmk-data": (
        vm([PLAIN | {"managedDisk": KEY}], **CONFIDENTIAL),
        {},
        ENHANCED,
        "UserErrorConfidentialVmCmkNotSupported",
    ),
    "cmk": (vm([PLAIN | {"managedDisk": KEY}]), {}, "", ""),
    "shared": (vm([PLAIN]), {"data-0": {"maxShares": 2}}, SHARED, SHARED),
    "not-shared": (vm([PLAIN]), {"data-0": {"maxShares": 1}}, "", ""),
    "private-endpoint": (
        vm([PLAIN]),
        {"data-0": {"networkAccessPolicy": "AllowPrivate"}},
        "UserErrorDiskPrivateAccessNotSupported",
        "UserErrorDiskPrivateAccessNotSupported",
    ),
    "data-access-auth": (
        vm(),
        {"os": {"dataAccessAuthMode": "AzureActiveDirectory"}},
        "UserErrorDiskDataAccessAuthNotSupported",
        "UserErrorDiskDataAccessAuthNotSupported",
    ),
    "32-data-disks": (vm([PLAIN] * 32), {}, "", ""),
    "33-data-disks": (vm([PLAIN] * 33), {}, "UserErrorTooManyDataDisks", "UserErrorTooManyDataDisks"),
    "16-unmanaged": (vm([BLOB] * 16), {}, "", ""),
    "17-unmanaged": (vm([BLOB] * 17), {}, "UserErrorTooManyDataDisks", "UserErrorTooManyDataDisks"),
    "32-tb": (vm([PLAIN | {"diskSizeGB": 32768}]), {}, "", ""),
    "over-32-tb": (vm([PLAIN | {"diskSizeGB": 32769}]), {}, "UserErrorDiskTooLarge", "UserErrorDiskTooLarge"),
    "over-32-tb-by-the-disk": (
        vm([{"lun": 0, "managedDisk": {"id": "/x/disks/Big"}}]),
        {"big": {"diskSizeGB": 65536}},
        "UserErrorDiskTooLarge",
        "UserErrorDiskTooLarge",
    ),
    "256-tb": (vm([PLAIN | {"diskSizeGB": 32768}] * 8), {}, "", ""),
    "over-256-tb": (
        vm([PLAIN | {"diskSizeGB": 32768}] * 8, os_disk={"diskSizeGB": 30}),
        {},
        "UserErrorTotalDiskSizeTooLarge",
        "UserErrorTotalDiskSizeTooLarge",
    ),
    "coreos": (
        vm(image=image("CoreOS", "CoreOS", "Stable")),
        {},
        "UserErrorGuestOsNotSupported",
        "UserErrorGuestOsNotSupported",
    ),
    "32-bit": (
        vm(image=image("contoso", "debian-i386")),
        {},
        "UserErrorGuestOsNotSupported",
        "UserErrorGuestOsNotSupported",
    ),
    "x86_64": (vm(image=image("contoso", "debian", "12-x86_64")), {}, "", ""),
    "failed": (vm(provisioningState="Failed"), {}, IN_STATE, IN_STATE),
    "deleting": (vm(provisioningState="Deleting"), {}, IN_STATE, IN_STATE),
    "updating": (vm(provisioningState="Updating"), {}, "", ""),
}


def code(found: Refusal | None) -> str:
    return found.code if found else ""


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("version", ["V1", "V2"])
def test_each_row_is_refused_or_taken(row: str, version: Version) -> None:
    properties, facts, standard, enhanced = ROWS[row]
    assert code(refusal(Subject(properties, facts), version)) == (standard if version == "V1" else enhanced)


@pytest.mark.parametrize(
    ("selection", "version", "wanted"),
    [
        ({"diskLunList": [0], "isInclusionList": False}, "V2", ""),
        ({"diskLunList": [1], "isInclusionList": True}, "V2", ""),
        ({"diskLunList": [1], "isInclusionList": False}, "V2", SHARED),
        ({"diskLunList": [0], "isInclusionList": True}, "V2", SHARED),
        ({"diskLunList": [0], "isInclusionList": False}, "V1", SHARED),
    ],
)
def test_only_an_enhanced_policy_lets_a_shared_disk_be_left_out(
    selection: dict[str, Any], version: Version, wanted: str
) -> None:
    subject = Subject(vm([PLAIN, PLAIN | {"lun": 1, "name": "d1"}]), {"data-0": {"maxShares": 3}}, selection)
    assert code(refusal(subject, version)) == wanted


def test_a_classic_vm_has_unmanaged_disks() -> None:
    properties = {"provisioningState": "Succeeded", "storageProfile": {"dataDisks": [{"lun": 0}] * 17}}
    assert code(refusal(Subject(properties, classic=True), "V1")) == "UserErrorTooManyDataDisks"
    large = {"storageProfile": {"dataDisks": [{"diskSize": 40000}]}}
    assert code(refusal(Subject(large, classic=True), "V1")) == "UserErrorDiskTooLarge"


anything: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 70000) | st.sampled_from(["UltraSSD_LRS", "ConfidentialVM", "", "x86"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "lun",
                    "name",
                    "managedDisk",
                    "storageAccountType",
                    "diskSizeGB",
                    "vhd",
                    "securityType",
                    "diskEncryptionSet",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(anything, max_size=4), anything, anything, st.lists(st.integers(0, 3)), st.booleans())
def test_an_enhanced_policy_takes_whatever_a_standard_one_takes(
    data: list[Any], os_disk: Any, security: Any, luns: list[int], including: bool
) -> None:
    """And no nonsense in a VM's properties makes the service fail."""
    properties = {
        "storageProfile": {"osDisk": os_disk, "dataDisks": data},
        "securityProfile": security,
        "provisioningState": "Succeeded",
    }
    subject = Subject(properties, {"": {"maxShares": 2}}, {"diskLunList": luns, "isInclusionList": including})
    standard, enhanced = refusal(subject, "V1"), refusal(subject, "V2")
    assert standard is not None or enhanced is None


@pytest.mark.parametrize("row", ROWS)
async def test_the_protect_and_the_question_beforehand_say_the_same(served: tuple[Client, World], row: str) -> None:
    azure, world = served
    properties, facts, *codes = ROWS[row]
    label = (await azure.label("plain-unprotected"))["vmId"]
    machine = world.state.vms[label.lower()]
    machine.properties = machine.properties | properties
    machine.disk_facts = facts
    vault = await azure.vault_for(label)
    path = f"/subscriptions/{machine.subscription}/providers/Microsoft.RecoveryServices/locations/{machine.location}"
    about = {"resourceType": "VM", "resourceId": label, "vaultId": vault, "properties": ""}
    asked = (await azure.ask("POST", f"{path}/backupPreValidateProtection", about)).body
    assert asked["errorCode"] == (codes[1] or "Success")
    assert asked["status"] == ("Failed" if codes[1] else "Succeeded")
    assert bool(asked["recommendation"]) == (bool(codes[0]) and not codes[1])
    assert asked["protectedItemName"].startswith("vm;iaasvmcontainerv2;")
    for policy, wanted in zip(("DefaultPolicy", "EnhancedPolicy"), codes, strict=True):
        reply = await azure.protect(label, vault, policy)
        assert (reply.status, wanted and reply.code) == (400 if wanted else 202, wanted)
        if not wanted:
            break
    assert bool(world.state.vm_items(label)) == (not all(codes))


async def test_a_shared_disk_is_left_out_by_the_request_itself(served: tuple[Client, World]) -> None:
    azure, world = served
    label = (await azure.label("plain-unprotected"))["vmId"]
    machine = world.state.vms[label.lower()]
    machine.properties["storageProfile"]["dataDisks"] = [PLAIN]
    machine.disk_facts = {"data-0": {"maxShares": 2}}
    vault = await azure.vault_for(label)
    body = protect_body(label, f"{vault}/backupPolicies/EnhancedPolicy")
    assert (await azure.ask("PUT", item_of(vault, label), body)).code == SHARED
    chosen = {"diskExclusionProperties": {"diskLunList": [0], "isInclusionList": False}}
    body["properties"]["extendedProperties"] = chosen
    assert (await azure.ask("PUT", item_of(vault, label), body)).status == 202
    await azure.until_idle()
    assert (await azure.get(item_of(vault, label)))["properties"]["extendedProperties"] == chosen


async def test_the_question_beforehand_knows_vaults_and_what_they_hold(served: tuple[Client, World]) -> None:
    azure, world = served
    label = (await azure.label("plain-unprotected"))["vmId"]
    machine, vault = world.state.vms[label.lower()], await azure.vault_for(label)
    path = f"/subscriptions/{machine.subscription}/providers/Microsoft.RecoveryServices/locations/{machine.location}"

    async def ask(vm_id: str, where: str) -> Any:
        about = {"resourceType": "VM", "resourceId": vm_id, "vaultId": where, "properties": ""}
        return (await azure.ask("POST", f"{path}/backupPreValidateProtection", about)).body["errorCode"]

    assert await ask(label, "") == "Success"
    assert await ask(label, vault) == "Success"
    assert await ask(f"{label}-gone", vault) == "UserErrorVmNotFoundV2"
    assert await ask(label, f"{vault}-gone") == "ResourceNotFound"
    far = next(v.id for v in world.state.vaults.values() if v.location != machine.location)
    assert await ask(label, far) == "UserErrorCrossRegionProtectionNotSupported"
    assert await ask((await azure.label("stopped"))["vmId"], vault) == "VirtualMachineAlreadyProtected"
    assert (await azure.ask("PUT", "/_sim/limits", {"vms-per-vault": {"on": True, "limit": 1}})).status == 200
    assert world.state.vaults[vault.lower()].items
    assert await ask(label, vault) == "UserErrorVaultLimitReached"
    assert world.ledger.writes == []


@pytest.mark.parametrize(
    ("sku", "status"),
    [
        ("Premium", "Supported"),
        ("", "Supported"),
        ("UltraSSD_LRS", "DefaultOFF"),
        ("PremiumV2_LRS", "DefaultOFF"),
        ("ConfidentialVM", "DefaultOFF"),
        ("TrustedLaunch", "Supported"),
    ],
)
async def test_support_of_a_feature_follows_from_the_same_rules(azure: Client, sku: str, status: str) -> None:
    subscription = (await azure.rows("/subscriptions"))[0]["id"]
    path = f"{subscription}/providers/Microsoft.RecoveryServices/locations/westeurope/backupValidateFeatures"
    about = {"featureType": "AzureVMResourceBackup", "vmSize": "Standard_D2s_v5", "vmSku": sku}
    assert (await azure.ask("POST", path, about)).body == {"supportStatus": status}


async def test_a_feature_of_no_known_kind_is_refused(azure: Client) -> None:
    subscription = (await azure.rows("/subscriptions"))[0]["id"]
    path = f"{subscription}/providers/Microsoft.RecoveryServices/locations/westeurope/backupValidateFeatures"
    for about in ({}, {"featureType": "Teleport"}):
        assert (await azure.ask("POST", path, about)).code == "BMSUserErrorInvalidInput"
