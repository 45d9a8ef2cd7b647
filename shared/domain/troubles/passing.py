"""What passes by itself: the service is busy, at a limit, or out of order for a while.

Limits that a person must mend (a full vault, a full backup policy) stand in `configuring.py`.
"""

from datetime import timedelta

from shared.domain.troubles.entry import Entry, Kind, Known

_LATER = Kind.RETRY_LATER

PASSING = (
    Entry(
        ("CloudDosAbsoluteLimitReached", "CloudDosAbsoluteLimitReachedWithRetry"),
        _LATER,
        "The vault has used up the operations that it may do within 24 hours",
        ("Nothing; Backstop waits for a day", "Protect fewer VMs a day in this vault, or spread them over more vaults"),
        wait=timedelta(hours=24),
    ),
    Entry(
        ("CloudDosTimeboudLimitReached", "CloudDos*"),
        _LATER,
        "The same change was asked of the service too often within a short time",
        ("Nothing; Backstop waits for some hours", "Look for another client that writes to the same item"),
        wait=timedelta(hours=4),
        known=Known.SEEN,
    ),
    Entry(
        ("UserErrorMaxDailyBackupLimitReached",),
        _LATER,
        "The item has had all the on-demand backups that it may have in a day",
        ("Nothing; the scheduled backup still runs, and on-demand ones are possible again the next day",),
        wait=timedelta(hours=6),
        known=Known.PRESUMED,
    ),
    Entry(
        ("BMSUserErrorObjectLocked", "BMSUserErrorConflictingProtectionOperation"),
        _LATER,
        "Another operation is under way for this item",
        ("Nothing; it ends by itself",),
    ),
    Entry(
        ("UserErrorBackupOperationInProgress", "SystemBackupOperationInProgress"),
        _LATER,
        "Another backup of this VM is under way",
        (
            "Nothing; it ends by itself",
            "Where the VM was in another vault before, look for a job that still runs there, and cancel it",
        ),
    ),
    Entry(
        ("ExtensionOperationInProgress",),
        _LATER,
        "The VM was being changed while its restore point was made",
        ("Nothing, unless it comes back: then keep deployments and backups apart in time",),
    ),
    Entry(
        ("ExtensionFailedSnapshotRateExceededError",),
        _LATER,
        "Somebody else took a snapshot of a disk at the same minute",
        ("Nothing, unless it comes back: then run the other product's snapshots at another time",),
    ),
    Entry(
        ("UserErrorRpCollectionMarkedForDeletion",),
        _LATER,
        "The VM's restore point collection is about to be deleted",
        ("Nothing; Azure Backup makes another once it is gone",),
    ),
    Entry(
        ("CloudInternalError", "CloudCommunicationError", "CloudTimeoutError"),
        _LATER,
        "The backup service has an error of its own, or took too long",
        ("Nothing, unless it stays for hours: then open a support request with the job's id",),
        numbers=(130001,),
    ),
    Entry(
        ("CloudServiceRetryableError",),
        _LATER,
        "The service could not finish the operation and says that it may be tried again",
        ("Nothing, unless it stays for hours: then open a support request with the job's id",),
        known=Known.PRESUMED,
    ),
    Entry(
        ("BackUpOperationFailed", "BackUpOperationFailedV2"),
        _LATER,
        "The backup failed with an error inside the service",
        (
            "Start the backup again after some minutes",
            "If it stays: see that the VM agent is Ready and current, and that nothing locks the group AzureBackupRG_*",
            "If it began when the VM moved from a Standard to an Enhanced backup policy, open a support request",
        ),
    ),
    Entry(
        ("CopyingVHDsFromBackUpVaultTakingLongTime",),
        _LATER,
        "Copying the data to or from the vault took too long",
        (
            "Start the backup again",
            "If it stays: give the disks more throughput, or back the VM up when it has less to do",
        ),
    ),
    Entry(
        ("*InProgress*", "*In_Progress*", "*ObjectLocked*"),
        _LATER,
        "Something else is under way for the same thing",
        ("Nothing; it ends by itself",),
        known=Known.PRESUMED,
    ),
    Entry(
        ("*Throttl*", "*TooManyRequests*"),
        _LATER,
        "Azure is asked more often than it allows",
        ("Nothing; Backstop slows down",),
        known=Known.SEEN,
    ),
    Entry(
        ("*Retryable*",),
        _LATER,
        "The service says that it may be tried again",
        ("Nothing; Backstop tries again",),
        known=Known.PRESUMED,
    ),
)
