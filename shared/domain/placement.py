"""Where VMs that lack a backup go: which vault, which of its backup policies, and when, within the service's quotas.

Pure, over all VMs that ask for the same: fewest vaults, then fewest backup policies, then fewest days, all
vaults filled in parallel. A vault or policy may be filled to its very limit; only the registrations of a day keep a
reserve. It decides nothing about a VM's verdict, and reads and remembers nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

#: Whether Azure counts its days from midnight UTC or backwards from now is not documented: so many within any 24 hours
#: are within both.
DAY = timedelta(days=1)
#: A registration happens somewhat later than planned, and the next day's must not be planned into its window.
MARGIN = timedelta(minutes=15)


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


@dataclass(slots=True)
class _Filling:
    """A berth while it is filled."""

    berth: Berth
    left: int
    free: list[tuple[Shard, int]]
    lots: list[tuple[Shard, int]] = field(default_factory=list)
    taken: int = 0

    def lot(self, wanted: int) -> int:
        """How many of the wanted VMs the shard in hand takes."""
        return min(self.left, self.free[0][1], wanted) if self.free else 0


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
    seats: list[tuple[datetime, int, Seat]] = []
    for position, filling in enumerate(_filled(chosen, len(vms), quotas)):
        due = _Calendar(filling.berth.registered, quotas.registrations, now)
        for shard, count in filling.lots:
            for _ in range(count):
                at = due.next()
                seats.append((at, position, Seat(filling.berth.vault_id, shard.name, at)))
    seats.sort(key=lambda each: each[:2])
    return {vm: seat for vm, (_, _, seat) in zip(vms, seats, strict=False)}


def next_registration(registered: Sequence[datetime], per_day: int, now: datetime) -> datetime:
    """The first moment from `now` on at which one more registration is within the quota. `registered`: oldest first."""
    recent = [each for each in registered if each > now - DAY]
    return now if len(recent) < per_day else recent[-per_day] + DAY


class _Calendar:
    """Gives out moments, each within the quota of those before it."""

    def __init__(self, registered: Sequence[datetime], per_day: int, now: datetime) -> None:
        self._all, self._per_day, self._now = list(registered), per_day, now

    def next(self) -> datetime:
        due = self._now
        if len(self._all) >= self._per_day:
            due = max(due, self._all[-self._per_day] + DAY + MARGIN)
        self._all.append(due)
        return due


def _fewest(count: int, berths: Sequence[Berth], quotas: Quotas) -> list[Berth]:
    """As few of the vaults as hold them all, or all that hold any. One that could take them today comes first."""
    rooms = [(each.room(quotas), position, each) for position, each in enumerate(berths)]
    alone = [each for each in rooms if each[0] >= count]
    if alone:
        today = [each for each in alone if quotas.registrations - len(each[2].registered) >= count]
        return [(today or alone)[0][2]]
    found: list[Berth] = []
    for room, _, berth in sorted(rooms, key=lambda each: (-each[0], each[1])):
        if count <= 0 or room == 0:
            break
        found.append(berth)
        count -= room
    return found


def _filled(berths: Sequence[Berth], count: int, quotas: Quotas) -> list[_Filling]:
    """Hand the VMs out in lots of a backup policy each: to policies that exist before those to be made, to large lots
    before small ones, and then to the vault that would be done first.
    """
    fillings = [
        _Filling(
            each,
            each.room(quotas),
            [(shard, quotas.policy_vms - shard.vms) for shard in each.shards if shard.vms < quotas.policy_vms],
        )
        for each in berths
    ]
    while count > 0:
        open_ones = [each for each in fillings if each.lot(count) > 0]
        if not open_ones:
            break

        def rank(each: _Filling, wanted: int = count) -> tuple[bool, int, int]:
            shard, size = each.free[0][0], each.lot(wanted)
            new = not shard.there
            days = -(-(len(each.berth.registered) + each.taken + size) // quotas.registrations)
            return new, -size if new else 0, days * 1_000_000 + each.taken

        best = min(open_ones, key=rank)
        size, (shard, free) = best.lot(count), best.free[0]
        best.lots.append((shard, size))
        best.taken += size
        best.left -= size
        count -= size
        if size == free:
            best.free.pop(0)
        else:
            best.free[0] = (shard, free - size)
    return fillings
