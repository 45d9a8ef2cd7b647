"""The closed list of advice: what threatens a backup, or shows its worth, without deciding on it.

A reason (`reasons.py`) says why a VM's verdict is what it is. Advice stands beside it and changes no verdict and no
write: about a VM, a vault, a protected item, a resource group. Stable codes, each with a sentence and a remedy.
"""

from dataclasses import dataclass
from enum import Enum

from shared.domain.arm_id import ArmId


class Advice(Enum):
    """`code`, `sentence` (what is so), `remedy` (what a person can do; empty when nothing is to be done)."""

    VAULT_REDUNDANCY_DIFFERS = (
        "The vault's storage redundancy is not what a rule asks for",
        "It cannot change once the vault protects something: make another vault, or change the rule",
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
        "Do what Azure recommends for its error, then start a backup; ./backstop jobs --status failed shows both",
    )
    CONFIGURE_JOB_FAILED = (
        "The last try to set up the VM's backup failed",
        "Do what Azure recommends for its error; the next sweep tries again if the VM is still unprotected",
    )

    def __init__(self, sentence: str, remedy: str) -> None:
        self.sentence = sentence
        self.remedy = remedy

    @property
    def code(self) -> str:
        """The stable code, such as ITEM_ORPHANED."""
        return self.name


@dataclass(frozen=True, slots=True)
class Advisory:
    """A piece of advice about one resource. `detail` is the value that gave rise to it: data, never markup.

    `vm` is the VM that it concerns, None where it concerns no single one.
    """

    advice: Advice
    resource_id: str
    detail: str = ""
    vm: ArmId | None = None

    def __str__(self) -> str:
        return f"{self.advice.sentence} ({self.detail})" if self.detail else self.advice.sentence
