"""The vault's backup policy as a rule asks for it: by name, by the value of a tag, or described in full.

Bounds are Azure Backup's own, with their source beside them, so that an impossible wish fails here and not in Azure,
whose one answer to any of them is `BMSUserErrorInvalidPolicyInput` (recorded, 2019-25). What a description leaves out
is filled in by `shared.domain.backup_policy`.
"""

import re
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from shared.domain.policy_file.occasions import MonthlyOn, Weekday, Weekdays, YearlyOn, period
from shared.domain.policy_file.types import Duration, Section, Text, Texts
from shared.domain.time_zones import windows_name, windows_name_for

DAY, WEEK = timedelta(days=1), timedelta(days=7)
#: What the service takes as a backup policy's name: 3 to 150 characters, letter first (Azure's naming rules, 2023).
POLICY_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{2,149}")
DEFAULT_POLICY = "DefaultPolicy"  # every vault is made with it (recorded traffic, 2019)
#: The steps of the Enhanced policy's hourly schedule (REST 2025); 24 hours are P1D here.
SEVERAL_A_DAY = tuple(timedelta(hours=hours) for hours in (4, 6, 8, 12))
#: The longest that snapshots are kept for instant restore, in days (Azure Backup documentation, 2025).
INSTANT_RESTORE = {"Standard": 5, "Enhanced": 30}
#: With a weekly schedule they are kept this long, of either type (azurerm's documentation after the portal's, 2024).
INSTANT_RESTORE_WEEKLY = 5


def _time_zone(value: str) -> str:
    """Azure takes Windows' names of time zones (REST reference, 2025)."""
    name = windows_name(value)
    if not name:
        meant = windows_name_for(value)
        hint = f": for {value} that is '{meant}'" if meant else ", such as 'W. Europe Standard Time' or UTC"
        raise ValueError(f"must be the name that Windows gives a time zone{hint}")
    return name


class Retention(Section):
    """How long recovery points are kept: days, weeks, months and years, each by its own schedule.

    Bounds: seven to 9999 days, 5163 weeks, 1188 months, 99 years (Azure Backup's support matrix, 2022).
    """

    daily: Annotated[str, period("D", 9999, 7)] | None = None
    weekly: Annotated[str, period("W", 5163)] | None = None
    monthly: Annotated[str, period("M", 1188)] | None = None
    yearly: Annotated[str, period("Y", 99)] | None = None
    weekly_on: Weekdays | None = None
    monthly_on: MonthlyOn | None = None
    yearly_on: YearlyOn | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not any((self.daily, self.weekly, self.monthly, self.yearly)):
            raise ValueError("give at least one of daily, weekly, monthly and yearly")
        for kept, on in (("weekly", self.weekly_on), ("monthly", self.monthly_on), ("yearly", self.yearly_on)):
            if on is not None and getattr(self, kept) is None:
                raise ValueError(f"`{kept}On` belongs to `{kept}`")
        return self


class Schedule(Section):
    """When backups run: `every` PT4H, PT6H, PT8H, PT12H, P1D or P1W, from `at` (HH:MM).

    Several backups a day fill the `window` that begins at `at`; a weekly schedule runs on its `days`.
    """

    every: Duration = DAY
    at: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):(00|30)$")] | None = None
    days: Weekdays | None = None
    window: Duration | None = None

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.every not in {*SEVERAL_A_DAY, DAY, WEEK}:
            raise ValueError("every must be PT4H, PT6H, PT8H, PT12H, P1D or P1W")
        if self.days is not None and self.every != WEEK:
            raise ValueError("`days` belongs to `every: P1W`")
        if self.window is None:
            return self
        if self.every not in SEVERAL_A_DAY:
            raise ValueError("`window` belongs to several backups a day")
        if not self.every <= self.window <= DAY or self.window % self.every:
            raise ValueError("window must be a multiple of `every`, 24 hours at most")
        return self


