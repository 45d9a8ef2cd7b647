"""Who opted out and since when, in SQLite."""

from collections.abc import Mapping
from datetime import datetime

from shared.adapters.local.store import Store, from_micros, storable, to_micros
from shared.domain.opt_out_stretch import OptOutStretch


class SqliteOptOuts:
    """`OptOuts` on a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def stretch(self, vm_key: str) -> OptOutStretch | None:
        """The stretch on record for the VM."""
        with self._store.reading() as connection:
            row = connection.execute(
                "SELECT first_seen, last_seen, body, by FROM opt_outs WHERE vm = ?", (storable(vm_key),)
            ).fetchone()
        return None if row is None else OptOutStretch(from_micros(row[0]), from_micros(row[1]), row[2], row[3])

    async def stretches(self) -> Mapping[str, OptOutStretch]:
        """All stretches on record, by VM key."""
        with self._store.reading() as connection:
            rows = connection.execute("SELECT vm, first_seen, last_seen, body, by FROM opt_outs").fetchall()
        return {row[0]: OptOutStretch(from_micros(row[1]), from_micros(row[2]), row[3], row[4]) for row in rows}

    async def keep(self, stretches: Mapping[str, OptOutStretch]) -> None:
        """Put these on record, replacing older ones."""
        with self._store.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO opt_outs (vm, first_seen, last_seen, body, by) VALUES (?, ?, ?, ?, ?)",
                [_row(key, each) for key, each in stretches.items()],
            )

    async def writer(self, vm_key: str) -> str:
        """Who last wrote the VM or its tags, as an event told it; empty where none did."""
        with self._store.reading() as connection:
            row = connection.execute("SELECT name FROM writers WHERE vm = ?", (storable(vm_key),)).fetchone()
        return "" if row is None else str(row[0])

    async def note_writer(self, vm_key: str, name: str, at: datetime) -> None:
        """Take down who wrote the VM or its tags; an older event does not replace a newer one."""
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT INTO writers (vm, name, at) VALUES (?, ?, ?) ON CONFLICT (vm) DO UPDATE"
                " SET name = excluded.name, at = excluded.at WHERE excluded.at >= writers.at",
                (storable(vm_key), storable(name), to_micros(at)),
            )


def _row(key: str, each: OptOutStretch) -> tuple[str, int, int, str, str]:
    return storable(key), to_micros(each.first_seen), to_micros(each.last_seen), storable(each.text), storable(each.by)
