"""What surrounds backups and can break them, as it was read: locks, assignments of Azure Policy, key vaults. Data.

Whatever could not be read stands as `Unread`, so that `hazard_advice.py` never takes it for harmless.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.domain.model import Unread


@dataclass(frozen=True, slots=True)
class Lock:
    """A management lock. `scope` is the lower-cased id of what it is put on; `level` CanNotDelete or ReadOnly."""

    id: str
    scope: str
    level: str

    @property
    def name(self) -> str:
        """Its name."""
        return self.id.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class PolicyAssignment:
    """An assignment that Azure enforces. `parameters` are values by name; scopes and definition are lower-cased ids."""

    id: str
    scope: str
    definition: str
    name: str = ""
    parameters: Mapping[str, object] = field(default_factory=dict)
    not_scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyDefinition:
    """A definition: its rule as Azure writes it, and the defaults of its parameters by name."""

    id: str
    mode: str
    rule: Mapping[str, object]
    defaults: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Initiative:
    """A set of definitions: each member's lower-cased id with the parameters that it gets, and the set's own defaults.

    A parameter may be an expression over the set's own parameters.
    """

    id: str
    members: tuple[tuple[str, Mapping[str, object]], ...]
    defaults: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AssignedPolicies:
    """The assignments that reach the subscriptions looked at; definitions and initiatives by lower-cased id."""

    assignments: tuple[PolicyAssignment, ...] = ()
    definitions: Mapping[str, PolicyDefinition] = field(default_factory=dict)
    initiatives: Mapping[str, Initiative] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KeyVaultAccess:
    """Whether Azure Backup may get, list and back up what lies in a key vault; `why` tells of what it lacks."""

    secrets: bool
    keys: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class EncryptedDisk:
    """A managed disk under Azure Disk Encryption: its VM's key, and the ids of the key vaults that it names.

    Encryption by the VM extension of today is told by the disks alone; the VM's own model tells only older ones.
    """

    vm_key: str
    secret_vault: str
    key_vault: str = ""


@dataclass(frozen=True, slots=True)
class HazardsSeen:
    """All of it: locks by subscription id, key vaults by lower-cased id."""

    locks: Mapping[str, tuple[Lock, ...] | Unread] = field(default_factory=dict)
    policies: AssignedPolicies | Unread = AssignedPolicies()
    key_vaults: Mapping[str, KeyVaultAccess | Unread] = field(default_factory=dict)
    encrypted_disks: tuple[EncryptedDisk, ...] | Unread = ()
