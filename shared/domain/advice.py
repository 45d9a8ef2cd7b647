"""The closed list of advice: what threatens a backup, or shows its worth, without deciding on it.

A reason (`reasons.py`) says why a VM's verdict is what it is. Advice stands beside it and changes no verdict and no
write: about a VM, a vault, a protected item, a resource group. Stable codes, each with a sentence and a remedy.
"""

from dataclasses import dataclass

from shared.domain.arm_id import ArmId
from shared.domain.coded import Coded


class Advice(Coded):
    """`code`, `sentence` (what is so), `remedy` (what a person can do; empty when nothing is to be done)."""

    VAULT_REDUNDANCY_DIFFERS = (
        "The vault's storage redundancy is not what a rule asks for",
        "It cannot change once the vault protects something: make another vault, or change the rule",
    )
    BACKUP_POLICY_DIFFERS = (
        "A vault's backup policy is not as a rule describes the one of this name",
        (
            "Change it in the vault, let the rule do so by `backupPolicy.manage: true`, or give the rule's policy "
            "another name; until then new protections go to a further policy of the family, made as described"
        ),
    )
    VAULT_SOFT_DELETE_OFF = ("Soft delete is off in this vault", "Switch it on in the vault's security settings")
    VAULT_NOT_IMMUTABLE = ("The vault is not immutable", "Consider immutability in the vault's properties")
    VAULT_GUARDED = ("A resource guard stands before critical changes in this vault", "")
    ITEM_ORPHANED = (
        "The vault still protects a VM that no longer exists",
        "Stop its protection and keep or delete the recovery points, in the vault",
    )
    BACKUP_JOB_FAILED = (
        "The VM's last backup failed",
        "Do what is told of its error, then start a backup: backstop protect VM_ID --backup-now",
    )
    CONFIGURE_JOB_FAILED = (
        "The last try to set up the VM's backup failed",
        "Do what is told of its error; the next sweep tries again if the VM is still unprotected",
    )

    AGENT_MISSING = (
        "No VM agent has ever reported from this running VM: its backups fail, or are crash-consistent at best",
        (
            "Install the VM agent in the VM (Windows: the agent's MSI; Linux: the distribution's package), see that "
            "its service runs and that Azure shows it as Ready; then start a backup"
        ),
    )
    AGENT_NOT_READY = (
        "The VM agent of this running VM is not ready: backups may fail",
        (
            "Restart the agent's service (Windows: WindowsAzureGuestAgent; Linux: walinuxagent or waagent) while no "
            "backup runs, see that the VM reaches 168.63.129.16, and install the agent anew if it stays not ready"
        ),
    )
    AGENT_OLD = (
        "The VM agent is older than the oldest version that Azure Backup supports",
        (
            "Update the agent while no backup of the VM runs (Windows: the agent's newest MSI; Linux: the "
            "distribution's package, not GitHub); never during a backup"
        ),
    )
    BACKUP_EXTENSION_FAILED = (
        "The extension by which Azure Backup makes snapshots of this VM has failed",
        "While no backup runs, remove VMSnapshot or VMSnapshotLinux from the VM's extensions; the next backup adds it",
    )
    LOCK_ON_BACKUP_GROUP = (
        (
            "A lock holds for the resource group where Azure Backup keeps its snapshots: it cannot delete old ones, "
            "and backups fail after 18 recovery points, or at once where the lock is ReadOnly"
        ),
        "Take the lock away, or put it on other resource groups; never lock a group that Azure Backup made",
    )
    POLICY_DENIES_BACKUP_GROUP = (
        "An assignment of Azure Policy denies the resource group where Azure Backup would keep its snapshots",
        (
            "Exclude the group from the assignment, make the group beforehand as the policy asks and name it in the "
            "backup policy, or let the assignment only audit"
        ),
    )
    SURROUNDINGS_UNKNOWN = (
        "It could not be read whether locks or Azure Policy stand in the way of backups here",
        "Give Backstop's login the role Reader on the subscription; the next sweep looks again",
    )
    KEY_VAULT_ACCESS_MISSING = (
        "Azure Backup may not read the key vault of an encrypted VM: its backups fail",
        (
            "Let the application Backup Management Service get, list and back up secrets (and keys, where a key "
            "encrypts them) by an access policy, or give it the role Key Vault Administrator where the vault has RBAC"
        ),
    )
    KEY_VAULT_ACCESS_UNKNOWN = (
        "It could not be read whether Azure Backup may read the key vault of an encrypted VM",
        (
            "Give Backstop's login the role Reader on the key vault, and the right to read service principals in the "
            "directory; or look at the key vault's access by hand"
        ),
    )


@dataclass(frozen=True, slots=True)
class Advisory:
    """A piece of advice about one resource. `detail` is the value that gave rise to it: data, never markup.

    `vm` is the VM that it concerns, None where it concerns no single one.
    """

    advice: Advice
    resource_id: str
    detail: str = ""
    vm: ArmId | None = None

    @property
    def subscription_id(self) -> str:
        """The subscription that its resource lies in, lower-cased; empty where it lies in none."""
        parts = self.resource_id.lower().split("/", 3)
        return parts[2] if len(parts) > 2 and parts[:2] == ["", "subscriptions"] else ""

    def __str__(self) -> str:
        return f"{self.advice.sentence} ({self.detail})" if self.detail else self.advice.sentence
