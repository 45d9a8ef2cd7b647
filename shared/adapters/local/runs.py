"""How the VMs of each run ended, in SQLite."""

from shared.adapters.local.store import Store, storable


class SqliteRuns:
    """`Runs` on a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def count(self, run_id: str, vm_key: str, *, failed: bool) -> None:
        """The VM's latest end in this run replaces an earlier one."""
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO runs (run, vm, failed) VALUES (?, ?, ?)",
                (storable(run_id), storable(vm_key), int(failed)),
            )

    async def ended(self, run_id: str) -> tuple[int, int]:
        """(VMs that ended, those of them that failed)."""
        with self._store.reading() as connection:
            row = connection.execute(
                "SELECT COUNT(*), COALESCE(SUM(failed), 0) FROM runs WHERE run = ?", (storable(run_id),)
            ).fetchone()
        return int(row[0]), int(row[1])
