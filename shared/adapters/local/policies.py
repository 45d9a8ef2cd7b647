"""The last valid policy of each source, in SQLite: it outlives the process that read it."""

from shared.adapters.local.store import Store, storable


class SqliteLastGood:
    """`LastGood` on a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def last_good(self, source: str) -> str | None:
        """The text that was kept for the source."""
        with self._store.reading() as connection:
            row = connection.execute("SELECT body FROM policies WHERE source = ?", (storable(source),)).fetchone()
        return None if row is None else str(row[0])

    async def keep(self, source: str, text: str) -> None:
        """Keep this text, replacing an older one."""
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO policies (source, body) VALUES (?, ?)", (storable(source), storable(text))
            )

    async def forget(self, source: str) -> None:
        """Keep nothing for the source."""
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM policies WHERE source = ?", (storable(source),))
