"""The errors that cross Backstop's rooms, named by what the caller does next.

    BackstopError
    ├── RetryLaterError        try again, not before `retry_after`
    ├── PermanentError         trying again changes nothing: record it and go on with the next VM
    └── SettingsError          a person must mend something before anything is tried again
        ├── PolicyFileError    the enforcement policy is missing or invalid
        ├── LoginError         nobody is logged in, or the login may not do this
        ├── EndpointError      the ARM endpoint cannot be reached or refuses to talk
        └── LimitExceededError a run wants to change more VMs than its policy allows

Every error is one line for a person: what happened, to which resource, and the remedy. This module refuses to
know Azure's SDK; `adapters/arm_errors.py` translates from it.
"""

from datetime import timedelta
from typing import ClassVar


class BackstopError(Exception):
    """What went wrong, with Azure's own code and the resource id where there is one.

    `exit_code` is the command line's (documented in the README).
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, code: str = "", resource_id: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.resource_id = resource_id
        self.remedy = remedy

    def __str__(self) -> str:
        parts = [self.message]
        if self.code and self.code not in self.message:
            parts.append(f"[{self.code}]")
        if self.resource_id and self.resource_id not in self.message:
            parts.append(f"({self.resource_id})")
        text = " ".join(parts)
        return f"{text.rstrip('.')}. {self.remedy}" if self.remedy else text


class RetryLaterError(BackstopError):
    """The same call may succeed later; `retry_after` is what the service asked for, or None when it did not say.

    `may_have_happened`: the request may have reached the service all the same (a reset connection, a 5xx), so a write
    must not be repeated before the state has been read again.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: timedelta | None = None,
        may_have_happened: bool = False,
        code: str = "",
        resource_id: str = "",
        remedy: str = "",
    ) -> None:
        super().__init__(message, code=code, resource_id=resource_id, remedy=remedy)
        self.retry_after = retry_after
        self.may_have_happened = may_have_happened


class PermanentError(BackstopError):
    """Trying again changes nothing; the finding keeps the code and the remedy."""


class SettingsError(BackstopError):
    """A person must mend a setting or an argument."""

    exit_code = 8


class PolicyFileError(SettingsError):
    """The enforcement policy is missing or invalid; the message names file, line and key."""

    exit_code = 3


class LoginError(SettingsError):
    """No usable login, or the login lacks the right."""

    exit_code = 4


class EndpointError(SettingsError):
    """The ARM endpoint cannot be reached, or what answers is not ARM."""

    exit_code = 5


class LimitExceededError(SettingsError):
    """More VMs to change than `limits.maxActions`; nothing was written."""

    exit_code = 6
