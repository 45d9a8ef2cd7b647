"""The closed list of reasons: why a VM's verdict is what it is.

Each has a stable code, a sentence and a remedy; logs, reports, `explain` and tests use this one list. A new reason is
added here and nowhere else.
"""

from shared.domain.coded import Coded

_IF_NOT_MEANT = "Take the kind out of the policy's `exclude.builtin` if such a VM must have a backup"


class Reason(Coded):
    """`code`, `sentence` (what is so), `remedy` (what a person can do; empty when nothing is to be done)."""

    UNPROTECTED = ("No backup protects this VM", "Backstop protects it when the policy enforces")
    PROTECTED = ("A backup protects this VM", "")
    PROTECTION_IN_PROGRESS = ("Azure is enabling backup for this VM", "")
    INITIAL_BACKUP_RUNNING = ("Backup is enabled and the first backup is running", "")
    NO_RECOVERY_POINT = (
        "Backup is enabled but no first backup has run",
        "Backstop starts the first backup when the policy enforces",
    )
    INITIAL_BACKUP_FAILED = (
        "Backup is enabled but the first backup failed",
        "Read the job's error in the vault, mend it and start a backup: backstop protect VM_ID --backup-now",
    )
    PROTECTION_ERROR = (
        "Backup is enabled but its last state is an error",
        "Open the protected item in the vault and follow its health details",
    )
    PROTECTION_STOPPED = (
        "Somebody stopped this VM's backup and kept its recovery points",
        "Resume it in the vault if that was not meant",
    )
    PROTECTION_SUSPENDED = ("Backups of this VM are suspended", "Resume them in the vault if that was not meant")
    SOFT_DELETED = (
        "Somebody deleted this VM's backup; the vault still holds it as soft-deleted",
        "Undelete and resume it in the vault, or let the retention end",
    )
    OTHER_BACKUP_POLICY = (
        "A backup protects this VM, but under another backup policy than its rule asks for",
        "Change the item's backup policy in the vault, or the rule",
    )
    PROTECTED_ELSEWHERE = (
        "The VM's backup lies in a vault outside its subscription and region",
        "Check whether this is meant; Backstop never moves a backup",
    )
    UNRECOGNISED_PROTECTION_STATE = (
        "The protected item is in a state that this version does not know",
        "Look at the item in the vault and report the state",
    )
    BACKUP_POLICY_NOT_NAMED = (
        "The VM's rule takes the backup policy from a tag, and the VM has no such tag",
        "Set the tag on the VM, its resource group or its subscription, or give the rule a `name` to fall back on",
    )
    BACKUP_POLICY_NOT_ALLOWED = (
        "The tag that names the VM's backup policy holds a value that the rule does not allow",
        "Set the tag to one of the values in the rule's `allowed`",
    )
    NO_VAULT_IN_REGION = (
        "No Recovery Services vault that the rule accepts exists in the VM's subscription and region",
        "Create a vault there, or widen the rule's `vault`",
    )
    NEEDS_ENHANCED_POLICY = (
        "The VM needs an Enhanced backup policy, and its rule asks for a Standard one",
        "Give the rule's `backupPolicy` an Enhanced policy, or leave it out: the vault's own is then chosen to fit",
    )
    VM_NOT_READY = (
        "The VM's last change failed, and Azure Backup takes no VM in this state",
        "Repair the VM, such as by updating it without a change; Backstop looks again when it is written",
    )
    VAULT_REDUNDANCY_DIFFERS = (
        "The vaults that the rule accepts do not have the storage redundancy that it asks for",
        "Set it while a vault is still empty (it cannot change later), make another vault, or change the rule",
    )
    RECOVERY_POINTS_OF_EARLIER_VM = (
        "A backup protects this VM, but its recovery points are older than the VM: another had its name before",
        "Backstop starts a first backup of this VM when the policy enforces",
    )
    SETTLING = ("The VM is too new: its tags may still arrive", "Nothing; Backstop looks again after `settle`")
    OPTED_OUT = ("Its owner opted out of backup by tag", "")
    OPT_OUT_EXPIRED = ("The opt-out has ended and is not honoured", "Renew the tag with a later `until`, or let it go")
    OPT_OUT_MALFORMED = (
        "The opt-out tag cannot be read, or lacks what the policy requires of it, and is not honoured",
        'Write it as "reason=...; until=YYYY-MM-DD; ref=...", with the parts in the policy\'s `optOut.require`',
    )
    OPT_OUT_TOO_LONG = (
        "The opt-out lasts longer than the policy allows and is not honoured",
        "Choose an `until` within the policy's `optOut.maxDuration`, counted from when the opt-out was first seen",
    )
    OPT_OUT_REASON_NOT_ALLOWED = (
        "The opt-out gives a reason that the policy does not allow and is not honoured",
        "Use one of the reasons in the policy's `optOut.reasons`, or let the tag go",
    )
    OPT_OUT_FORBIDDEN = ("The rule forbids opting out; the tag is not honoured", "Ask the policy's owner")
    EXCLUDED_DATABRICKS = ("A Databricks cluster owns this VM and replaces it at will", _IF_NOT_MEANT)
    EXCLUDED_AKS = ("An AKS cluster owns this VM and replaces it at will", _IF_NOT_MEANT)
    EXCLUDED_ARO = ("An OpenShift cluster owns this VM and replaces it at will", _IF_NOT_MEANT)
    EXCLUDED_VMSS_UNIFORM = (
        "This is an instance of a scale set in uniform orchestration, which Azure Backup does not support",
        "Keep its state elsewhere, or use flexible orchestration",
    )
    EXCLUDED_AVD_POOLED = (
        "A pooled Azure Virtual Desktop host pool owns this VM and makes it anew from an image",
        _IF_NOT_MEANT,
    )
    EXCLUDED_BATCH = ("An Azure Batch pool owns this VM and replaces it at will", _IF_NOT_MEANT)
    EXCLUDED_CITRIX = ("A Citrix machine catalogue owns this VM and resets it at will", _IF_NOT_MEANT)
    EXCLUDED_SPOT = ("This is a Spot VM, which Azure may evict at any time", _IF_NOT_MEANT)
    OUT_OF_SCOPE = ("The VM lies outside the policy's scope", "Widen `scope` if that was not meant")
    UNSUPPORTED_EPHEMERAL_OS_DISK = (
        "Azure Backup does not support ephemeral OS disks",
        "Keep its state elsewhere, or give it a managed OS disk",
    )
    UNSUPPORTED_OPERATING_SYSTEM = (
        "Azure Backup does not support the VM's operating system",
        "Keep its state elsewhere, or move to a supported operating system",
    )
    UNSUPPORTED_CONFIDENTIAL_CMK = (
        "Azure Backup does not support a Confidential VM with a customer-managed key",
        "Use a platform-managed key, or back up its data from inside the VM",
    )
    UNSUPPORTED_TOO_MANY_DISKS = (
        "The VM has more data disks than Azure Backup supports",
        "Merge or detach data disks, or back up its data from inside the VM",
    )
    UNSUPPORTED_DISK_TOO_LARGE = (
        "The VM has a disk that is larger than Azure Backup supports",
        "Split the disk, or back up its data from inside the VM",
    )
    UNSUPPORTED_TOTAL_SIZE = (
        "The VM's disks together are larger than Azure Backup supports",
        "Spread its data over several VMs, or back it up from inside the VM",
    )
    EXCLUDED_BY_POLICY = ("The policy excludes this VM", "Change the policy's `exclude.any` if that was not meant")
    VM_BEING_DELETED = ("The VM is being deleted", "")
    VM_GONE = ("The VM no longer exists", "")
    NO_RULE_MATCHES = ("No rule of the policy matches this VM", "Add a rule, such as a default with `match: {}`")
    POLICY_DISABLED = ("The policy's mode is `disabled`", "Set `mode` to audit or enforce")
    READ_FAILED = ("Something about this VM could not be read, so nothing is concluded", "Backstop tries again later")


#: Every reason that speaks of an opt-out tag, honoured or not.
OPT_OUT_REASONS = frozenset(
    {
        Reason.OPTED_OUT,
        Reason.OPT_OUT_EXPIRED,
        Reason.OPT_OUT_MALFORMED,
        Reason.OPT_OUT_TOO_LONG,
        Reason.OPT_OUT_REASON_NOT_ALLOWED,
        Reason.OPT_OUT_FORBIDDEN,
    }
)
