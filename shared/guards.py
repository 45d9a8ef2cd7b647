"""The guards that stand before every write to Azure, and what becomes of its answer.

A write is never repeated on a guess. Before each one the pause switch is read and an intent goes on record; after a
crash or a broken connection the intent says that Azure may have got the request, and the next look waits until Azure
would show it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from shared.domain.azure_answers import Accepted
from shared.domain.model import Outcome, Protection, Status
from shared.domain.troubleshooting import remedy_for
from shared.errors import PermanentError, RetryLaterError
from shared.ports import Clock, Intent, Ledger, PauseSwitch

T = TypeVar("T")
POLL = timedelta(seconds=30)  # the SDK's own polling interval, used where Azure names none (azure-core 1.41)
TIMED_OUT = "NoAnswerInTime"  # the adapters' code for a silence that lasted too long
PAUSE_CHECK = timedelta(minutes=15)
# How long Azure may take to show a write whose answer was lost. A PUT has a deterministic name and shows at once as
# under way; a backup job may be listed late, and a second POST would start a second backup.
PUT_SHOWS_WITHIN = timedelta(minutes=2)
POST_SHOWS_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Carried:
    """How the write ended, and what the protection is known to be after it."""

    outcome: Outcome
    protection: Protection


@dataclass(frozen=True, slots=True)
class Guard:
    """Sends a write once."""

    ledger: Ledger
    pause: PauseSwitch
    clock: Clock

    async def put(self, key: str, send: Callable[[], Awaitable[Accepted]]) -> Accepted | Outcome:
        """Send a PUT of a deterministic name. An `Outcome` says why it was not sent, or how Azure refused it."""
        intent, now = await self.ledger.intent(key), self.clock.now()
        if intent is not None and now < intent.at + PUT_SHOWS_WITHIN:
            return answer_lost(intent.at + PUT_SHOWS_WITHIN)
        return await self.send(key, send)

    async def send(self, key: str, send: Callable[[], Awaitable[Accepted]]) -> Accepted | Outcome:
        """The same for a write whose caller has looked at the intent itself. PermanentError: Azure's refusal."""
        if (paused := await self.paused()) is not None:
            return paused
        now = self.clock.now()
        await self.ledger.record(key, Intent(now))
        try:
            accepted = await send()
        except RetryLaterError as error:
            if not error.may_have_happened:
                await self.ledger.forget(key)  # Azure answered, so the request changed nothing
            return outcome_of(error, self.clock.now())
        except PermanentError:
            await self.ledger.forget(key)
            raise
        await self.ledger.record(key, Intent(now, accepted.operation_url))
        return accepted

    async def paused(self) -> Outcome | None:
        """Why nothing may be written now."""
        if not (reason := await self.pause.paused()):
            return None
        remedy = "Resume with: backstop resume"
        return Outcome(Status.DEFERRED, self.clock.now() + PAUSE_CHECK, "PAUSED", reason, remedy)


async def asked_twice(ask: Callable[[], Awaitable[T]]) -> T:
    """A read whose answer got lost is asked again at once: to read twice does no harm, and most breaks are short.

    Nothing is asked at once where the service names a time to come back, refuses for being asked too often, or was
    silent until the time was up: a second silence would outlast the claim on the VM.
    """
    try:
        return await ask()
    except RetryLaterError as error:
        if not error.may_have_happened or error.retry_after is not None or error.code == TIMED_OUT:
            raise
    return await ask()


def outcome_of(error: RetryLaterError | PermanentError, now: datetime) -> Outcome:
    """DEFERRED for what may succeed later, FAILED for what will not, with the remedy of its code."""
    if isinstance(error, RetryLaterError):
        again = now + (error.retry_after if error.retry_after is not None else POLL)
        return Outcome(
            Status.DEFERRED, again, error.code or "RETRY_LATER", error.message, error.remedy, failed_try=True
        )
    outcome = Outcome(Status.FAILED, None, error.code or "REFUSED", error.message, error.remedy)
    if error.code and not error.remedy:
        return replace(outcome, remedy=remedy_for(error.code, error.message))
    return outcome


def accepted_until(now: datetime, accepted: Accepted) -> Outcome:
    """Azure works on it; it is looked at again when Azure asks for it."""
    return Outcome(Status.ACCEPTED, now + (accepted.retry_after or POLL))


def answer_lost(until: datetime) -> Outcome:
    """An earlier write may have reached Azure."""
    return Outcome(Status.DEFERRED, until, "ANSWER_LOST", "an earlier request may still be on its way to the service")
