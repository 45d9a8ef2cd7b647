"""The pause switch in SQLite: a person turns it, and every process sees it before its next write.

It fails closed: a switch that cannot be read counts as on.
"""

import sqlite3

from shared.adapters.local.store import Store, storable
from shared.errors import BackstopError

NO_REASON = "no reason given"


class SqlitePauseSwitch:
    """`PauseSwitch` on a store, with the two ends that a person holds."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def paused(self) -> str:
        """Empty when writing is allowed, else the reason."""
        try:
            with self._store.reading() as connection:
                row = connection.execute("SELECT reason FROM pause").fetchone()
        except (BackstopError, sqlite3.Error, UnicodeError) as error:
            return f"the pause switch cannot be read: {error}"
        return "" if row is None else str(row[0]) or NO_REASON

    async def pause(self, reason: str) -> None:
        """Turn the switch on, replacing an earlier reason."""
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO pause (only_row, reason) VALUES (1, ?)",
                (storable(reason.strip()) or NO_REASON,),
            )

    async def resume(self) -> None:
        """Turn the switch off."""
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM pause")
