"""What vaults hold, as seen: their backup policies, their protected VMs, and what is on record about their quotas."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.domain.backup_policy import BackupPolicy
from shared.domain.vault_book import EMPTY, VaultBook

#: (start, VM key) of every protection that Azure configured within a day, whoever asked for it, by vault key.
Configured = Mapping[str, Collection[tuple[datetime, str]]]


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

    `ours` are keys of vaults that Backstop has made and not yet seen finished, `no_groups` lower-cased ids of resource
    groups that do not exist.
    """

    contents: Mapping[str, VaultContents] = field(default_factory=dict)
    books: Mapping[str, VaultBook] = field(default_factory=dict)
    ours: frozenset[str] = frozenset()
    no_groups: frozenset[str] = frozenset()


UNASKED = Holdings()


def with_registrations(
    holdings: Holdings, configured: Configured, protected: Collection[str], now: datetime
) -> Holdings:
    """The same, with the registrations of the day as Azure shows them. `protected`: keys of VMs that have an item."""
    books = dict(holdings.books)
    for key in {*books, *configured}:
        before = books.get(key, EMPTY)
        registered = before.settled(now, protected, configured.get(key, ())).registered
        if registered != before.registered:
            books[key] = replace(before, registered=registered)
    return replace(holdings, books=books)
