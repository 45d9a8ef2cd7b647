"""The one place where failures of Azure's SDK become Backstop's errors.

Errors are sorted by HTTP status first and by code only where the status does not tell: names of codes are poorly
documented and change. The codes that are known stand in `shared/domain/troubleshooting.py`, with their remedies. What
is unknown and may pass is `RetryLaterError`; what the caller sent wrongly or may not do is `PermanentError`. This
module never waits and never retries.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from email.utils import parsedate_to_datetime

import aiohttp
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    DeserializationError,
    HttpResponseError,
    ServiceRequestTimeoutError,
    ServiceResponseTimeoutError,
)

from shared.domain.troubles.entry import Kind
from shared.domain.troubleshooting import Trouble, advice_for
from shared.errors import BackstopError, LoginError, PermanentError, RetryLaterError

LOGIN_REMEDY = "Run `az login`; inside Azure, give the app a managed identity."

# A header asking for more than a week is taken for a week; it also keeps a mad number from overflowing.
_LONGEST_WAIT = timedelta(days=7)
_SECONDS = re.compile(r"\d{1,12}(\.\d+)?", re.ASCII)
_ACTION = re.compile(r"perform action '(?P<action>[^']{1,200})'(?: over scope '(?P<scope>[^']{1,500})')?")
_UNREADABLE = (DecodeError, DeserializationError, json.JSONDecodeError, UnicodeDecodeError)


@contextmanager
def translated(resource_id: str = "", *, connection_wide: bool = False) -> Iterator[None]:
    """Let only Backstop's errors out of the block; `connection_wide` says that the call stands for the whole login."""
    try:
        yield
    except BackstopError:
        raise
    except (AzureError, aiohttp.ClientError, OSError, ValueError) as error:
        raise translate(error, resource_id, connection_wide=connection_wide) from error


def translate(error: Exception, resource_id: str = "", *, connection_wide: bool = False) -> BackstopError:
    """The error of ours that stands for one of the SDK's, of aiohttp's, or of a malformed answer (ValueError)."""
    if isinstance(error, _UNREADABLE):
        return RetryLaterError(
            "Azure's answer broke off or could not be read",
            code="UnreadableAnswer",
            resource_id=resource_id,
            may_have_happened=True,
        )
    if isinstance(error, HttpResponseError) and error.status_code is not None:
        return _from_status(error, error.status_code, resource_id, connection_wide)
    if isinstance(error, ClientAuthenticationError):  # raised by the login itself, before any request
        return LoginError("there is no usable login to Azure", code="NoLogin", remedy=LOGIN_REMEDY)
    if isinstance(error, ValueError):
        return PermanentError(
            f"Azure's answer is not of the expected form: {clean(str(error))}",
            code="MalformedAnswer",
            resource_id=resource_id,
        )
    late = isinstance(error, ServiceRequestTimeoutError | ServiceResponseTimeoutError | TimeoutError)
    return RetryLaterError(
        f"Azure could not be reached: {clean(str(error)) or type(error).__name__}",
        code="NoAnswerInTime" if late else "NoAnswer",
        resource_id=resource_id,
        may_have_happened=True,
    )


def _from_status(error: HttpResponseError, status: int, resource_id: str, connection_wide: bool) -> BackstopError:
    code = code_of(error)
    message = _message_of(error) or f"Azure answered with status {status}"
    headers: Mapping[str, str] = getattr(error.response, "headers", {})
    trouble = advice_for(code, message)
    if trouble.wait is not None:  # a limit that stays for hours; a shorter Retry-After does not lift it
        wait = max(trouble.wait, retry_after(headers) or trouble.wait)
        return RetryLaterError(message, retry_after=wait, code=code, resource_id=resource_id, remedy=trouble.remedy)
    if status in (401, 403):
        return _forbidden(status, trouble, message, resource_id, connection_wide)
    may_pass = status in (408, 429) or status >= 500
    if trouble.kind is Kind.MEND and not may_pass and status >= 400:
        return PermanentError(message, code=code, resource_id=resource_id, remedy=trouble.remedy)
    # 409: something else is at work on the same thing. The backup service says the same with 400 and a code.
    if may_pass or status == 409 or (status >= 400 and trouble.kind is Kind.RETRY_LATER):
        return RetryLaterError(
            message,
            retry_after=retry_after(headers),
            may_have_happened=status == 408 or status >= 500,
            code=code,
            resource_id=resource_id,
            remedy=trouble.remedy if trouble.kind is Kind.RETRY_LATER else "",
        )
    if status < 400:
        message = f"Azure answered with status {status}, which Backstop does not follow"
    return PermanentError(message, code=code, resource_id=resource_id)


def _forbidden(status: int, trouble: Trouble, message: str, resource_id: str, connection_wide: bool) -> BackstopError:
    code = trouble.code
    if connection_wide:
        remedy = LOGIN_REMEDY if status == 401 else "Give the login the role Reader on the scope."
        return LoginError(message, code=code, remedy=remedy)
    missing = _ACTION.search(message)
    if missing is None:  # Azure Policy answers 403 as well
        remedy = trouble.remedy if trouble.kind is Kind.MEND else "Give the login a role that allows this."
    else:
        scope = f" on {missing['scope']}" if missing["scope"] else ""
        remedy = f"Give the login a role with the action {missing['action']}{scope}."
    code = "AuthorizationFailed" if code.startswith("HTTP ") else code
    return PermanentError(message, code=code, resource_id=resource_id, remedy=remedy)


def is_not_found(error: HttpResponseError) -> bool:
    """Whether Azure answered 404. What that means is the caller's to say: a thing, its group, or its subscription."""
    return error.status_code == 404


def code_of(error: HttpResponseError) -> str:
    """Azure's own code, such as `ResourceNotFound`; `HTTP 404` where the answer holds none."""
    code = clean(str(error.error.code or "")) if error.error is not None else ""
    return code or f"HTTP {error.status_code}"


def _message_of(error: HttpResponseError) -> str:
    """Azure's message; where it only points to its details, with the first of them (Resource Graph does)."""
    if error.error is None:
        return ""
    message = str(error.error.message or "")
    first = next((str(each.message) for each in error.error.details or () if each.message), "")
    if not first or first in message:
        return clean(message)
    return clean(f"{first} {message}" if message.startswith(_FOR_SUPPORT) else f"{message} {first}")


_FOR_SUPPORT = "Please provide below info"  # Resource Graph begins with what a person needs last


def clean(text: str) -> str:
    """One printable line of at most 500 characters."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:500]


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """How long the service asks to wait: never negative, None where it does not say or says nothing sensible.

    A `Retry-After` that is a date is measured from the answer's own `Date`, so that a clock that goes wrong here, or a
    virtual one there, does no harm; RFC 9110 has every server with a clock send it.
    """
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):
        text = headers.get(name, "").strip()
        if _SECONDS.fullmatch(text):
            return _bounded(float(text) / 1000)
    text = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        return _bounded(float(text))
    try:
        asked, sent = parsedate_to_datetime(text), parsedate_to_datetime(headers.get("date", ""))
        return _bounded((asked - sent).total_seconds())
    except (ValueError, TypeError, OverflowError):  # TypeError: one of the two names no time zone
        return None


def _bounded(seconds: float) -> timedelta:
    return min(timedelta(seconds=max(seconds, 0.0)), _LONGEST_WAIT)
