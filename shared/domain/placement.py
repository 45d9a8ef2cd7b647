"""Where VMs that lack a backup go: which vault, which of its backup policies, and when, within the service's quotas.

Pure, over all VMs that ask for the same: fewest vaults, then fewest backup policies, then fewest days, all
vaults filled in parallel. A vault or policy may be filled to its very limit; only the registrations of a day keep a
reserve. It decides nothing about a VM's verdict, and reads and remembers nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

#: Whether Azure counts its days from midnight UTC or backwards from now is not documented: so many within any 24 hours
#: are within both.
DAY = timedelta(days=1)
#: A registration happens somewhat later than planned, and the next day's must not be planned into its window.
MARGIN = timedelta(minutes=15)
#: A request is counted right before it is sent; it comes to Azure within this time, and has its day from then on.
COUNTED_FOR = DAY + timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Quotas:
    """How much one vault and one backup policy take; `registrations` within 24 hours, the reserve taken off."""

    vms: int = 1_000
    policy_vms: int = 100
    registrations: int = 250


@dataclass(frozen=True, slots=True)
class Shard:
    """A backup policy of a vault that will do. `there`: it exists; else it would have to be made."""

    name: str
    there: bool
    vms: int = 0


@dataclass(frozen=True, slots=True)
class Berth:
    """A vault that would do, with what it holds: `vms` of all backup policies, `shards` in the order of their use.

    `registered` are the registrations of the last 24 hours, and those that are planned, oldest first.
    """

    vault_id: str
    vms: int = 0
    shards: tuple[Shard, ...] = ()
    registered: tuple[datetime, ...] = ()

    def room(self, quotas: Quotas) -> int:
        """How many more VMs it takes, on whatever days."""
        below = sum(max(quotas.policy_vms - each.vms, 0) for each in self.shards)
        return max(min(quotas.vms - self.vms, below), 0)


@dataclass(frozen=True, slots=True)
class Seat:
    """The place of a VM: vault, backup policy, and the moment from which it may be registered."""

    vault_id: str
    backup_policy: str
    at: datetime


class _Filling:
    """A vault while it is filled: its open shards, in the order of their use, and the moments that it has left."""

    def __init__(self, berth: Berth, position: int, quotas: Quotas, now: datetime) -> None:
        self.berth, self.position, self._quotas, self._now = berth, position, quotas, now
        self._room = berth.room(quotas)
        self._moments = list(berth.registered)
        usable = [each for each in berth.shards if each.vms < quotas.policy_vms]
        self._closed = [each for each in usable if not (each.there or each.vms)]
        self._open: list[tuple[str, int]] = []
        self.capacity = 0
        for each in usable:
            if each.there or each.vms:
                self._add(each)

    def next_lot(self) -> int:
        """How many VMs one more shard would let in; 0 where there is none, or the vault is full."""
        return min(self._quotas.policy_vms, self._room - self.capacity) if self._closed else 0

    def open(self) -> None:
        """One more shard may be used."""
        self._add(self._closed.pop(0))

    def _add(self, shard: Shard) -> None:
        free = min(self._quotas.policy_vms - shard.vms, self._room - self.capacity)
        self._open.append((shard.name, free))
        self.capacity += free

    def due(self) -> datetime:
        """When one more VM may be registered."""
        before = len(self._moments) - self._quotas.registrations
        return self._now if before < 0 else max(self._now, self._moments[before] + DAY + MARGIN)

    def days(self) -> int:
        """On which day, counted from 0, a VM would be registered that comes after all that have room so far."""
        return (len(self._moments) + self.capacity) // self._quotas.registrations

    def take(self) -> Seat:
        """The next seat."""
        at = self.due()
        self._moments.append(at)
        while self._open[0][1] == 0:
            self._open.pop(0)
        name, free = self._open[0]
        self._open[0] = (name, free - 1)
        self.capacity -= 1
        self._room -= 1
        return Seat(self.berth.vault_id, name, at)


def place(
    vms: Sequence[str],
    berths: Sequence[Berth],
    new_berth: Callable[[int], Berth | None],
    quotas: Quotas,
    now: datetime,
) -> Mapping[str, Seat]:
    """A seat for every VM (by key), but for those that find no room; the first VMs get the first seats.

    `berths` in order of preference. `new_berth(n)` is the nth vault that may be made, None where no more may.
    """
    if not vms:
        return {}
    chosen = _fewest(len(vms), berths, quotas)
    missing, number = len(vms) - sum(each.room(quotas) for each in chosen), 0
    while missing > 0 and (berth := new_berth(number)) is not None and (room := berth.room(quotas)) > 0:
        chosen.append(berth)
        missing, number = missing - room, number + 1
    fillings = [_Filling(each, position, quotas, now) for position, each in enumerate(chosen)]
    _open_shards(fillings, len(vms))
    seats: dict[str, Seat] = {}
    for vm in vms:
        able = [each for each in fillings if each.capacity > 0]
        if not able:
            break
        seats[vm] = min(able, key=lambda each: (each.due(), each.position)).take()
    return seats


def _open_shards(fillings: Sequence[_Filling], count: int) -> None:
    """As few shards beside those that exist as let all VMs in: large ones first, then in the vault with the fewest."""
    missing = count - sum(each.capacity for each in fillings)
    while missing > 0:
        able = [each for each in fillings if each.next_lot() > 0]
        if not able:
            return
        best = min(
            able,
            key=lambda each: (-min(each.next_lot(), missing), each.days(), each.due(), each.capacity, each.position),
        )
        missing -= best.next_lot()
        best.open()


def next_within_day(counted: Sequence[datetime], per_day: int, now: datetime) -> datetime:
    """The first moment from `now` on at which one more is within a quota of so many a day. `counted`: oldest first."""
    recent = [each for each in counted if each > now - COUNTED_FOR]
    return now if len(recent) < per_day else recent[-per_day] + COUNTED_FOR


def _fewest(count: int, berths: Sequence[Berth], quotas: Quotas) -> list[Berth]:
    """As few of the vaults as hold them all, or all that hold any; the last is the one that takes the rest best."""
    left = sorted(berths, key=lambda each: -each.room(quotas))  # stable: those of one size stay in order of preference
    position = {each.vault_id: number for number, each in enumerate(berths)}
    found: list[Berth] = []
    while count > 0 and left and (room := left[0].room(quotas)) > 0:
        if room >= count:
            able = [each for each in left if each.room(quotas) >= count]
            found.append(min(able, key=lambda each: (*_costs(count, each, quotas), position[each.vault_id])))
            break
        found.append(left.pop(0))
        count -= room
    return found


def _costs(count: int, berth: Berth, quotas: Quotas) -> tuple[int, int]:
    """How many backup policies the vault lacks to take so many VMs, and on which day, from 0, the last would come."""
    there = sum(max(quotas.policy_vms - each.vms, 0) for each in berth.shards if each.there or each.vms)
    return -(-max(count - there, 0) // quotas.policy_vms), (len(berth.registered) + count - 1) // quotas.registrations