class BackupPolicyChoice(Section):
    """The backup policy of the vault: by `name`, or by the value of the VM's effective tag `fromTag`.

    With `fromTag`, `allowed` says which values count and `name` stands in where the tag is missing. A `schedule`,
    `retain`, `timeZone` or `instantRestoreDays` describes the policy: what it leaves out has a default, and a vault
    that lacks it can be given it. With `manage` one that differs is changed. A plain text stands for `name`.
    """

    name: Annotated[str, Field(min_length=1, max_length=150)] | None = None
    from_tag: Text | None = None
    allowed: Texts | None = None
    type: Literal["Standard", "Enhanced"] | None = None
    manage: bool = False
    schedule: Schedule | None = None
    time_zone: Annotated[Text, AfterValidator(_time_zone)] | None = None
    instant_restore_days: Annotated[int, Field(ge=1, le=30)] | None = None
    retain: Retention | None = None

    @property
    def described(self) -> bool:
        """True where the policy is told, so that it can be made; a name or a type alone describes nothing."""
        told = (self.schedule, self.retain, self.time_zone, self.instant_restore_days)
        return any(each is not None for each in told)

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.name is None and self.from_tag is None:
            raise ValueError("give `name`, `fromTag` or both")
        if self.allowed is not None and self.from_tag is None:
            raise ValueError("`allowed` belongs to `fromTag`")
        if self.from_tag is not None and (self.described or self.type is not None or self.manage):
            raise ValueError("a policy that a tag names cannot be described here as well")
        if self.manage and not self.described:
            raise ValueError("`manage` needs a description: give `schedule`, `retain` or both")
        if self.described:
            _describes_a_possible_policy(self)
        return self


def _describes_a_possible_policy(choice: BackupPolicyChoice) -> None:
    """ValueError where Azure would refuse the policy, or where two keys contradict each other."""
    if choice.name is None or POLICY_NAME.fullmatch(choice.name) is None:
        raise ValueError("a described policy's name has 3 to 150 letters, digits and hyphens, a letter first")
    schedule, kept = choice.schedule or Schedule(), choice.retain
    weekly, kind = schedule.every == WEEK, choice.type or "Standard"
    if schedule.every < DAY and kind != "Enhanced":
        raise ValueError("several backups a day need `type: Enhanced`")
    days = choice.instant_restore_days
    if days is not None and weekly and days != INSTANT_RESTORE_WEEKLY:
        raise ValueError(f"`instantRestoreDays` of a weekly schedule must be {INSTANT_RESTORE_WEEKLY}, or be left out")
    if days is not None and days > INSTANT_RESTORE[kind]:
        raise ValueError(f"`instantRestoreDays` must be {INSTANT_RESTORE[kind]} at most with `type: {kind}`")
    if kept is not None and weekly and (kept.daily is not None or kept.weekly is None):
        raise ValueError("a weekly schedule needs `retain.weekly` and makes no points for `retain.daily`")
    if kept is not None and not weekly and kept.daily is None:
        raise ValueError("a schedule of daily or more backups needs `retain.daily`")
    if kept is not None and weekly:
        _on_days_of_the_schedule(kept, schedule.days or ("Sunday",))


def _on_days_of_the_schedule(kept: Retention, days: tuple[Weekday, ...]) -> None:
    if kept.weekly_on is not None and set(kept.weekly_on) != set(days):
        raise ValueError("`retain.weeklyOn` must be the days of the weekly schedule, or be left out")
    for key, on in (("monthlyOn", kept.monthly_on), ("yearlyOn", kept.yearly_on)):
        if on is not None and on.by_date:
            raise ValueError(f"`retain.{key}` of a weekly schedule goes by `days` and `weeks`, not by dates")
        if on is not None and not set(on.days or ()) <= set(days):
            raise ValueError(f"`retain.{key}.days` must be among the days of the weekly schedule")
