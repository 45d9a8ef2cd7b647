"""What a rule asks of a VM's backup: the vault, the vault's backup policy, the first backup, the disks left out.

Bounds are Azure Backup's own, with their source beside them, so that an impossible wish fails here and not in Azure.
"""

import re
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from shared.domain.policy_file.types import Duration, Section, TagTests, Text, Texts, as_tuple

DAY = timedelta(days=1)
LONGEST = timedelta(days=9999)  # the longest daily retention in Azure Backup's support matrix (2022)
#: What the service takes as a backup policy's name: 3 to 150 characters, letter first (Azure's naming rules, 2023).
POLICY_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{2,149}")
DEFAULT_POLICY = "DefaultPolicy"  # every vault is made with it (recorded traffic, 2019)


class VaultSelect(Section):
    """Vaults that will do, by name and tags; an empty one takes any vault of the VM's subscription and region."""

    names: Texts | None = None
    tags: TagTests | None = None


class VaultChoice(Section):
    """Which vault of the VM's subscription and region a new protection goes to, and what to do where there is none."""

    select: VaultSelect = VaultSelect()
    when_missing: Literal["report"] = "report"


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


class InitialBackup(Section):
    """Whether the first backup is started at once, and how long its recovery point is kept."""

    enabled: bool = True
    retain: Duration = timedelta(days=30)

    @model_validator(mode="after")
    def _retention_is_possible(self) -> Self:
        if not DAY <= self.retain <= LONGEST:
            raise ValueError("retain must be between P1D and P9999D")
        return self


Luns = Annotated[tuple[Annotated[int, Field(ge=0, le=63)], ...], BeforeValidator(as_tuple), Field(min_length=1)]


class DiskExclusion(Section):
    """Data disks, by LUN, that a new protection leaves out, or the only ones that it takes (the OS disk always).

    Source: `extendedProperties.diskExclusionProperties` of the protected item (REST 2021-06-01).
    """

    exclude_luns: Luns | None = None
    include_luns: Luns | None = None
    os_disk_only: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum((self.exclude_luns is not None, self.include_luns is not None, self.os_disk_only)) != 1:
            raise ValueError("give one of excludeLuns, includeLuns and osDiskOnly")
        luns = self.exclude_luns or self.include_luns or ()
        if len(set(luns)) != len(luns):
            raise ValueError("a LUN appears twice")
        return self


class Existing(Section):
    """What to do about a protection that stands, but not as asked. The careful answers: report it, touch nothing."""

    stopped: Literal["respect"] = "respect"
    soft_deleted: Literal["respect"] = "respect"
    other_policy: Literal["report"] = "report"
