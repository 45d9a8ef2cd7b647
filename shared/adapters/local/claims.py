"""Exclusive claims in SQLite: compare-and-swap inside one write transaction.

A claim is not shared with its own owner: asking twice under one name is refused the second time, because doubled
events carry the same correlation id and must still be worked on one after the other.
"""

from datetime import datetime, timedelta

from shared.adapters.local.store import Store, from_micros, storable, to_micros


class SqliteClaims:
    """`Claims` on a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def claim(self, key: str, owner: str, now: datetime, ttl: timedelta) -> datetime | None:
        """None when claimed; else the moment at which the present holder's claim ends.

        A claim that was taken further in the future than its own length comes from before the clock went back, and
        counts as ended; otherwise it would hold for as long as the clock lost.
        """
        moment = to_micros(now)
        with self._store.transaction() as connection:
            row = connection.execute("SELECT taken, ends FROM claims WHERE key = ?", (storable(key),)).fetchone()
            if row is not None:
                taken, ends = int(row[0]), int(row[1])
                if ends > moment and taken - moment <= ends - taken:
                    return from_micros(ends)
            connection.execute(
                "INSERT OR REPLACE INTO claims (key, owner, taken, ends) VALUES (?, ?, ?, ?)",
                (storable(key), storable(owner), moment, to_micros(now + ttl)),
            )
        return None

    async def release(self, key: str, owner: str) -> None:
        """Give the claim back, if it is still the owner's."""
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM claims WHERE key = ? AND owner = ?", (storable(key), storable(owner)))
