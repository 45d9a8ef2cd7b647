import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.adapters.local.findings import LocalFindingStore
from shared.adapters.local.opt_outs import SqliteOptOuts
from shared.adapters.local.pause import SqlitePauseSwitch
from shared.adapters.local.store import FILE_NAME, SCHEMA_VERSION, Store
from shared.adapters.local.work_queue import SqliteWorkQueue
from shared.domain.model import State
from shared.domain.opt_out_stretch import OptOutStretch
from tests.fakes import FakeClock, vm_id
from tests.findings import HOSTILE

NOW = datetime(2026, 11, 1, 12, 0, 0, 123456, tzinfo=UTC)
ONE = OptOutStretch(NOW - timedelta(days=3), NOW, "reason=ephemeral", "alice@contoso.example")

#: The store as its first version made it, to the letter, with something in each table.
FIRST_VERSION = """
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, run TEXT NOT NULL, body TEXT NOT NULL,
    reason TEXT NOT NULL, inserted INTEGER NOT NULL, set_at INTEGER NOT NULL, visible_at INTEGER NOT NULL,
    taken INTEGER NOT NULL, dequeue_count INTEGER NOT NULL
);
CREATE INDEX messages_due ON messages (queue, visible_at, id);
CREATE INDEX messages_due_of_run ON messages (queue, run, visible_at);
CREATE INDEX messages_set ON messages (queue, set_at);
CREATE TABLE claims (key TEXT PRIMARY KEY, owner TEXT NOT NULL, taken INTEGER NOT NULL, ends INTEGER NOT NULL);
CREATE TABLE intents (key TEXT PRIMARY KEY, at INTEGER NOT NULL, operation_url TEXT NOT NULL);
CREATE TABLE findings (vm TEXT PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE pause (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), reason TEXT NOT NULL);
INSERT INTO messages (queue, run, body, reason, inserted, set_at, visible_at, taken, dequeue_count)
    VALUES ('reconcile', '', 'waiting', '', 0, 0, 0, 0, 0);
INSERT INTO pause VALUES (1, 'moving house');
PRAGMA user_version = 1;
"""
FIRST_FINDING = (
    '{"version":1,"vm":"VM","location":"westeurope","state":"NON_COMPLIANT","reasons":[["UNPROTECTED",""]],'
    '"rule":"default","protection":null,"actions":[{"kind":"EnableProtection","vm":"VM","vaultId":"/v",'
    '"backupPolicy":"Gold","itemId":"","retainMicroseconds":null,"retainUntil":null}],"outcome":{"status":"DRY_RUN",'
    '"lookAgain":null,"errorCode":"","error":"","remedy":"","failedTry":false},"at":"2026-10-01T00:00:00+00:00",'
    '"cause":"sweep","correlationId":"","runId":"","policyHash":"abc"}'
).replace("VM", vm_id().text)


async def test_a_stretch_comes_back_as_it_was(store: Store) -> None:
    ledger = SqliteOptOuts(store)
    assert (await ledger.stretch("vm"), dict(await ledger.stretches())) == (None, {})
    await ledger.keep({"vm": ONE, "other": ONE})
    later = OptOutStretch(ONE.first_seen, NOW + timedelta(days=1), "reason=other", "")
    await ledger.keep({"vm": later})
    assert await ledger.stretch("vm") == later
    assert await ledger.stretches() == {"vm": later, "other": ONE}


@pytest.mark.parametrize("text", [each for each in HOSTILE if "\ud800" not in each])
async def test_what_owners_write_is_kept_to_the_letter(text: str, store: Store) -> None:
    ledger = SqliteOptOuts(store)
    await ledger.keep({"vm": OptOutStretch(NOW, NOW, text, text)})
    await ledger.note_writer("vm", text, NOW)
    kept = await ledger.stretch("vm")
    assert kept is not None
    assert (kept.text, kept.by, await ledger.writer("vm")) == (text, text, text)


async def test_an_event_that_comes_late_does_not_replace_the_newer_writer(store: Store) -> None:
    ledger = SqliteOptOuts(store)
    assert await ledger.writer("vm") == ""
    await ledger.note_writer("vm", "alice", NOW)
    await ledger.note_writer("vm", "bob", NOW - timedelta(seconds=1))
    assert await ledger.writer("vm") == "alice"
    await ledger.note_writer("vm", "carol", NOW)
    assert await ledger.writer("vm") == "carol"


async def test_a_store_of_the_first_version_is_taken_over_with_all_that_is_in_it(tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / FILE_NAME)
    old.executescript(FIRST_VERSION)
    old.execute("INSERT INTO findings VALUES (?, 0, ?)", (vm_id().key, FIRST_FINDING))
    old.commit()
    old.close()
    clock = FakeClock()
    for _ in range(2):  # opened again, there is nothing left to take over
        with Store(tmp_path) as store, store.reading() as connection:
            assert connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION > 1
            ledger = SqliteOptOuts(store)
            await ledger.keep({"vm": ONE})
            assert await ledger.stretch("vm") == ONE
            assert await SqlitePauseSwitch(store).paused() == "moving house"
            assert await SqliteWorkQueue(store, clock).depth("reconcile") == 1
            found = await LocalFindingStore(store, clock).of(vm_id())
            assert found is not None
            assert (found.verdict.state, found.opt_out, found.actions[0].disks) == (State.NON_COMPLIANT, None, None)


def test_a_new_store_and_one_that_grew_have_the_same_tables(tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / FILE_NAME)
    old.executescript(FIRST_VERSION)
    old.close()
    with Store(tmp_path) as grown, Store(tmp_path / "new") as new:
        assert _tables(grown) == _tables(new)


def _tables(store: Store) -> list[tuple[object, ...]]:
    with store.reading() as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return sorted(
            (name, row[1], row[2], row[3], row[5])
            for name in names
            for row in connection.execute(f"PRAGMA table_info({name})")
        )
