"""Which backup jobs there are, and how those in progress go on: Resource Graph for the many, the vaults for the newest.

Resource Graph tells a day of jobs in a few requests and is minutes late, so vaults are asked as well for what began
lately. A vault that cannot be read does not hide the others: it is named. Refuses to guess whose a job is: a VM's id is
Azure's own, or that of a protected item in the same vault and container.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.arm_id import ArmId
from shared.domain.azure_answers import BackupJob, Scope
from shared.domain.model import Vault
from shared.errors import BackstopError, RetryLaterError, SettingsError
from shared.ports import Clock, Inventory, Jobs

#: Resource Graph shows nearly every job after that time (its documentation promises none).
LATE = timedelta(hours=2)
#: So many vaults are asked for what began lately; a vault allows some 250 reads of its jobs in five minutes.
VAULTS_ASKED = 50
KEPT = timedelta(days=14)  # by Resource Graph; a vault keeps them longer (documentation of Azure Backup, 2021)
_BETWEEN = timedelta(seconds=30)
_FOR_EACH_VAULT = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Wish:
    """Whose jobs, since when. `vault` is a vault's id or name; with one, that vault is asked for all of them."""

    scope: Scope
    since: datetime
    vm: ArmId | None = None
    vault: str = ""


@dataclass(frozen=True, slots=True)
class Unread:
    """A vault that could not be read, and why."""

    vault_id: str
    error: BackstopError


@dataclass(frozen=True, slots=True)
class Board:
    """The jobs, newest first. `not_asked` counts the vaults for which Resource Graph's word alone was taken."""

    jobs: tuple[BackupJob, ...]
    unread: tuple[Unread, ...] = ()
    not_asked: int = 0

    @property
    def running(self) -> tuple[BackupJob, ...]:
        """The jobs in progress."""
        return tuple(each for each in self.jobs if each.running)

    @property
    def followed(self) -> tuple[BackupJob, ...]:
        """Those in progress whose vault can be read, now or later."""
        lost = {each.vault_id.lower() for each in self.unread if not isinstance(each.error, RetryLaterError)}
        return tuple(each for each in self.running if each.vault_id.lower() not in lost)


class JobReader:
    """Looks at the jobs of a wish, once or again and again."""

    def __init__(self, jobs: Jobs, inventory: Inventory, clock: Clock) -> None:
        self._jobs, self._inventory, self._clock = jobs, inventory, clock

    async def look(self, wish: Wish) -> Board:
        """All jobs of the wish. SettingsError where no vault is of that name or id."""
        vaults = await self._inventory.vaults(wish.scope)
        if wish.vault:
            vaults = _named(vaults, wish.vault)
            scope = Scope(subscriptions=tuple(sorted({each.id.subscription_id for each in vaults})))
        else:
            scope = wish.scope
        inside = {each.id.key for each in vaults}
        found = {each.id.lower(): each async for each in self._jobs.jobs_in(scope, wish.since)}
        if wish.vault:
            found = {key: each for key, each in found.items() if each.vault_id.lower() in inside}
        since = wish.since if wish.vault else self._lately(wish.since, found.values())
        asked = _most_telling(vaults, found.values(), wish.vm)[: len(vaults) if wish.vault else VAULTS_ASKED]
        unread = await self._ask({each.id.text: since for each in asked}, found)
        told = await self._with_vms(scope, found.values())
        return Board(_of(told, wish.vm), unread, len(vaults) - len(asked))

    async def look_again(self, board: Board, wish: Wish) -> Board:
        """The same jobs, those in progress as their vaults tell them now, with what began there since."""
        since: dict[str, datetime] = {}
        for each in board.followed:
            vault, began = each.vault_id.lower(), each.started or wish.since  # one vault comes in several spellings
            since[vault] = min(began, since.get(vault, began))
        found = {each.id.lower(): each for each in board.jobs}
        unread = await self._ask(since, found)
        kept = [each for each in board.unread if each.vault_id.lower() not in since]
        told = _told(found.values(), _owners(board.jobs))
        return replace(board, jobs=_of(told, wish.vm), unread=(*kept, *unread))

    def due_again(self, board: Board) -> datetime:
        """When to look again: so seldom that the vaults' quota holds, and not before a vault that puts us off."""
        vaults = len({each.vault_id.lower() for each in board.followed})
        waits = [each.error.retry_after for each in board.unread if isinstance(each.error, RetryLaterError)]
        return self._clock.now() + max(_BETWEEN, _FOR_EACH_VAULT * vaults, *(each for each in waits if each))

    def _lately(self, since: datetime, jobs: Iterable[BackupJob]) -> datetime:
        """From when on the vaults are asked: what Resource Graph may not show yet, or shows as running."""
        running = [each.started for each in jobs if each.running and each.started is not None]
        return max(since, min([self._clock.now() - LATE, *running]))

    async def _ask(self, vaults: dict[str, datetime], found: dict[str, BackupJob]) -> tuple[Unread, ...]:
        """Put the vaults' jobs over those found; the VM's id is kept where it was known."""
        unread = []
        for vault_id, since in vaults.items():
            try:
                for job in await self._jobs.jobs(vault_id, since):
                    known = found.get(job.id.lower())
                    found[job.id.lower()] = replace(job, vm_id=known.vm_id) if known is not None else job
            except SettingsError:
                raise
            except BackstopError as error:
                unread.append(Unread(vault_id, error))
        return tuple(unread)

    async def _with_vms(self, scope: Scope, jobs: Iterable[BackupJob]) -> list[BackupJob]:
        """With the VMs' ids, from the protected items where no other job of the same container tells them."""
        jobs = list(jobs)
        owners = _owners(jobs)
        if any(not each.vm_id and _place(each) not in owners for each in jobs):
            async for key, item in self._inventory.protections(scope):
                container = item.item_id.rsplit("/", 1)[-1].partition(";")[2].lower()
                owners.setdefault((item.vault_id.lower(), container), key)
        return _told(jobs, owners)


