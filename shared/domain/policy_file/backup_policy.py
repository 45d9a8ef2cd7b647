"""The vault's backup policy as a rule asks for it: by name, by the value of a tag, or described in full.

Bounds are Azure Backup's own, with their source beside them, so that an impossible wish fails here and not in Azure.
"""

import re
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from shared.domain.policy_file.types import Duration, Section, Text, Texts

DAY = timedelta(days=1)
#: What the service takes as a backup policy's name: 3 to 150 characters, letter first (Azure's naming rules, 2023).
POLICY_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{2,149}")
DEFAULT_POLICY = "DefaultPolicy"  # every vault is made with it (recorded traffic, 2019)


def _period(unit: str, longest: int, shortest: int = 1) -> Any:
    """A validator for a number of one unit, such as P12M: Azure keeps each schedule's points by its own unit."""
    pattern = re.compile(rf"P([0-9]{{1,4}}){unit}")

    def check(value: object) -> object:
        match = pattern.fullmatch(value) if isinstance(value, str) else None
        if match is None or not shortest <= int(match[1]) <= longest:
            raise ValueError(f"must be between P{shortest}{unit} and P{longest}{unit}")
        return value

    return BeforeValidator(check)


class Retention(Section):
    """How long recovery points are kept: days, weeks, months and years, each by its own schedule.

    Bounds: seven to 9999 days, 5163 weeks, 1188 months, 99 years (Azure Backup's support matrix, 2022).
    """

    daily: Annotated[str, _period("D", 9999, 7)] | None = None
    weekly: Annotated[str, _period("W", 5163)] | None = None
    monthly: Annotated[str, _period("M", 1188)] | None = None
    yearly: Annotated[str, _period("Y", 99)] | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not any((self.daily, self.weekly, self.monthly, self.yearly)):
            raise ValueError("give at least one of daily, weekly, monthly and yearly")
        return self


class Schedule(Section):
    """When backups run: `every` (PT4H, PT6H, PT8H, PT12H or P1D, the Enhanced policy's steps) from `at` (HH:MM)."""

    every: Duration = DAY
    at: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):(00|30)$")] = "23:00"

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.every not in {timedelta(hours=4), timedelta(hours=6), timedelta(hours=8), timedelta(hours=12), DAY}:
            raise ValueError("every must be PT4H, PT6H, PT8H, PT12H or P1D")
        return self


class BackupPolicyChoice(Section):
    """The backup policy of the vault: by `name`, or by the value of the VM's effective tag `fromTag`.

    With `fromTag`, `allowed` says which values count and `name` stands in where the tag is missing. `type`, `schedule`
    and `retain` describe the policy that the name is expected to stand for. In the file a plain text stands for `name`.
    """

    name: Annotated[str, Field(min_length=1, max_length=150)] | None = None
    from_tag: Text | None = None
    allowed: Texts | None = None
    type: Literal["Standard", "Enhanced"] | None = None
    schedule: Schedule | None = None
    retain: Retention | None = None
    time_zone: Text | None = None

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
        defined = (self.type, self.schedule, self.retain, self.time_zone)
        if self.from_tag is not None and any(each is not None for each in defined):
            raise ValueError("a policy that a tag names cannot be described here as well")
        if self.schedule is not None and self.schedule.every < DAY and self.type != "Enhanced":
            raise ValueError("several backups a day need `type: Enhanced`")
        return self
