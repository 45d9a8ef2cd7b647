"""Reads the enforcement policy from a file.

A policy that was asked for and is missing is an error. Where none was asked for and no `policy.yaml` lies in the
current folder, the built-in one is in force, which only audits.
"""

from pathlib import Path

from shared.domain.compiled_policy import CompiledPolicy, compile_policy
from shared.domain.plain_yaml import MAX_CHARACTERS
from shared.domain.policy import audit_only
from shared.domain.policy_text import parse_policy
from shared.errors import PolicyFileError

DEFAULT_FILE = "policy.yaml"


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
            return stream.read(MAX_CHARACTERS * 4 + 1)
    except FileNotFoundError:
        raise PolicyFileError(f"{file}: there is no such policy file", remedy="Give its path with --policy") from None
    except OSError as error:
        raise PolicyFileError(
            f"{file}: cannot be read: {error.strerror}", remedy="Check the path and its rights"
        ) from None


def as_text(raw: bytes, file: Path) -> str:
    """The bytes as text; PolicyFileError where they are none."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PolicyFileError(f"{file}: not UTF-8 text (byte {error.start})", remedy="Save the file as UTF-8") from None
