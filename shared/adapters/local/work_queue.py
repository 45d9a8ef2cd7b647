"""The work queue in SQLite, with the semantics of a storage queue: at-least-once, visibility timeout, receipts.

A message that a killed worker held comes back by itself when its visibility timeout ends. Time is the Clock port's,
so in a virtual day a message waits for virtual hours.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.adapters.local.store import Store, from_micros, storable, to_micros
from shared.ports import Clock, Received

POISON_SUFFIX = "-poison"
# A message whose time was set this far in the future was set before the clock went back (a simulator that was started
# again, a corrected clock). It is due at once: looking too early is harmless, waiting for yesterday's clock is not.
CLOCK_WENT_BACK = timedelta(minutes=5)
_DONE = "DELETE FROM messages WHERE id = ? AND queue = ? AND taken = 1 AND dequeue_count = ? AND visible_at > ?"
_PUT_BACK = """
UPDATE messages SET visible_at = ?, set_at = ?, taken = 0
WHERE id = ? AND queue = ? AND taken = 1 AND dequeue_count = ? AND visible_at > ?
"""
_VISIBLE = """
SELECT id, body, dequeue_count, inserted FROM messages WHERE queue = ? AND visible_at <= ?
ORDER BY visible_at, id LIMIT ?
"""
_VISIBLE_OF_GROUP = """
SELECT id, body, dequeue_count, inserted FROM messages WHERE queue = ? AND visible_at <= ? AND run = ?
ORDER BY visible_at, id LIMIT ?
"""
_NEXT_DUE = """
SELECT (SELECT min(visible_at) FROM messages WHERE queue = ?),
       (SELECT 1 FROM messages WHERE queue = ? AND set_at > ? LIMIT 1)
"""
_NEXT_DUE_OF_GROUP = """
SELECT (SELECT min(visible_at) FROM messages WHERE queue = ? AND run = ?),
       (SELECT 1 FROM messages WHERE queue = ? AND run = ? AND set_at > ? LIMIT 1)
"""
_DEPTH = "SELECT count(*) FROM messages WHERE queue = ?"
_DEPTH_OF_GROUP = "SELECT count(*) FROM messages WHERE queue = ? AND run = ?"


@dataclass(frozen=True, slots=True)
class Poisoned:
    """A message that could not be worked on, for a person to read."""

    id: str
    body: str
    reason: str
    inserted: datetime


class SqliteWorkQueue:
    """A `WorkSource` on a store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def send(self, queue: str, body: str, *, not_before: datetime | None = None, group: str = "") -> None:
        """Add a message, invisible until `not_before`."""
        now = to_micros(self._clock.now())
        self._insert(queue, group, body, "", now, to_micros(not_before) if not_before else now)

    async def poison(self, queue: str, body: str, reason: str) -> None:
        """Put a message into `<queue>-poison` with the reason."""
        now = to_micros(self._clock.now())
        self._insert(queue + POISON_SUFFIX, "", body, reason, now, now)

    async def poisoned(self, queue: str) -> tuple[Poisoned, ...]:
        """What lies in `<queue>-poison`, oldest first."""
        with self._store.reading() as connection:
            rows = connection.execute(
                "SELECT id, body, reason, inserted FROM messages WHERE queue = ? ORDER BY id", (queue + POISON_SUFFIX,)
            ).fetchall()
        return tuple(Poisoned(str(id_), body, reason, from_micros(at)) for id_, body, reason, at in rows)

    async def receive(
        self, queue: str, limit: int, visibility: timedelta, group: str | None = None
    ) -> tuple[Received, ...]:
        """Up to `limit` visible messages (of the group), the one that has been due longest first."""
        moment = self._clock.now()
        now = to_micros(moment)
        until = to_micros(moment + visibility)
        with self._store.transaction() as connection:
            connection.execute(
                "UPDATE messages SET visible_at = ?, set_at = ?, taken = 0 WHERE queue = ? AND set_at > ?",
                (now, now, queue, _too_late(now)),
            )
            values = (queue, now) if group is None else (queue, now, storable(group))
            rows = connection.execute(
                _VISIBLE if group is None else _VISIBLE_OF_GROUP, (*values, max(limit, 0))
            ).fetchall()
            connection.executemany(
                "UPDATE messages SET visible_at = ?, set_at = ?, taken = 1, dequeue_count = dequeue_count + 1"
                " WHERE id = ?",
                [(until, now, row[0]) for row in rows],
            )
        # Each take raises the count, and ids are never used again: the count is the receipt.
        return tuple(
            Received(queue, str(id_), str(count + 1), body, count + 1, from_micros(inserted))
            for id_, body, count, inserted in rows
        )

    async def done(self, message: Received) -> None:
        """Delete a message; a receipt that has timed out is ignored."""
        with self._store.transaction() as connection:
            connection.execute(_DONE, self._held(message))

    async def put_back(self, message: Received, not_before: datetime) -> None:
        """Make a message visible again at `not_before`, keeping its count; a receipt that has timed out is ignored."""
        with self._store.transaction() as connection:
            now = to_micros(self._clock.now())
            connection.execute(_PUT_BACK, (to_micros(not_before), now, *self._held(message)))

    async def next_due(self, queue: str, group: str | None = None) -> datetime | None:
        """When the next message (of the group) becomes visible, possibly in the past; None when there is none."""
        now = to_micros(self._clock.now())
        values = (queue,) if group is None else (queue, storable(group))
        with self._store.reading() as connection:
            row = connection.execute(
                _NEXT_DUE if group is None else _NEXT_DUE_OF_GROUP, (*values, *values, _too_late(now))
            ).fetchone()
        if row[0] is None:
            return None
        return from_micros(min(now, row[0]) if row[1] else row[0])

    async def depth(self, queue: str, group: str | None = None) -> int:
        """How many messages (of the group) the queue holds, invisible ones included."""
        values = (queue,) if group is None else (queue, storable(group))
        with self._store.reading() as connection:
            row = connection.execute(_DEPTH if group is None else _DEPTH_OF_GROUP, values).fetchone()
        return int(row[0])

    def _insert(self, queue: str, group: str, body: str, reason: str, now: int, visible_at: int) -> None:
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT INTO messages (queue, run, body, reason, inserted, set_at, visible_at, taken, dequeue_count)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0)",
                (queue, storable(group), storable(body), storable(reason), now, now, visible_at),
            )

    def _held(self, message: Received) -> tuple[int, str, int, int]:
        return int(message.id), message.queue, int(message.receipt), to_micros(self._clock.now())


def _too_late(now: int) -> int:
    return now + CLOCK_WENT_BACK // timedelta(microseconds=1)