def _place(job: BackupJob) -> tuple[str, str]:
    return job.vault_id.lower(), job.item_container


def _owners(jobs: Iterable[BackupJob]) -> dict[tuple[str, str], str]:
    return {_place(each): each.vm_id for each in jobs if each.vm_id and each.item_container}


def _told(jobs: Iterable[BackupJob], owners: Mapping[tuple[str, str], str]) -> list[BackupJob]:
    return [each if each.vm_id else replace(each, vm_id=owners.get(_place(each), "")) for each in jobs]


def _named(vaults: Sequence[Vault], wanted: str) -> tuple[Vault, ...]:
    """The vault of this id, or those of this name: in two subscriptions a name may be given twice."""
    wanted = wanted.rstrip("/").lower()
    found = tuple(each for each in vaults if wanted in {each.id.key, each.id.name.lower()})
    if not found:
        remedy = "Give the name or the whole resource id of a Recovery Services vault in scope"
        raise SettingsError(f"no vault in scope is {wanted!r}", code="VAULT", remedy=remedy)
    return found


def _most_telling(vaults: Sequence[Vault], jobs: Iterable[BackupJob], vm: ArmId | None) -> list[Vault]:
    """The vaults in the order in which to ask them: where something runs first; for a VM where it has jobs, and then
    those of its subscription.
    """
    jobs = list(jobs)
    running = {each.vault_id.lower() for each in jobs if each.running}
    own = {each.vault_id.lower() for each in jobs if vm is not None and each.vm_id == vm.key}
    near = [
        each for each in vaults if vm is None or each.id.key in own or each.id.subscription_id == vm.subscription_id
    ]
    return sorted(near, key=lambda each: (each.id.key not in own, each.id.key not in running, each.id.key))


def _of(jobs: Iterable[BackupJob], vm: ArmId | None) -> tuple[BackupJob, ...]:
    mine = [each for each in jobs if vm is None or _is_of(each, vm)]
    return tuple(sorted(mine, key=lambda each: (each.started is not None, each.started, each.id), reverse=True))


def _is_of(job: BackupJob, vm: ArmId) -> bool:
    if job.vm_id:
        return job.vm_id == vm.key
    # No item tells the job's VM, as after a first protect that failed. A VM's vault lies in its own subscription.
    kind = "iaasvmcontainer" if vm.classic else "iaasvmcontainerv2"
    container = f"{kind};{vm.resource_group};{vm.name}".lower()
    return job.item_container == container and f"/subscriptions/{vm.subscription_id}/" in job.vault_id.lower()
