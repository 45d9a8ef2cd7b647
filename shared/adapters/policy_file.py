"""The enforcement policy on a disk: a file that is read once, or a folder that is asked by version.

A policy that was asked for and is missing is an error. Where none was asked for and no `policy.yaml` lies in the
current folder, the built-in one is in force, which only audits. The folder is here what a blob container is in Azure,
with ETags and compare-and-swap: a version is the hash of the file's bytes, so that saving the same text changes
nothing, and the lock against another writer is SQLite's, which ends with its process on every system.
"""

import contextlib
import hashlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from shared.domain.compiled_policy import CompiledPolicy, compile_policy
from shared.domain.policy import audit_only
from shared.domain.policy_file.plain_yaml import MAX_BYTES, TOO_LONG
from shared.domain.policy_file.reading import parse_policy
from shared.errors import PermanentError, PolicyFileError, RetryLaterError, SettingsError
from shared.ports.policy import PolicyAnswer, PolicyText

DEFAULT_FILE = "policy.yaml"
_LOCK = ".policy.lock"
_WAIT = 10.0  # seconds; a writer holds the lock for two small file operations


def load_policy(path: str) -> CompiledPolicy:
    """The policy at `path`, or the default file's, or the built-in one. PolicyFileError names what is wrong."""
    file = Path(path or DEFAULT_FILE)
    if not path and not file.exists():
        return compile_policy(audit_only())
    return compile_policy(parse_policy(read_text(file), str(file)))


def read_text(file: Path) -> str:
    """The text of a policy or of its cases, as much of it as any may hold. PolicyFileError says why it has none."""
    return as_text(read_bytes(file), file)


def read_bytes(file: Path) -> bytes:
    """As much of the file as a policy may hold, and a little more, so that a longer one is told as too long."""
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise PolicyFileError(f"{file}: there is no such file", remedy="Check its path") from None
    except OSError as error:
        raise PolicyFileError(
            f"{file}: cannot be read: {error.strerror}", remedy="Check the path and its rights"
        ) from None


def as_text(raw: bytes, file: Path) -> str:
    """The bytes as text; PolicyFileError where they are none, or more than any policy may be."""
    if len(raw) > MAX_BYTES:  # they may end within a character
        raise PolicyFileError(f"{file}: {TOO_LONG}", remedy="Give the path of a policy")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PolicyFileError(f"{file}: not UTF-8 text (byte {error.start})", remedy="Save the file as UTF-8") from None


class PolicyFolder:
    """`PolicySource` on a folder. The folder must exist; the file need not."""

    def __init__(self, folder: Path, file: str = DEFAULT_FILE, *, wait: float = _WAIT) -> None:
        """`wait`: for how many seconds a writer waits for another one."""
        self._folder, self._path, self._wait = folder, folder / file, wait
        self.name, self.file = str(self._path.absolute()), file

    async def read(self, known_etag: str = "") -> PolicyText | PolicyAnswer:
        """The text with its ETag; SettingsError where the folder is missing, PolicyFileError for an unreadable file."""
        raw = self._bytes()
        if raw is None:
            return PolicyAnswer.ABSENT
        etag = _etag(raw)
        if etag == known_etag:
            return PolicyAnswer.UNCHANGED
        try:
            return PolicyText(as_text(raw, Path(self.file)), etag)
        except PolicyFileError as error:
            return PolicyText("", etag, error.message)

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
