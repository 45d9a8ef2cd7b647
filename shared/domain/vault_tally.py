"""What every vault holds and has promised, kept up while VMs are given their seats one after another.

Counts alone: which vault and backup policy a VM gets is decided by `berthing` and `placement`.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from shared.domain.holdings import Holdings
from shared.domain.placement import Berth, Quotas, Seat, Shard
from shared.domain.vault_book import VaultBook


class Asking(Protocol):
    """Who wants a seat."""

    def accepts(self, seat: Seat) -> bool:
        """Whether a seat on record still will do, its room aside."""


@dataclass(slots=True)
class Tally:
    """What every vault holds while demands are placed one group after another.

    `asking` has the group of each VM that is to be placed, `kept` the seats on record that still will do.
    """

    holdings: Holdings
    quotas: Quotas
    now: datetime
    asking: dict[str, Asking] = field(default_factory=dict)
    kept: dict[str, Seat] = field(default_factory=dict)
    vms: dict[str, set[str]] = field(default_factory=dict)
    under: dict[str, Counter[str]] = field(default_factory=dict)
    due: dict[str, list[datetime]] = field(default_factory=dict)

    def open(self, key: str) -> None:
        """Count what the vault holds and what is on record, once.

        Seats count in the order of their moments, so that all who read the same keep and give up the same ones.
        """
        if key in self.vms:
            return
        contents, book = self.holdings.contents.get(key), self.holdings.books.get(key, VaultBook({}))
        items = contents.items if contents is not None else {}
        self.vms[key], self.under[key] = set(items), Counter(policy.lower() for policy in items.values() if policy)
        self.due[key] = list(book.moments())
        counted = {vm for _, vm in book.registered}
        for vm, seat in sorted(book.seats.items(), key=lambda each: (each[1].at, each[0])):
            asking = self.asking.get(vm)
            if asking is not None and vm not in self.kept and asking.accepts(seat) and self._has_room(key, seat):
                self.kept[vm] = seat
            elif asking is not None:
                continue  # it is given another seat
            if vm not in items:
                self._count(vm, seat, registered=vm in counted)
            elif items[vm] != seat.backup_policy.lower():
                self.under[key][seat.backup_policy.lower()] += 1  # it is about to come under this policy

    def take(self, vm: str, seat: Seat) -> None:
        """One more VM has this seat."""
        self.open(seat.vault_id.lower())
        self._count(vm, seat)

    def _count(self, vm: str, seat: Seat, *, registered: bool = False) -> None:
        key = seat.vault_id.lower()
        self.vms[key].add(vm)
        self.under[key][seat.backup_policy.lower()] += 1
        if not registered:
            self.due[key].append(max(seat.at, self.now))

    def _has_room(self, key: str, seat: Seat) -> bool:
        """Others may have filled the vault or the policy since the seat was given."""
        under = self.under[key][seat.backup_policy.lower()]
        return len(self.vms[key]) < self.quotas.vms and under < self.quotas.policy_vms

    def berth(self, vault_id: str, shards: tuple[Shard, ...]) -> Berth:
        """The vault as the arithmetic wants it."""
        key = vault_id.lower()
        self.open(key)
        return Berth(vault_id, len(self.vms[key]), shards, tuple(sorted(self.due[key])))
