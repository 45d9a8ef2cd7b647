"""What the backup service refuses about a VM and its protected item, before anything runs."""

from shared.domain.troubles.entry import Entry, Kind, Known

_TRY = "run: backstop protect VM_ID"

CONFIGURING = (
    Entry(
        ("BMSUserErrorInvalidConfigureProtectionRequest",),
        Kind.MEND,
        "The vault cannot read the request to protect the VM; mostly it has not discovered the VM yet",
        (
            "Let the vault look for VMs: in the portal, start Backup on the vault once more",
            f"When the VM is listed there, {_TRY}",
        ),
        known=Known.SEEN,
    ),
    Entry(
        ("UserErrorVmNotFoundV2", "BCMV2VMNotFound"),
        Kind.MEND,
        "The VM no longer exists; an item of it stays in the vault until somebody stops it",
        (
            "Stop such an item's protection in the vault, keeping or deleting its recovery points",
            "Or make the VM again with the same name in the same resource group",
        ),
        numbers=(320001, 400094, 400136),
    ),
    Entry(
        ("UserErrorVmNotInDesirableState", "VmNotInDesirableState"),
        Kind.MEND,
        "The VM is in a state in which it cannot be backed up",
        (
            "Wait until a start, a stop or a change of the VM has ended",
            "If its provisioning state is Failed: mend the extension or disk that the VM's page names, and reapply it",
            "On Linux with SELinux: leave /var/lib/waagent out of its rules",
        ),
    ),
    Entry(
        ("UserErrorVmProvisioningStateFailed", "CloudVirtualMachineProvisioningStateFailed"),
        Kind.MEND,
        "The VM's provisioning state is Failed, mostly because of an extension",
        (
            "Look at the VM's extensions, and remove or mend each that is not in Provisioning succeeded",
            "Restart or reapply the VM, and see that its state is Succeeded",
            "Start the backup again",
        ),
    ),
    Entry(
        ("AzureVmOffline",),
        Kind.MEND,
        "The backup extension could not be installed because the VM was not running",
        ("Start the VM", "See that the VM agent is installed and Ready", f"Then {_TRY}"),
        numbers=(380008,),
    ),
    Entry(
        ("UserErrorMigrationFromTrustedLaunchVMToNonTrustedVMNotAllowed",),
        Kind.MEND,
        "The vault still holds a backup of a Trusted Launch VM of this name, and this VM is none",
        (
            "Give the VM another name or another resource group",
            "Or stop the old item's protection and delete its data, and wait until its soft delete has ended",
        ),
    ),
    Entry(
        ("UserErrorVmVaultLocationMismatch",),
        Kind.MEND,
        "The VM and the vault lie in different regions",
        ("Let the rule choose a vault of the VM's region, or make one there",),
    ),
    Entry(
        ("UserErrorCrossRegionProtectionNotSupported",),
        Kind.MEND,
        "The VM and the vault lie in different regions",
        ("Let the rule choose a vault of the VM's region, or make one there",),
        known=Known.PRESUMED,
    ),
    Entry(
        ("UserErrorCrossSubscriptionProtectionNotSupported",),
        Kind.MEND,
        "The VM and the vault lie in different subscriptions, which the service does not accept here",
        ("Let the rule choose a vault of the VM's subscription",),
        known=Known.PRESUMED,
    ),
    Entry(
        ("VirtualMachineAlreadyProtected",),
        Kind.MEND,
        "A VM of this name and resource group is protected already",
        ("Look in the other vaults for its item, and stop it there if it should be moved",),
        known=Known.SEEN,
    ),
    Entry(
        ("UserErrorVmAlreadyProtected", "UserErrorVmAlreadyProtectedInAnotherVault"),
        Kind.MEND,
        "A vault protects the VM already",
        ("Nothing, if that is meant", "Else stop its protection there first; Backstop never moves a backup"),
        known=Known.PRESUMED,
    ),
    Entry(
        ("UserErrorContainerNameInUse",),
        Kind.MEND,
        "The vault protects another VM of the same name and resource group, from another subscription",
        ("Let the rule choose another vault for one of the two",),
        known=Known.PRESUMED,
    ),
    Entry(
        ("UserErrorItemInSoftDeletedState",),
        Kind.MEND,
        "The vault holds the VM's backup as soft-deleted",
        ("Undelete the item in the vault and resume it, or wait until its soft delete ends",),
        known=Known.PRESUMED,
    ),
    Entry(
        ("UserErrorItemNotInSoftDeletedState",),
        Kind.MEND,
        "The item is not soft-deleted, so there is nothing to undelete",
        ("Nothing; look at the item in the vault if it lacks a backup policy",),
        known=Known.PRESUMED,
    ),
    Entry(
        ("UserErrorProtectionNotConfigured", "BMSUserErrorContainerObjectNotFound"),
        Kind.MEND,
        "The vault has no item for this VM, or is still making it",
        (f"If the VM should be protected, {_TRY}",),
        known=Known.PRESUMED,
    ),
    Entry(
        ("BMSUserErrorDataSourceObjectNotFound",),
        Kind.MEND,
        "The vault does not know the item",
        (f"If the VM should be protected, {_TRY}",),
        known=Known.SEEN,
    ),
    Entry(
        ("UserErrorBcmDatasourceNotPresent",),
        Kind.MEND,
        "The VM is not protected, or its protection is stopped or paused",
        ("Resume the item's protection in the vault, if that was not meant",),
    ),
    Entry(
        ("UserErrorProtectionStopped",),
        Kind.MEND,
        "Somebody stopped the item's protection",
        ("Resume it in the vault, if that was not meant",),
        known=Known.PRESUMED,
    ),
)
