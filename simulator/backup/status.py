"""Questions to the backup service of one region: is this VM protected, could it be, is its kind supported.

They change nothing, though Azure throttles `backupStatus` as a write (recorded traffic, 2025).
"""

from simulator.backup.fitness import supported, unfit
from simulator.backup.support import Refusal, Subject, Version, refusal
from simulator.core.model import ProtectedItem, VirtualMachine
from simulator.core.reading import a_text
from simulator.core.routing import Call, Route
from simulator.core.state import container_of
from simulator.core.wire import Answer, AzureError, Json
from simulator.resources.subscriptions import find_subscription

#: Kinds of question that `backupValidateFeatures` takes (SDK 11.2).
FEATURES = ("AzureVMResourceBackup", "AzureBackupGoals")
VERSIONS: tuple[Version, ...] = ("V1", "V2")
LOCATION = "/subscriptions/{subscription}/providers/Microsoft.RecoveryServices/locations/{location}"


def _resource(call: Call) -> str:
    find_subscription(call)
    resource = call.body.get("resourceId")
    if not isinstance(resource, str) or str(call.body.get("resourceType", "")).lower() != "vm":
        message = "resourceType must be VM and resourceId the id of a virtual machine."
        raise AzureError(400, "BMSUserErrorInvalidInput", message)
    return resource


def _registration(call: Call, resource: str) -> ProtectedItem | None:
    """The item that the service counts: stopped ones too, soft-deleted ones not."""
    region = call.params["location"].lower()
    for item in call.world.state.vm_items(resource):
        if not item.soft_deleted and call.world.state.vaults[item.vault].location == region:
            return item
    return None


def backup_status(call: Call) -> Answer:
    """NotProtected, Protecting while a protect runs, or Protected with the vault and the policy."""
    resource = _resource(call)
    item = _registration(call, resource)
    if item is None:
        return Answer(
            200,
            {
                "protectionStatus": "NotProtected",
                "fabricName": "",
                "containerName": "",
                "protectedItemName": "",
                "protectedItemsCount": 0,
                "objectType": "BackupStatusResponse",
            },
        )
    vault = call.world.state.vaults[item.vault]
    return Answer(
        200,
        {
            "protectionStatus": "Protecting" if item.configuring else "Protected",
            "vaultId": vault.id,
            "fabricName": "Azure",
            "containerName": item.container.lower(),
            "protectedItemName": item.name.lower(),
            "policyName": item.policy,
            "protectedItemsCount": 0,
            "objectType": "BackupStatusResponse",
        },
    )


def pre_validate(call: Call) -> Answer:
    """Whether a protect would be accepted; always 200, the verdict is in `status`.

    Asks what the protect itself asks, under the kind of policy that takes most (V2), since no request names one. Where
    only an enhanced policy takes the VM, the recommendation says so. An empty `vaultId` stands for any vault.
    """
    resource, world = _resource(call), call.world
    vm: VirtualMachine | None = world.state.vms.get(resource.lower())
    wanted = str(call.body.get("vaultId") or "").lower()
    vault = world.state.vaults.get(wanted)
    body: Json = {"status": "Succeeded", "errorCode": "Success", "errorMessage": "", "recommendation": ""}
    if vm is None:
        return Answer(200, body | _failed(Refusal("UserErrorVmNotFoundV2", "Virtual machine doesn't exist.")))
    name = container_of(vm)
    body |= {"containerName": f"iaasvmcontainer;{name}", "protectedItemName": f"vm;{name}"}
    found: Refusal | None
    if world.state.vm_items(vm.id):
        found = Refusal("VirtualMachineAlreadyProtected", "The virtual machine is registered in a vault already.")
    elif wanted and vault is None:
        found = Refusal("ResourceNotFound", "The Recovery Services vault was not found.")
    elif vault is not None and world.limits.quotas.is_full(vault):
        found = Refusal("UserErrorVaultLimitReached", "The vault cannot take more virtual machines.")
    else:
        found = unfit(world, vault, vm, "V2")
    if found is not None:
        body |= _failed(found)
    elif (standard := supported(vm, "V1")) is not None:
        body["recommendation"] = standard.message
    return Answer(200, body)


def _failed(why: Refusal) -> Json:
    return {"status": "Failed", "errorCode": why.code, "errorMessage": why.message}


def validate_features(call: Call) -> Answer:
    """Whether backup takes VMs of this kind: Supported, DefaultOFF (only by enhanced policies), or NotSupported.

    `vmSku` is a kind of storage (`Premium`, `UltraSSD_LRS`) or of security (`ConfidentialVM`); all sizes are supported.
    Raises AzureError 400 where `featureType` is none of the two that there are.
    """
    find_subscription(call)
    feature, sku = str(call.body.get("featureType") or ""), a_text(call.body, "vmSku")
    a_text(call.body, "vmSize")
    if feature not in FEATURES:
        message = f"featureType must be one of {', '.join(FEATURES)}."
        raise AzureError(400, "BMSUserErrorInvalidInput", message)
    subject = Subject(
        {
            "storageProfile": {"osDisk": {}, "dataDisks": [{"lun": 0, "managedDisk": {"storageAccountType": sku}}]},
            "securityProfile": {"securityType": sku},
        }
    )
    taken = {version for version in VERSIONS if refusal(subject, version) is None}
    return Answer(200, {"supportStatus": {2: "Supported", 1: "DefaultOFF", 0: "NotSupported"}[len(taken)]})


ROUTES: list[Route] = [
    ("POST", f"{LOCATION}/backupStatus", backup_status),
    ("POST", f"{LOCATION}/backupPreValidateProtection", pre_validate),
    ("POST", f"{LOCATION}/backupValidateFeatures", validate_features),
]
