from shared.adapters.local.runs import SqliteRuns
from shared.adapters.local.store import Store
from shared.ports import Runs


async def test_the_latest_end_of_each_vm_of_a_run_counts(store: Store) -> None:
    runs: Runs = SqliteRuns(store)
    assert await runs.ended("run-1") == (0, 0)
    await runs.count("run-1", "vm-a", failed=True)
    await runs.count("run-1", "vm-b", failed=False)
    await runs.count("run-2", "vm-a", failed=True)
    assert await runs.ended("run-1") == (2, 1)
    await runs.count("run-1", "vm-a", failed=False)
    assert await runs.ended("run-1") == (2, 0)
    with Store(store.directory) as reopened:
        assert await SqliteRuns(reopened).ended("run-2") == (1, 1)
