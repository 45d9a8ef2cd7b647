"""Error codes of the backup service with what it says beside them: one table for the service and for faults.

Codes, and the numbers where there are any, are from documentation, recordings and issue threads; texts are ours where
no recording shows Azure's. A number that nobody has told is NO_NUMBER; the agent's is ours. Pure.
"""

from typing import NamedTuple

from simulator.core.wire import Json

#: `errorCode` of a job that failed with a code whose number is not known.
NO_NUMBER = 400000


class Known(NamedTuple):
    """A code. `status`: that of an answer which refuses at once. `number`: `errorCode` in a job, 0 where unknown."""

    code: str
    message: str
    number: int = 0
    status: int = 400
    recommendations: tuple[str, ...] = ()


_AGENT = ("Check that the VM agent runs and can reach the network.", "Start the backup again.")
_EXTENSION = ("Remove the backup extension from the VM.", "Start the backup again, which installs it anew.")
_LATER = ("Start the operation again later.",)
_ALL = (
    Known("ResourceNotFound", "Could not perform the operation as VM no longer exists.", 320001, 404),
    Known("UserErrorVmNotFoundV2", "Virtual machine doesn't exist.", 400136),
    Known("BCMV2VMNotFound", "The virtual machine could not be found.", 400094),
    Known(
        "ExtensionSnapshotFailedNoNetwork",
        "The snapshot failed because the VM has no network connection.",
        400206,
        recommendations=("Let the VM reach the backup service and the storage of its region.",),
    ),
    Known("AzureVmOffline", "The virtual machine is not running.", 380008, recommendations=("Start the VM.",)),
    Known("UserErrorVmNotInDesirableState", "The VM is not in a state that allows backups."),
    Known("VmNotInDesirableState", "The VM is not in a state that allows backups."),
    Known(
        "UserErrorRequestDisallowedByPolicy",
        "An invalid policy is configured on the VM which is preventing Snapshot operation.",
        recommendations=("Exclude the backup service's resource groups from the policy, or make them by hand.",),
    ),
    Known(
        "UserErrorMigrationFromTrustedLaunchVMToNonTrustedVMNotAllowed",
        "A VM of this name was backed up with Trusted Launch; the new one has none.",
    ),
    Known(
        "ExtensionStuckInDeletionState",
        "The state of the backup extension allows no backup.",
        recommendations=_EXTENSION,
    ),
    Known("ExtensionFailedSnapshotLimitReachedError", "A disk has as many snapshots as it can have."),
    Known("ExtensionConfigParsingFailure", "The backup extension cannot read its configuration.", 0, 400, _EXTENSION),
    Known("ExtensionFailedVssWriterInBadState", "A VSS writer in the VM is in a bad state."),
    Known("UserErrorFsFreezeFailed", "The file systems of the VM could not be frozen for the snapshot."),
    Known("VMRestorePointInternalError", "A restore point of the VM could not be made.", recommendations=_LATER),
    Known(
        "BMSUserErrorInvalidConfigureProtectionRequest",
        "Input for configure protection is not in proper format\r\n"
        "Please ensure that container exists and other parameters are in valid format",
    ),
    Known("BMSUserErrorContainerObjectNotFound", "The container is not registered in the vault.", 0, 404),
    Known("BMSUserErrorObjectLocked", "Another operation is in progress on the item.", 0, 409, _LATER),
    Known("BMSUserErrorPolicyNotFound", "The vault has no such backup policy.", 0, 404),
    Known("CloudServiceRetryableError", "The service could not finish the operation; it may be tried again.", 0, 409),
    Known("CloudVirtualMachineProvisioningStateFailed", "The virtual machine's provisioning has failed."),
    Known(
        "UserErrorGuestAgentStatusUnavailable",
        "The VM agent is not ready, so no snapshot could be taken.",
        400201,
        recommendations=_AGENT,
    ),
    Known("UserErrorBackupOperationInProgress", "Another backup of the item is in progress.", 0, 409, _LATER),
    Known("UserErrorVaultLimitReached", "The vault holds as many items as it can hold."),
    Known("UserErrorSubscriptionLevelLimitReached", "The subscription has reached a limit of the backup service."),
    Known(
        "UserErrorResourceGuardOperationRequestMissing",
        "ResourceGuard Operation requestid is either null or empty",
        recommendations=("Ask the owner of the resource guard for access.",),
    ),
    Known(
        "UserErrorKeyvaultPermissionsNotConfigured",
        "Backup doesn't have sufficient permissions to the key vault for backup of encrypted VMs.",
        recommendations=("Let Backup Management Service get, list and back up the vault's keys and secrets.",),
    ),
    Known(
        "UserErrorRpCollectionLimitReached",
        "The Restore Point collection max limit has reached.",
        recommendations=("Take locks off the resource group of the restore points, so that old ones can go.",),
    ),
    Known(
        "UserErrorSnapshotResourceGroupLocked",
        "The resource group of the restore points is locked against changes.",
        recommendations=("Take the lock off the resource group.",),
    ),
)
KNOWN = {each.code.lower(): each for each in _ALL}


def message_of(code: str, otherwise: str = "The operation failed.") -> str:
    """What the service says with this code."""
    known = KNOWN.get(code.lower())
    return known.message if known else otherwise


def details_of(code: str, message: str = "") -> Json:
    """The code as an entry of a job's `errorDetails`; its title is the code itself."""
    known = KNOWN.get(code.lower(), Known(code, "The operation failed."))
    return {
        "errorCode": known.number or NO_NUMBER,
        "errorTitle": known.code,
        "errorString": message or known.message,
        "recommendations": list(known.recommendations),
    }
