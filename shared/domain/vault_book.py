"""What is on record about one vault's quotas: who has a seat in it, when VMs were registered, when policies changed.

A book says what Azure shows late or never: seats that are given and not yet taken, registrations within the last day.
What the vault holds is Azure's to say. Frozen: every change makes a new book, which a store puts in the place of the
one that was read, or not at all where somebody else was faster.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from shared.domain.placement import COUNTED_FOR, Seat

#: How long Azure may take to show a registration; an entry without job and item is then taken for a lost request.
SHOWN_WITHIN = timedelta(hours=1)
#: A seat that nobody took for so long after its time is given up: its VM is gone, exempt, or protected elsewhere.
KEPT_FOR = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class VaultBook:
    """`seats` by VM key; `registered` (moment, VM key) and `edited` are those that still count, oldest first.

    `location` is that of a vault which is yet to be made; empty for one that existed when its book was begun.
    """

    seats: Mapping[str, Seat]
    registered: tuple[tuple[datetime, str], ...] = ()
    edited: tuple[datetime, ...] = ()
    location: str = ""

    def with_seats(self, seats: Mapping[str, Seat]) -> Self:
        """These VMs have these seats now."""
        return replace(self, seats={**self.seats, **seats})

    def without_seats(self, vm_keys: Collection[str]) -> Self:
        """These VMs give up their seats, but for one whose registration is on record: it may be under way."""
        begun = {vm for _, vm in self.registered}
        gone = frozenset(vm_keys) - begun
        return replace(self, seats={vm: seat for vm, seat in self.seats.items() if vm not in gone})

    def with_registration(self, vm_key: str, at: datetime) -> Self:
        """A VM is about to be registered. A crash after this costs a place of the day and crosses no quota."""
        return replace(self, registered=(*_within(self.registered, at), (at, vm_key)))

    def with_edit(self, at: datetime) -> Self:
        """A backup policy of the vault is about to be made or changed."""
        return replace(self, edited=(*(each for each in self.edited if each > at - COUNTED_FOR), at))

    def moments(self) -> tuple[datetime, ...]:
        """When VMs were registered, oldest first."""
        return tuple(sorted(at for at, _ in self.registered))

    def settled(self, now: datetime, held: Collection[str], jobs: Collection[tuple[datetime, str]] | None) -> Self:
        """In line with what Azure says. `held`: keys of VMs that are protected; their seats are no longer promises.

        A seat stays for an hour all the same, because not all that shows an item shows it at once. `jobs` are
        (start, VM key) of the protections that Azure configured within the last day, whoever asked for them; None where
        they could not be read. They count, and an older entry of ours that became neither a job nor an item does not.
        """
        held_keys = frozenset(held)
        seats = {
            key: seat
            for key, seat in self.seats.items()
            if seat.at + (SHOWN_WITHIN if key in held_keys else KEPT_FOR) > now
        }
        registered = _within(self.registered, now)
        if jobs is not None:
            shown = {vm for _, vm in jobs}
            ours = [
                (at, vm)
                for at, vm in registered
                if vm not in shown and (at > now - SHOWN_WITHIN or vm in held_keys)  # the list of jobs may lag
            ]
            registered = tuple(sorted([*ours, *_within(tuple(jobs), now)]))
        return replace(
            self, seats=seats, registered=registered, edited=tuple(e for e in self.edited if e > now - COUNTED_FOR)
        )


EMPTY = VaultBook({})


def _within(entries: tuple[tuple[datetime, str], ...], now: datetime) -> tuple[tuple[datetime, str], ...]:
    return tuple(each for each in entries if each[0] > now - COUNTED_FOR)


def encode(book: VaultBook) -> str:
    """One line of ASCII JSON."""
    return json.dumps(
        {
            "seats": {
                key: [seat.vault_id, seat.backup_policy, seat.at.isoformat()] for key, seat in book.seats.items()
            },
            "registered": [[at.isoformat(), key] for at, key in book.registered],
            "edited": [at.isoformat() for at in book.edited],
            "location": book.location,
        },
        separators=(",", ":"),
    )


def decode(text: str) -> VaultBook:
    """The book in a text; ValueError for what `encode` did not write."""
    try:
        data: Any = json.loads(text)
        return VaultBook(
            {
                str(key): Seat(str(vault), str(policy), _moment(at))
                for key, (vault, policy, at) in data["seats"].items()
            },
            tuple((_moment(at), str(key)) for at, key in data["registered"]),
            tuple(_moment(at) for at in data["edited"]),
            str(data["location"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a vault's book: {type(error).__name__} {error}") from None


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.utcoffset() != timedelta(0):
        raise ValueError(f"a time that is not UTC: {text!r}")
    return moment.astimezone(UTC)
