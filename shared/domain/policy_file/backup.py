"""What a rule asks of a VM's backup: the first backup, the disks left out, what becomes of what stands already.

Bounds are Azure Backup's own, with their source beside them, so that an impossible wish fails here and not in Azure.
"""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from shared.domain.policy_file.types import Duration, Section, as_tuple

DAY = timedelta(days=1)
LONGEST = timedelta(days=9999)  # the longest daily retention in Azure Backup's support matrix (2022)


class InitialBackup(Section):
    """Whether the first backup is started at once, how long its recovery point is kept, and what holds it up.

    `unlessScheduledWithin` leaves it to the policy's own schedule where that is near; `spread` puts the first backups
    of many VMs apart, each VM always by the same part of it; `again` is how long after a first backup that failed
    another one is started, never where it is null.
    """

    enabled: bool = True
    retain: Duration = timedelta(days=30)
    unless_scheduled_within: Duration = timedelta()
    spread: Duration = timedelta()
    again: Duration | None = DAY

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if not DAY <= self.retain <= LONGEST:
            raise ValueError("retain must be between P1D and P9999D")
        if self.unless_scheduled_within > timedelta(days=7):
            raise ValueError("unlessScheduledWithin must be at most P7D")
        if self.spread > DAY:
            raise ValueError("spread must be at most P1D")
        if self.again is not None and self.again < timedelta(hours=1):
            raise ValueError("again must be at least PT1H")
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
    """What to do about a protection that stands, but not as asked. The careful answers come first: touch nothing."""

    stopped: Literal["respect", "resume"] = "respect"
    soft_deleted: Literal["respect", "undelete"] = "respect"
    other_policy: Literal["report", "change"] = "report"
