"""Timer triggers on the Clock port: six-field NCRONTAB schedules in UTC.

Only what NCRONTAB knows is accepted, so that a schedule means the same here as in Azure.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import azure.functions as func
from cronsim import CronSim, CronSimError

from cli.host import payloads
from cli.host.invoking import Invoker
from cli.host.triggers import TimerTrigger
from shared.errors import SettingsError
from shared.ports import Clock

LATE = timedelta(minutes=1)
# cronsim knows more (L, #, W, ?), which NCRONTAB would refuse.
_NCRONTAB_FIELD = re.compile(r"[0-9*/,A-Za-z-]+")
_NAME = re.compile(
    r"(?i)(?<![a-z])(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun)(?![a-z])"
)


def next_after(schedule: str, moment: datetime) -> datetime:
    """The first moment of the schedule after `moment`. SettingsError for what is no NCRONTAB expression."""
    fields = schedule.split()
    plain = all(_NCRONTAB_FIELD.fullmatch(each) and not re.search("[A-Za-z]", _NAME.sub("", each)) for each in fields)
    try:
        if len(fields) != 6 or not plain:
            raise CronSimError("not six fields of numbers, names, and * / , -")
        simulated = CronSim(schedule, moment.astimezone(UTC))
    except CronSimError as error:
        raise _unusable(schedule, error) from error
    # cron takes either day field; NCRONTAB wants both to match.
    simulated.day_and = True
    try:
        return next(simulated)
    except StopIteration as error:
        raise _unusable(schedule, "it never comes") from error


def _unusable(schedule: str, why: object) -> SettingsError:
    return SettingsError(
        f"the schedule {schedule!r} cannot be used: {why}",
        code="SCHEDULE",
        remedy="Use six fields, seconds first, such as 0 0 */4 * * *",
    )


class Timers:
    """When each timer function is due next, counted from the moment at which the host started."""

    def __init__(self, triggers: Sequence[TimerTrigger], clock: Clock, invoker: Invoker) -> None:
        self._triggers = {each.function: each for each in triggers}
        self._clock = clock
        self._invoker = invoker
        now = clock.now()
        self.due = {each.function: next_after(each.schedule, now) for each in triggers}

    def next_due(self) -> datetime | None:
        """When the first of them is due; None without timers."""
        return min(self.due.values(), default=None)

    async def fire_due(self) -> None:
        """Run each timer that is due, one after the other. A failure waits for the next time, as in Azure."""
        now = self._clock.now()
        for function, due in sorted(self.due.items(), key=lambda each: each[1]):
            if due > now:
                continue
            trigger = self._triggers[function]
            self.due[function] = next_after(trigger.schedule, now)
            try:
                await self._invoker.invoke(trigger, self._request(function, due, past_due=now - due > LATE))
            except Exception:  # noqa: BLE001, S112  # the invoker has logged it and told whoever watches
                continue

    async def fire(self, function: str) -> None:
        """Run a timer now, out of turn; its exception is the caller's. KeyError for a function that is no timer."""
        trigger = self._triggers[function]
        await self._invoker.invoke(trigger, self._request(function, self._clock.now(), past_due=False))

    def _request(self, function: str, due: datetime, *, past_due: bool) -> func.TimerRequest:
        return payloads.timer(due, self.due[function], past_due=past_due)
