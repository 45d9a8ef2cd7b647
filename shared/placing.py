"""What vaults hold, and the book of their quotas: read, reserved in, and counted in by compare-and-swap.

The book is shared by all workers. A seat is reserved before the first write for a VM and a registration is counted
before the PUT that makes it, so a crash in between costs a place for a day at most and never crosses a quota.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.arm_id import parse_id
from shared.domain.holdings import Holdings
from shared.domain.placement import next_within_day
from shared.domain.steps import Placement
from shared.domain.vault_book import EMPTY, VaultBook
from shared.guards import asked_twice
from shared.ledger_keys import VAULT_PREFIX
from shared.ports import Backup, Books, Clock, Ledger

_TRIES = 20  # of a swap; each that fails is another worker's that succeeded


@dataclass(frozen=True, slots=True)
class Read:
    """Holdings, with the versions that a change of their books must name."""

    holdings: Holdings
    versions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Placer:
    """Reads for one VM at a time what `berthing` decides by, and keeps what it decided."""

    backup: Backup
    books: Books
    ledger: Ledger
    clock: Clock

    async def read(self, subscription_id: str, vault_ids: Iterable[str]) -> Read:
        """What these vaults hold (cached for minutes), and all books of the subscription. Raises as the ports do."""
        contents = {}
        for each in vault_ids:
            contents[each.lower()] = await asked_twice(lambda vault_id=each: self.backup.contents(vault_id))  # type: ignore[misc]
        pages = await self.books.of(subscription_id)
        books = {key: page.book for key, page in pages.items()}
        return Read(Holdings(contents, books, await self.ours()), {key: page.version for key, page in pages.items()})

    async def ours(self) -> frozenset[str]:
        """Keys of the vaults that Backstop makes and that hold nothing yet."""
        return frozenset(key.removeprefix(VAULT_PREFIX) for key in await self.ledger.with_prefix(VAULT_PREFIX))

    async def reserve(self, vm_key: str, location: str, placed: Placement, read: Read) -> bool:
        """Keep the seat; False where the book has changed meanwhile, and the choice has to be made anew."""
        key = placed.seat.vault_id.lower()
        book = read.holdings.books.get(key, EMPTY)
        if book.seats.get(vm_key) == placed.seat:
            return True
        to_be_made = location if key not in read.holdings.contents else book.location
        changed = replace(book.with_seats({vm_key: placed.seat}), location=to_be_made)
        return await self.books.swap(key, read.versions.get(key, 0), changed)

    async def register(self, vault_id: str, subscription_id: str, vm_key: str, per_day: int) -> datetime | None:
        """Count a registration of now; None, or the moment from which there is room for it.

        That moment is now where the VM's seat has been given up meanwhile: its place has to be chosen anew.
        """
        now = self.clock.now()
        due: datetime | None = None

        def change(book: VaultBook) -> VaultBook | None:
            nonlocal due
            due = next_within_day(book.moments(), per_day, now)
            if due > now or vm_key not in book.seats:
                return None
            due = None
            return book.with_registration(vm_key, now)

        await self._change(vault_id, subscription_id, change)
        return due

    async def vacate(self, vault_id: str) -> None:
        """Give up all seats in a vault that Azure does not make: by a rule that is mended another may be wanted."""
        await self._change(
            vault_id, parse_id(vault_id).subscription_id, lambda book: replace(book, seats={}) if book.seats else None
        )

    async def edit(self, vault_id: str, subscription_id: str, per_day: int) -> datetime | None:
        """Count a change of the vault's backup policies; None, or the moment from which there is room for it."""
        now = self.clock.now()
        due = now

        def change(book: VaultBook) -> VaultBook | None:
            nonlocal due
            due = next_within_day(book.edited, per_day, now)
            return book.with_edit(now) if due <= now else None

        await self._change(vault_id, subscription_id, change)
        return due if due > now else None

    async def _change(
        self, vault_id: str, subscription_id: str, change: Callable[[VaultBook], VaultBook | None]
    ) -> None:
        key = vault_id.lower()
        for _ in range(_TRIES):
            page = (await self.books.of(subscription_id)).get(key)
            changed = change(page.book if page is not None else EMPTY)
            if changed is None or await self.books.swap(key, page.version if page is not None else 0, changed):
                return
        raise RuntimeError(f"the book of {vault_id} changed {_TRIES} times while it was being changed")
