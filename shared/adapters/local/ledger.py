"""What Backstop was about to write to Azure, kept in SQLite: it outlives the process that wrote it down."""

from collections.abc import Mapping

from shared.adapters.local.store import Store, from_micros, storable, to_micros
from shared.ports import Intent


class SqliteLedger:
    """`Ledger` on a store. The operation's URL may carry a signature: it is kept as given and never logged."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def intent(self, key: str) -> Intent | None:
        """The intent on record for the key."""
        with self._store.reading() as connection:
            row = connection.execute("SELECT at, operation_url FROM intents WHERE key = ?", (storable(key),)).fetchone()
        return None if row is None else Intent(from_micros(row[0]), row[1])

    async def record(self, key: str, intent: Intent) -> None:
        """Put an intent on record, replacing an older one."""
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO intents (key, at, operation_url) VALUES (?, ?, ?)",
                (storable(key), to_micros(intent.at), storable(intent.operation_url)),
            )

    async def forget(self, key: str) -> None:
        """Take an intent off the record."""
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM intents WHERE key = ?", (storable(key),))

    async def with_prefix(self, prefix: str) -> Mapping[str, Intent]:
        """All intents whose keys begin so."""
        with self._store.reading() as connection:
            rows = connection.execute(
                "SELECT key, at, operation_url FROM intents WHERE key >= ? AND key < ?",
                (storable(prefix), storable(prefix) + "\U0010ffff"),
            ).fetchall()
        return {key: Intent(from_micros(at), url) for key, at, url in rows}
