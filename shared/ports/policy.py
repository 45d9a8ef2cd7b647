"""The ports of the enforcement policy: where it lies, what is kept of it, and where the core takes it from.

Like the other ports they name what is needed and do nothing. In Azure the place is a blob, whose ETags serve
`PolicySource` as they are.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Protocol

from shared.domain.compiled_policy import CompiledPolicy

POLICY_AGE = timedelta(minutes=1)  # how old the policy in force may be on the event path


@dataclass(frozen=True, slots=True)
class PolicyText:
    """A policy file as it lies in its place. `etag` names this version of it and is compared, never read.

    `garbled` says why what lies there is no text that a policy could be; `text` is empty then.
    """

    text: str
    etag: str
    garbled: str = ""


class PolicyAnswer(Enum):
    """What a source may say instead of giving a text."""

    UNCHANGED = auto()
    ABSENT = auto()


class PolicySource(Protocol):
    """Where the enforcement policy lies: a folder here; in Azure a blob, whose ETags serve both methods as they are."""

    #: Which place this is, for people and as the key of what is kept of it.
    name: str
    #: What the file is called in messages about its content.
    file: str

    async def read(self, known_etag: str = "") -> PolicyText | PolicyAnswer:
        """The text with its ETag; UNCHANGED where that is `known_etag`; ABSENT where there is no file.

        BackstopError where it is not known whether there is one.
        """

    async def write(self, text: str, expected_etag: str) -> str:
        """Put a version in place of the expected one (empty: of none) and return its ETag.

        PermanentError with the code `PolicyChanged` where another version lies there by now; nothing is written then.
        """


@dataclass(frozen=True, slots=True)
class PolicyProblem:
    """Why the policy in force is not the one in its place, for people.

    `code` is POLICY_INVALID or POLICY_UNREADABLE. `place` is file:line:column where there is one; it and `code` name
    nothing of the estate and may be told to anybody. `what` is the whole sentence.
    """

    code: str
    what: str
    since: datetime
    place: str = ""


class Policies(Protocol):
    """Where the core takes its policy from."""

    @property
    def current(self) -> CompiledPolicy:
        """The policy in force; the one that was read last."""

    @property
    def problem(self) -> PolicyProblem | None:
        """Why it is not the one in its place; None where it is."""

    async def newest(self, within: timedelta = POLICY_AGE, /) -> CompiledPolicy:
        """The policy in force, asked for anew unless that was done `within` this time. Zero asks in any case."""


class LastGood(Protocol):
    """The last valid policy of each source, for a process that starts while its source holds an invalid one."""

    async def last_good(self, source: str) -> str | None:
        """The text that was kept for the source of this name."""

    async def keep(self, source: str, text: str) -> None:
        """Keep this text, replacing an older one."""

    async def forget(self, source: str) -> None:
        """Keep nothing for the source: there is no policy any more, and an old one must not come back."""
