import os
import sqlite3
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.local.store import FILE_NAME, Store, from_micros, store_name, to_micros
from shared.errors import RetryLaterError, SettingsError
from tests.findings import moments


@given(moments)
def test_an_instant_comes_back_exactly(moment: datetime) -> None:
    assert from_micros(to_micros(moment)) == moment


def test_an_instant_of_another_zone_is_the_same_instant() -> None:
    here = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert from_micros(to_micros(here)) == datetime(2026, 7, 1, 10, tzinfo=UTC)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        to_micros(datetime(2026, 1, 1))  # noqa: DTZ001 - the very thing that must be refused


def test_the_store_of_an_estate_is_the_same_however_its_endpoint_is_spelt() -> None:
    name = store_name("https://management.azure.com", "AAAA")
    assert store_name("https://Management.Azure.com/", " aaaa") == name
    assert name.startswith("management.azure.com-")


@given(st.text(max_size=80), st.text(max_size=80))
def test_a_store_name_is_always_one_plain_folder_name(endpoint: str, tenant: str) -> None:
    try:
        name = store_name(endpoint, tenant)
    except ValueError:
        return  # not a URL at all
    assert Path(name).name == name
    assert name.isascii()
    assert len(name) < 80
    assert not name.startswith((".", "-"))


def test_estates_that_look_alike_have_stores_of_their_own() -> None:
    endpoints = ["http://127.0.0.1:80", "http://127.0.0.1-80", "https://127.0.0.1:80", "http://127.0.0.1:80/x"]
    pairs = [(endpoint, tenant) for endpoint in endpoints for tenant in ("", "a", "b")]
    assert len({store_name(*pair) for pair in pairs}) == len(pairs)


def test_a_new_store_is_for_its_user_only_and_writes_ahead(store: Store) -> None:
    assert stat.S_IMODE(store.directory.stat().st_mode) == 0o700
    with store.reading() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (1,)


def test_a_store_of_a_newer_schema_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    Store(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE_NAME) as raw:
        raw.execute("PRAGMA user_version = 99")
    raw.close()
    with pytest.raises(SettingsError, match="newer Backstop") as caught:
        Store(tmp_path)
    assert str(tmp_path / FILE_NAME) in str(caught.value)
    assert "move the folder away" in caught.value.remedy
    with sqlite3.connect(tmp_path / FILE_NAME) as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (99,)
    raw.close()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"this is a text\n" * 200)
    with pytest.raises(SettingsError, match="cannot be used") as caught:
        Store(tmp_path)
    assert caught.value.remedy


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    raw = sqlite3.connect(tmp_path / FILE_NAME)
    raw.execute("CREATE TABLE photos (id)")
    raw.close()
    with pytest.raises(SettingsError, match="not a store of Backstop"):
        Store(tmp_path)


def test_a_folder_that_cannot_be_made_is_refused_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SettingsError, match="file/state"):
        Store(tmp_path / "file" / "state")


def test_a_transaction_that_fails_leaves_nothing_behind(store: Store) -> None:
    def half() -> None:
        with store.transaction() as connection:
            connection.execute("INSERT INTO pause VALUES (1, 'half done')")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    with store.reading() as connection:
        assert connection.execute("SELECT count(*) FROM pause").fetchone() == (0,)


def test_a_store_that_another_process_holds_for_too_long_asks_to_retry(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.adapters.local.store._BUSY_SECONDS", 0.05)
    with Store(store.directory) as other, store.transaction():
        with pytest.raises(RetryLaterError, match="Another process holds"), other.transaction():
            pass
        with other.reading() as connection:  # readers do not wait
            assert connection.execute("SELECT count(*) FROM messages").fetchone() == (0,)


def test_threads_take_turns(store: Store) -> None:
    def work() -> None:
        for _ in range(50):
            with store.transaction() as connection:
                count = connection.execute("SELECT count(*) FROM claims").fetchone()[0]
                connection.execute("INSERT INTO claims VALUES (?, '', 0, 0)", (f"k{count}",))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.reading() as connection:
        assert connection.execute("SELECT count(*) FROM claims").fetchone() == (200,)


OPEN = """
import sys
from pathlib import Path
from shared.adapters.local.store import Store
with Store(Path(sys.argv[1])) as store, store.transaction() as connection:
    connection.execute("INSERT INTO claims VALUES (?, '', 0, 0)", (sys.argv[2],))
"""


def test_several_processes_may_make_the_same_store_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OPEN, str(tmp_path / "estate")]
    started = [
        subprocess.Popen([*command, str(number)], stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": "."})
        for number in range(6)
    ]
    ends = [process.communicate(timeout=60)[1].decode() for process in started]
    assert ends == [""] * 6
    with Store(tmp_path / "estate") as store, store.reading() as connection:
        assert connection.execute("SELECT count(*) FROM claims").fetchone() == (6,)
