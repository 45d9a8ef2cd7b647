"""The enforcement policy in a folder: what a blob container is in Azure, with ETags and compare-and-swap.

A version is the hash of the file's bytes, so that an editor that saves the same text changes nothing. Writing swaps the
whole file; the lock against another writer is SQLite's, which ends with its process on every system. Content is not
judged here.
"""

import contextlib
import hashlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from shared.adapters.policy_file import DEFAULT_FILE, as_text, read_bytes
from shared.errors import PermanentError, RetryLaterError, SettingsError
from shared.ports import PolicyAnswer, PolicyText

_LOCK = ".policy.lock"
_WAIT = 10.0  # seconds; a writer holds the lock for two small file operations


class PolicyFolder:
    """`PolicySource` on a folder. The folder must exist; the file need not."""

    def __init__(self, folder: Path, file: str = DEFAULT_FILE, *, wait: float = _WAIT) -> None:
        """`wait`: for how many seconds a writer waits for another one."""
        self._folder, self._path, self._wait = folder, folder / file, wait
        self.name, self.file = str(self._path.absolute()), file

    async def read(self, known_etag: str = "") -> PolicyText | PolicyAnswer:
        """The text with its ETag; SettingsError where the folder is missing or the file cannot be read as text."""
        raw = self._bytes()
        if raw is None:
            return PolicyAnswer.ABSENT
        etag = _etag(raw)
        return PolicyAnswer.UNCHANGED if etag == known_etag else PolicyText(as_text(raw, self._path), etag)

    async def write(self, text: str, expected_etag: str) -> str:
        """Swap the file; PermanentError `PolicyChanged` where another version lies there by now."""
        raw = text.encode()
        with self._alone():
            there = self._bytes()
            if ("" if there is None else _etag(there)) != expected_etag:
                raise PermanentError(
                    f"somebody else changed {self._path} meanwhile",
                    code="PolicyChanged",
                    remedy="Nothing was written. Push again to see the difference from what lies there now",
                )
            temporary = self._path.with_name(f".{self.file}.{os.getpid()}.tmp")
            try:
                with temporary.open("wb") as stream:
                    stream.write(raw)
                    stream.flush()
                    os.fsync(stream.fileno())
                temporary.replace(self._path)
            except OSError as error:
                raise SettingsError(
                    f"{self._path} cannot be written: {error.strerror}", remedy="Check the folder's rights and space"
                ) from error
        return _etag(raw)

    def _bytes(self) -> bytes | None:
        if not self._folder.is_dir():
            raise SettingsError(
                f"there is no folder {self._folder}", code="POLICY_DIR", remedy="Create it, or name another one"
            )
        return read_bytes(self._path) if self._path.exists() else None

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        self._bytes()  # a missing folder is told as such
        try:
            with contextlib.closing(
                sqlite3.connect(self._folder / _LOCK, timeout=self._wait, isolation_level=None)
            ) as connection:
                connection.execute("BEGIN IMMEDIATE")
                yield
        except sqlite3.Error as error:
            if "locked" in str(error):
                raise RetryLaterError(f"another process is writing into {self._folder}") from error
            raise SettingsError(
                f"{self._folder} cannot be written: {error}", remedy="Check the folder's rights and space"
            ) from error


def _etag(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
