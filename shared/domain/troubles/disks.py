"""What goes wrong with the VM's file systems and disks, and what Azure Backup does not support of them."""

from shared.domain.troubles.entry import Entry, Kind, Known

_AGAIN = "Start the backup again: backstop protect VM_ID --backup-now"
_SKIP = "Leave the disk out by the rule's disk selection, or exclude the VM"

DISKS = (
    Entry(
        ("UserErrorFsFreezeFailed", "UserErrorFsFreezeTimeout"),
        Kind.MEND,
        "A file system inside Linux could not be frozen",
        (
            "Unmount what was not unmounted cleanly, check it with fsck, and mount it again",
            "Remove mount points that are there twice",
            "Or leave a mount point out: MountsToSkip in /etc/azure/vmbackup.conf",
            _AGAIN,
        ),
    ),
    Entry(
        ("UserErrorUnableToOpenMount",),
        Kind.MEND,
        "The extension cannot open a mount point inside the VM",
        ("Make every mount point accessible, or unmount it", _AGAIN),
    ),
    Entry(
        ("VMBackupLinuxExtensionConfFileWrongEncodingFormat",),
        Kind.MEND,
        "The extension cannot read /etc/azure/vmbackup.conf",
        ("Save the file as ASCII", _AGAIN),
    ),
    Entry(
        ("UserErrorUnsupportedDiskSize",),
        Kind.MEND,
        "A disk is larger than Azure Backup supports (32 TB; 4 TB for disks with Azure Disk Encryption)",
        ("Split the disk into smaller ones", _SKIP),
    ),
    Entry(
        ("UserErrorBCMUnsupportedDiskCount",),
        Kind.MEND,
        "The VM has more data disks than Azure Backup supports",
        ("Detach disks until no more than 32 are left (16 of unmanaged ones)", _SKIP),
    ),
    Entry(
        ("UserErrorSharedDiskBackupNotSupported",),
        Kind.MEND,
        "The VM has a shared disk",
        ("Leave the shared disk out, under an Enhanced backup policy",),
    ),
    Entry(
        ("UserErrorWAEnabledDisksNotSupported", "UserErrorInvalidManagedDiskOperation"),
        Kind.MEND,
        "A disk with Write Accelerator cannot be part of the snapshot",
        (_SKIP,),
    ),
    Entry(
        ("UserErrorComputeVmWithClassicStorage",),
        Kind.MEND,
        "The VM's disks lie in a classic storage account",
        ("Move the disks to a storage account of Resource Manager, or to managed disks", _AGAIN),
    ),
    Entry(
        (
            "UserErrorUnsupportedDiskConfiguration",
            "UserErrorUnsupportedStorageType",
            "UserErrorUnSupportedDistribution",
        ),
        Kind.MEND,
        "Azure Backup does not support the VM's disks or its operating system",
        ("Compare the VM with the support matrix of Azure Backup", "Change what it names, or exclude the VM by a rule"),
    ),
    Entry(
        ("UserErrorEphemeralOsDiskNotSupported",),
        Kind.MEND,
        "The VM's OS disk is ephemeral, which Azure Backup does not support",
        ("Exclude the VM by a rule, or rebuild it with a persistent OS disk",),
        known=Known.PRESUMED,
    ),
    Entry(
        ("UserErrorEnhancedPolicyRequired",),
        Kind.MEND,
        "The VM's disks or its security type need an Enhanced backup policy, and the rule names a Standard one",
        ("Name an Enhanced backup policy in the VM's rule, such as EnhancedPolicy",),
        known=Known.PRESUMED,
    ),
    Entry(
        ("UserErrorDiskTooLarge", "UserErrorTotalDiskSizeTooLarge"),
        Kind.MEND,
        "A disk is larger than 32 TB, or all disks together are larger than 256 TB",
        ("Split the disk or the VM", _SKIP),
        known=Known.PRESUMED,
    ),
    Entry(
        ("UserErrorTooManyDataDisks",),
        Kind.MEND,
        "The VM has more data disks than Azure Backup supports",
        ("Detach disks until no more than 32 are left (16 of unmanaged ones)", _SKIP),
        known=Known.PRESUMED,
    ),
    Entry(
        ("UserErrorSharedDiskNotSupported",),
        Kind.MEND,
        "The VM has a shared disk",
        ("Leave the shared disk out, under an Enhanced backup policy",),
        known=Known.PRESUMED,
    ),
    Entry(
        ("UserErrorDiskPrivateAccessNotSupported", "UserErrorDiskDataAccessAuthNotSupported"),
        Kind.MEND,
        "A disk may be read through private endpoints only, or with a login of its own only",
        ("Allow the disk to be exported without them", _SKIP),
        known=Known.PRESUMED,
    ),
    Entry(
        ("UserErrorConfidentialVmCmkNotSupported",),
        Kind.MEND,
        "The confidential VM is encrypted with a key of the customer's, which Azure Backup does not support",
        ("Exclude the VM by a rule, or rebuild it with a key of the platform",),
        known=Known.PRESUMED,
    ),
    Entry(
        ("UserErrorGuestOsNotSupported",),
        Kind.MEND,
        "Azure Backup does not support the VM's operating system",
        ("Exclude the VM by a rule, or move its work to a supported system of 64 bits",),
        known=Known.PRESUMED,
    ),
    Entry(
        ("UserErrorUnsupported*", "*NotSupported*"),
        Kind.MEND,
        "Azure Backup does not support what the VM or the request has",
        ("Compare the VM with the support matrix of Azure Backup", "Change what the message names, or exclude the VM"),
        known=Known.PRESUMED,
    ),
)
