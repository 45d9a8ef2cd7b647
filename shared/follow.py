"""Follows the operations that Backstop itself started: one cheap poll a look, and nothing else while they run.

The ledger holds each operation's URL, which Azure gave and which is followed verbatim. An operation whose URL is no
longer answered is not an error: the state of the VM itself is read next anyway.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from shared.domain.arm_id import ArmId
from shared.domain.azure_answers import OperationStatus
from shared.domain.model import Outcome, Status
from shared.domain.troubles.entry import Kind
from shared.domain.troubleshooting import advice_for
from shared.errors import PermanentError, RetryLaterError
from shared.guards import POLL, asked_twice, outcome_of
from shared.ledger_keys import backup_key, discover_key, failing_key, protect_key, undelete_key, under_key
from shared.ports import Backup, Clock, Intent, Ledger

PATIENCE = timedelta(hours=2)  # ConfigureBackup takes about a minute (recorded traffic, 2019 and 2026)
# An operation that failed for a passing reason is started again after pauses that double, for a while: Azure took the
# request each time, so the tries of the message do not count it.
FIRST_PAUSE = timedelta(minutes=5)
TRIED_FOR = timedelta(hours=3)
FORGOTTEN_AFTER = timedelta(days=1)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Followed:
    """`waiting` or `failed` end this look; the flags say which operation of ours has just succeeded.

    `done`: it changed the VM's protection or started its backup; a discovery does neither.
    """

    waiting: Outcome | None = None
    failed: Outcome | None = None
    protected: bool = False
    backup_started: bool = False
    done: bool = False


async def follow(vm_id: ArmId, backup: Backup, ledger: Ledger, clock: Clock) -> Followed:
    """Where the VM's operation in flight stands, if there is one."""
    for key_of in (protect_key, undelete_key, under_key, discover_key, backup_key):
        key = key_of(vm_id.key)
        intent = await ledger.intent(key)
        if intent is None or not intent.operation_url:
            continue
        now = clock.now()
        try:
            status = await asked_twice(partial(backup.operation, intent.operation_url))
        except RetryLaterError as error:
            return Followed(waiting=outcome_of(error, now))
        except PermanentError as error:
            log.warning(
                "an operation can no longer be followed: %s", error.code or error.message, extra={"vm": vm_id.text}
            )
            status = OperationStatus("Unknown")
        if status.running and status.status != "Unknown" and now < intent.at + PATIENCE:
            return Followed(waiting=Outcome(Status.ACCEPTED, now + (status.retry_after or POLL)))
        failed = status.status.lower() in {"failed", "canceled", "cancelled"}
        passing = advice_for(status.error_code, status.error).kind is Kind.RETRY_LATER
        if failed and key_of is discover_key and not passing:  # the protect's refusal is asked for again, and told
            await ledger.record(key, Intent(intent.at))
            continue
        if failed:
            await ledger.forget(key)
            return Followed(failed=await _failed(key, status, ledger, now))
        # The intent stays, without its URL: reads may lag, and the write must not be repeated before they show it.
        await ledger.record(key, Intent(intent.at if key_of is discover_key else now))
        if status.status.lower() == "succeeded":
            await ledger.forget(failing_key(key))
            return Followed(
                protected=key_of is protect_key,
                backup_started=key_of is backup_key,
                done=key_of is not discover_key,
            )
    return Followed()


async def _failed(key: str, status: OperationStatus, ledger: Ledger, now: datetime) -> Outcome:
    """DEFERRED while the code may pass and was not met for too long, FAILED with the code's remedy otherwise."""
    trouble = advice_for(status.error_code, status.error)
    first = await ledger.intent(failing_key(key))
    if first is None or now >= first.at + FORGOTTEN_AFTER:
        first = Intent(now)
    if trouble.kind is not Kind.RETRY_LATER or now >= first.at + TRIED_FOR:
        await ledger.forget(failing_key(key))
        return Outcome(Status.FAILED, None, status.error_code, status.error, trouble.remedy)
    await ledger.record(failing_key(key), first)
    again = now + max(now - first.at, trouble.wait or FIRST_PAUSE)
    return Outcome(Status.DEFERRED, again, status.error_code, status.error, trouble.remedy, failed_try=True)
