"""What vaults hold, as seen: their backup policies, their protected VMs, and what is on record about their quotas."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.domain.backup_policy import BackupPolicy
from shared.domain.vault_book import VaultBook


@dataclass(frozen=True, slots=True)
class VaultContents:
    """`policies` are all of the vault's. `items`: key of each VM that it protects, to its backup policy's name.

    Stopped and soft-deleted items count among a vault's VMs, and have no backup policy.
    """

    policies: tuple[BackupPolicy, ...] = ()
    items: Mapping[str, str] = field(default_factory=dict)

    def policy(self, name: str) -> BackupPolicy | None:
        """The backup policy of this name, compared without case."""
        return next((each for each in self.policies if each.name.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Holdings:
    """By vault key. A vault without `contents` was not asked; one without a book has nothing on record.

    `ours` are keys of vaults that Backstop has made and not yet seen finished.
    """

    contents: Mapping[str, VaultContents] = field(default_factory=dict)
    books: Mapping[str, VaultBook] = field(default_factory=dict)
    ours: frozenset[str] = frozenset()


UNASKED = Holdings()
