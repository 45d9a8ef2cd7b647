"""One SQLite file for each estate: where queue, claims, ledger, findings and pause switch live on a laptop.

Several processes may hold the same file open (the command line beside `serve`). Any of them may be killed between two
statements: every change is one transaction, so the file is as before or as after. The store keeps what it is given
and knows no time of its own: every instant comes from the caller, as whole microseconds since 1970, UTC.
"""

import hashlib
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from shared.errors import RetryLaterError, SettingsError

SCHEMA_VERSION = 4
FILE_NAME = "backstop.sqlite3"
_BUSY_SECONDS = 10.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SCHEMA = """
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,   -- never used again, so that an old receipt cannot fit a new message
    queue TEXT NOT NULL,
    run TEXT NOT NULL,
    body TEXT NOT NULL,
    reason TEXT NOT NULL,                   -- why a message lies in a poison queue
    inserted INTEGER NOT NULL,
    set_at INTEGER NOT NULL,                -- when visible_at was decided
    visible_at INTEGER NOT NULL,
    taken INTEGER NOT NULL,                 -- 1 while a receiver holds it
    dequeue_count INTEGER NOT NULL
);
CREATE INDEX messages_due ON messages (queue, visible_at, id);
CREATE INDEX messages_due_of_run ON messages (queue, run, visible_at);
CREATE INDEX messages_set ON messages (queue, set_at);
CREATE TABLE claims (key TEXT PRIMARY KEY, owner TEXT NOT NULL, taken INTEGER NOT NULL, ends INTEGER NOT NULL);
CREATE TABLE intents (key TEXT PRIMARY KEY, at INTEGER NOT NULL, operation_url TEXT NOT NULL);
CREATE TABLE findings (vm TEXT PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE pause (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), reason TEXT NOT NULL);
"""
_SINCE_2 = """
CREATE TABLE opt_outs (
    vm TEXT PRIMARY KEY, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, body TEXT NOT NULL, by TEXT NOT NULL
);
CREATE TABLE writers (vm TEXT PRIMARY KEY, name TEXT NOT NULL, at INTEGER NOT NULL);
"""
_SINCE_3 = """
CREATE TABLE policies (source TEXT PRIMARY KEY, body TEXT NOT NULL);
"""
_SINCE_4 = """
CREATE TABLE books (vault TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE runs (
    run TEXT NOT NULL, vm TEXT NOT NULL, failed INTEGER NOT NULL, PRIMARY KEY (run, vm)
) WITHOUT ROWID;
CREATE TABLE advisories (
    subscription TEXT NOT NULL, place INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (subscription, place)
) WITHOUT ROWID;
"""
_STEPS = (_SCHEMA, _SINCE_2, _SINCE_3, _SINCE_4)  # step n makes schema n + 1 of schema n


def store_name(endpoint: str, tenant: str) -> str:
    """The folder name of an estate's store: readable, and different for each pair of ARM endpoint and tenant."""
    parts = urlsplit(endpoint.strip().lower())
    place = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
    digest = hashlib.sha256(f"{place}\n{tenant.strip().lower()}".encode()).hexdigest()[:10]
    readable = re.sub(r"[^a-z0-9.]+", "-", parts.netloc or "local").strip("-.")[:60]
    return f"{readable}-{digest}"


def to_micros(moment: datetime) -> int:
    """Whole microseconds since 1970; ValueError for a time without a zone."""
    if moment.utcoffset() is None:
        raise ValueError(f"a time without a zone: {moment!r}")
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(value: int) -> datetime:
    """The exact instant that `to_micros` was given, in UTC."""
    return _EPOCH + value * _MICROSECOND


def storable(text: str) -> str:
    """The text, with halves of surrogate pairs written as escapes: SQLite keeps valid Unicode only."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


class Store:
    """An open store: one connection, which the process shares. Close it, or use it as a context manager.

    Raises SettingsError where the folder or the file cannot be used, with the path and a remedy.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.path = directory / FILE_NAME
        self._lock = threading.RLock()
        try:
            # For this user only: operation URLs in it may carry signatures.
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Transactions are opened by hand. The lock makes sharing among threads safe.
            self._connection = sqlite3.connect(
                self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the files stay."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: all of the block, or nothing of it. RetryLaterError while another process writes on."""
        with self._lock, self._translated():
            # IMMEDIATE: what the block reads still holds when it writes, whichever process asks.
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A read of one statement; writers of other processes neither wait for it nor hold it up."""
        with self._lock, self._translated():
            yield self._connection

    def _prepare(self) -> None:
        with self._lock, self._translated():
            if self._journal() == "wal":
                # Without an fsync for each commit a killed process still loses nothing. A power cut may take the last
                # commits with it, never the file's consistency, and every look at a VM reads Azure anew anyway.
                self._connection.execute("PRAGMA synchronous = NORMAL")
            else:
                # A file system without shared memory: slower, and just as safe.
                self._connection.execute("PRAGMA synchronous = FULL")
        with self.transaction() as connection:
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
            if version > SCHEMA_VERSION:
                raise SettingsError(
                    f"The store {self.path} was written by a newer Backstop (schema {version}, here {SCHEMA_VERSION})",
                    remedy="Use that version, or move the folder away to start with an empty store",
                )
            if version == 0 and tables:
                raise SettingsError(
                    f"{self.path} is an SQLite file, but not a store of Backstop", remedy="Choose another state folder"
                )
            for step in _STEPS[version:]:
                for statement in step.split(";\n"):
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _journal(self) -> str:
        """Switch to a write-ahead log and return the journal's mode.

        SQLite does not wait by itself when two processes switch at once, so this does.
        """
        ends = time.monotonic() + _BUSY_SECONDS
        while True:
            try:
                return str(self._connection.execute("PRAGMA journal_mode = WAL").fetchone()[0])
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > ends:
                    raise
                time.sleep(0.02)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if "locked" in str(error) or "busy" in str(error):
                raise RetryLaterError(f"Another process holds the store {self.path}") from error
            raise self._unusable(error) from error
        except sqlite3.DatabaseError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> SettingsError:
        return SettingsError(
            f"The store {self.path} cannot be used: {error}",
            remedy="Check the folder's rights and free space, or move it away to start with an empty store",
        )
