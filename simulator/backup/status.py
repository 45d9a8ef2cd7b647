"""Questions to the backup service of one region: is this VM protected, could it be, is its size supported.

They change nothing, though Azure throttles `backupStatus` as a write (recorded traffic, 2025).
"""

from simulator.core.model import ProtectedItem, VirtualMachine
from simulator.core.routing import Call, Route
from simulator.core.state import container_of
from simulator.core.wire import Answer, AzureError, Json
from simulator.resources.subscriptions import find_subscription

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
    """Whether a protect would be accepted; always 200, the verdict is in `status`."""
    resource = _resource(call)
    vm: VirtualMachine | None = call.world.state.vms.get(resource.lower())
    vault = call.world.state.vaults.get(str(call.body.get("vaultId") or "").lower())
    body: Json = {"status": "Succeeded", "errorCode": "Success", "errorMessage": "", "recommendation": ""}
    if vm is None:
        body |= {"status": "Failed", "errorCode": "UserErrorVmNotFoundV2"}
    elif vault is not None and vault.location != vm.location:
        body |= {"status": "Failed", "errorCode": "UserErrorCrossRegionProtectionNotSupported"}
    elif call.world.state.vm_items(vm.id):
        body |= {"status": "Failed", "errorCode": "UserErrorVmAlreadyProtected"}
    else:
        name = container_of(vm)
        body |= {"containerName": f"iaasvmcontainer;{name}", "protectedItemName": f"vm;{name}"}
    return Answer(200, body)


def validate_features(call: Call) -> Answer:
    """Every size is supported here."""
    find_subscription(call)
    return Answer(200, {"supportStatus": "Supported"})


ROUTES: list[Route] = [
    ("POST", f"{LOCATION}/backupStatus", backup_status),
    ("POST", f"{LOCATION}/backupPreValidateProtection", pre_validate),
    ("POST", f"{LOCATION}/backupValidateFeatures", validate_features),
]
