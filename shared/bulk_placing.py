"""The places of all VMs that a sweep finds without a backup, chosen together and kept in the vaults' books.

Together, because the fewest vaults, policies and days can only be chosen when it is known how many VMs want them. A
book that somebody else changed since it was read is left as it is: the VMs concerned are then placed one by one, each
against the newest book. Books are brought in line with what Azure shows before anything is kept in them.
"""

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.arm_id import parse_id
from shared.domain.azure_answers import Scope
from shared.domain.berthing import groups_to_be_there
from shared.domain.holdings import Configured, Holdings, VaultContents
from shared.domain.model import ActionKind, Protection, Vault
from shared.domain.placement import Seat
from shared.domain.steps import Held, Placement
from shared.domain.vault_book import EMPTY, VaultBook
from shared.errors import PermanentError, RetryLaterError
from shared.ledger_keys import REFUSED_PREFIX, VAULT_PREFIX
from shared.ports import Books, Clock, Inventory, Jobs, Ledger

#: The first VM of a new vault or backup policy makes it; the others come when it is likely to be there.
VAULT_TAKES = timedelta(minutes=3)
POLICY_TAKES = timedelta(minutes=1)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BulkPlacer:
    """Reads what all vaults hold, and keeps the seats of a sweep."""

    inventory: Inventory
    jobs: Jobs
    books: Books
    ledger: Ledger
    clock: Clock

    async def holdings(
        self,
        scope: Scope,
        vaults: Iterable[Vault],
        items: Mapping[str, Iterable[Protection]],
        subscriptions: Iterable[str],
    ) -> Holdings:
        """What these vaults hold, from Resource Graph, with the books of the subscriptions. Raises as the ports do."""
        policies = await self.inventory.backup_policies(scope)
        held: dict[str, dict[str, str]] = {}
        for vm_key, each in items.items():
            for item in each:
                held.setdefault(item.vault_id.lower(), {})[vm_key] = item.backup_policy.lower()
        contents = {
            vault.id.key: VaultContents(policies.get(vault.id.key, ()), held.get(vault.id.key, {})) for vault in vaults
        }
        books: dict[str, VaultBook] = {}
        for subscription in sorted(set(subscriptions)):
            books |= {key: page.book for key, page in (await self.books.of(subscription)).items()}
        ours = await self.ledger.with_prefix(VAULT_PREFIX)
        return Holdings(contents, books, frozenset(key.removeprefix(VAULT_PREFIX) for key in ours))

    async def keep(
        self,
        scope: Scope,
        placed: Mapping[str, tuple[str, Placement]],
        holdings: Holdings,
        protected: Collection[str],
        asked: Collection[str],
        configured: Configured | None,
    ) -> None:
        """Put the seats (VM key to location and place) into the books; those of VMs that are protected leave them.

        `asked` are all VMs that wanted a place: what they had before and were not given again is free for others. Where
        there are none, nobody has read yet what was `configured`. What Azure refused before may be mended by now, so a
        sweep asks once more.
        """
        if not placed and not holdings.books:
            return
        for refused in await self.ledger.with_prefix(REFUSED_PREFIX):
            await self.ledger.forget(refused)
        jobs = configured if asked else await self.configured(scope)
        by_vault: dict[str, dict[str, Seat]] = {}
        locations: dict[str, str] = {}
        for vm_key, (location, each) in placed.items():
            by_vault.setdefault(each.seat.vault_id.lower(), {})[vm_key] = each.seat
            locations[each.seat.vault_id.lower()] = location
        for key in sorted({*by_vault, *holdings.books}):
            page = (await self.books.of(parse_id(key).subscription_id)).get(key)
            before = page.book if page is not None else EMPTY
            if before != holdings.books.get(key, EMPTY):
                continue
            made = jobs.get(key, []) if jobs is not None else None
            after = before.settled(self.clock.now(), protected, made).without_seats(asked)
            after = after.with_seats(by_vault.get(key, {}))
            after = replace(after, location="" if key in holdings.contents else locations.get(key, before.location))
            if after != before and not await self.books.swap(key, page.version if page is not None else 0, after):
                log.info("another worker changed the book of %s: its VMs are placed one by one", key)

    async def missing_groups(self, placed: Mapping[str, Placement | Held]) -> frozenset[str]:
        """Lower-cased ids of resource groups that vaults are to be made in and that are known not to exist."""
        missing: set[str] = set()
        for group in sorted(groups_to_be_there(placed)):
            try:
                if not await self.inventory.has_group(group):
                    missing.add(group)
            except (RetryLaterError, PermanentError) as error:
                log.warning("whether a vault's resource group exists could not be read: %s", error.message)
        return frozenset(missing)

    async def configured(self, scope: Scope) -> Configured | None:
        """The protections that Azure configured within a day; None where that cannot be read."""
        found: dict[str, list[tuple[datetime, str]]] = {}
        try:
            async for job in self.jobs.configured(scope):
                if job.started is not None and job.vm_id:
                    found.setdefault(job.vault_id.lower(), []).append((job.started, job.vm_id))
        except (RetryLaterError, PermanentError) as error:
            log.warning("the jobs of the last day could not be read: %s", error.message)
            return None
        return found


def start_times(placed: Mapping[str, Placement | Held], now: datetime) -> Mapping[str, datetime]:
    """From when each VM's request is worked on: at its seat's time, and after another VM made what they all lack."""
    making: set[str] = set()
    times: dict[str, datetime] = {}
    for vm_key, place in placed.items():
        if isinstance(place, Held):
            continue
        seat, wait = place.seat, timedelta()
        vault, policy = seat.vault_id.lower(), f"{seat.vault_id}|{seat.backup_policy}".lower()
        if ActionKind.CREATE_VAULT in place.first:
            wait += VAULT_TAKES if vault in making else timedelta()
        if ActionKind.ENSURE_BACKUP_POLICY in place.first:
            wait += POLICY_TAKES if policy in making else timedelta()
        making |= {vault, policy}
        times[vm_key] = max(seat.at, now) + wait
    return times
