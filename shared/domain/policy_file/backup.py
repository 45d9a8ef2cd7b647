"""What a rule asks of a VM's backup: the vault, the first backup, the disks left out, what stands already.

Bounds are Azure Backup's own, with their source beside them, so that an impossible wish fails here and not in Azure.
"""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from shared.domain.policy_file.types import Duration, Section, TagTests, Texts, as_tuple

DAY = timedelta(days=1)
LONGEST = timedelta(days=9999)  # the longest daily retention in Azure Backup's support matrix (2022)


class VaultSelect(Section):
    """Vaults that will do, by name and tags; an empty one takes any vault of the VM's subscription and region."""

    names: Texts | None = None
    tags: TagTests | None = None


class VaultChoice(Section):
    """Which vault of the VM's subscription and region a new protection goes to, and what to do where there is none."""

    select: VaultSelect = VaultSelect()
    when_missing: Literal["report"] = "report"


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
