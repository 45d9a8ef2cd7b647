"""What stands around the VM and keeps its backup from working: locks, Azure Policy, keys, rights, the network."""

from shared.domain.troubles.entry import Entry, Kind, Known

_AGAIN = "Start the backup again: backstop protect VM_ID --backup-now"
_UNLOCK = "Remove the lock from the group AzureBackupRG_<geo>_<n> in the VM's region, and lock no such group"

SURROUNDINGS = (
    Entry(
        ("UserErrorRequestDisallowedByPolicy",),
        Kind.MEND,
        "Azure Policy denies what the backup has to make, mostly the resource group for its snapshots",
        (
            "Find the assignment with effect deny, such as required tags on resource groups",
            "Exempt groups named AzureBackupRG_* from it, or change its effect to modify",
            "Or make the group by hand under the name that Azure Backup uses, with the tags",
            _AGAIN,
        ),
    ),
    Entry(
        ("RequestDisallowedByPolicy",),
        Kind.MEND,
        "Azure Policy denies the write",
        ("Find the assignment that the message names, and exempt the resource from it or satisfy it",),
        known=Known.SEEN,
    ),
    Entry(
        ("UserErrorKeyVaultPermissionsNotConfigured", "UserErrorKeyVault*"),
        Kind.MEND,
        "The backup service may not read the key vault that holds the keys of the VM's encrypted disks",
        (
            "Let Backup Management Service get, list and back up keys and secrets there, by access policy or by role",
            "Give the change some minutes",
            _AGAIN,
        ),
    ),
    Entry(
        ("UserErrorInvalidVMEncryptionInfo",),
        Kind.MEND,
        "The encryption settings of the VM's disks do not fit each other",
        ("Use one way of Azure Disk Encryption, with or without Entra ID, on all disks of the VM", _AGAIN),
    ),
    Entry(
        ("UserErrorRpCollectionLimitReached",),
        Kind.MEND,
        "The VM has 18 restore points, which is the most",
        (_UNLOCK, "Start one backup, which may fail: it lets Azure clean up within hours", _AGAIN),
    ),
    Entry(
        ("UserErrorRpCollectionDeleted",),
        Kind.MEND,
        "Somebody deleted the VM's restore point collection",
        (_AGAIN, "Delete nothing inside AzureBackupRG_* by hand"),
    ),
    Entry(
        ("UserErrorResourceIsInLockedState",),
        Kind.MEND,
        "A lock on the VM or on the group of its restore points keeps the backup from its work",
        (_UNLOCK, "Remove a ReadOnly lock from the VM and its resource group", _AGAIN),
    ),
    Entry(
        ("UserErrorSnapshotResourceGroupLocked",),
        Kind.MEND,
        "A lock on the group of the VM's restore points keeps the backup from its work",
        (_UNLOCK, _AGAIN),
        known=Known.PRESUMED,
    ),
    Entry(
        ("UserErrorStorageAccountIsLocked",),
        Kind.MEND,
        "A lock on the storage account of the VM's unmanaged disks keeps the backup from its work",
        ("Remove the lock, or make it one against deletion only", _AGAIN),
    ),
    Entry(
        ("ScopeLocked",),
        Kind.MEND,
        "A lock forbids the write",
        ("Remove the lock that the message names, or let Backstop's vaults lie outside of it",),
        known=Known.SEEN,
    ),
    Entry(
        ("UserErrorBCMPremiumStorageQuotaError",),
        Kind.MEND,
        "The storage account of the VM's unmanaged premium disks has no room for the snapshot",
        ("Keep at least half of the storage account free, or move the VM to managed disks", _AGAIN),
    ),
    Entry(
        ("UserErrorVMInternetConnectivityIssue",),
        Kind.MEND,
        "The VM reaches neither Azure Backup nor what it needs",
        ("Allow the VM to reach Azure Backup, Azure Storage and Entra ID (service tags), also through its proxy",),
    ),
    Entry(
        ("MissingSubscriptionRegistration", "SubscriptionNotRegistered"),
        Kind.MEND,
        "The subscription does not use this resource provider yet",
        ("Register the resource provider that the message names, such as Microsoft.RecoveryServices",),
        known=Known.SEEN,
    ),
    Entry(
        ("ReadOnlyDisabledSubscription",),
        Kind.MEND,
        "The subscription is disabled, so nothing in it can change",
        ("Let its owner enable it again, or take it out of the policy's scope",),
        known=Known.SEEN,
    ),
    Entry(
        ("AuthorizationFailed", "LinkedAuthorizationFailed"),
        Kind.MEND,
        "The login lacks a right",
        ("Give the login a role with the action that the message names, on the scope that it names",),
        known=Known.SEEN,
    ),
    Entry(
        ("*ResourceGuard*",),
        Kind.MEND,
        "A resource guard stands before this change: somebody else must permit it",
        ("Ask the guard's owner for the right on the guard, for as long as the change takes, and make it by hand",),
        known=Known.SEEN,
    ),
    Entry(
        ("*NotFound*",),
        Kind.MEND,
        "Azure cannot find something that the request names",
        ("Look whether the resource in the message still exists, and whether the login may read it",),
        known=Known.SEEN,
    ),
)
