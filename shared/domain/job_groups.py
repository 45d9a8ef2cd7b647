"""Backup jobs sorted for people: in progress, completed, with warnings, failed, cancelled. Pure.

A status that is not known goes to `other`, in Azure's own word: it is never taken for a success.
"""

import enum
from collections import Counter
from collections.abc import Iterable

from shared.domain.azure_answers import BackupJob


class JobGroup(enum.StrEnum):
    """Where a job stands, in the order in which people want to see them."""

    IN_PROGRESS = "in-progress"
    FAILED = "failed"
    WARNINGS = "warnings"
    CANCELLED = "cancelled"
    COMPLETED = "completed"
    OTHER = "other"


def group_of(job: BackupJob) -> JobGroup:
    """The job's group; one that is being cancelled is still in progress."""
    if job.running:
        return JobGroup.IN_PROGRESS
    if job.failed:
        return JobGroup.FAILED
    if job.cancelled:
        return JobGroup.CANCELLED
    ended = {"completed": JobGroup.COMPLETED, "completedwithwarnings": JobGroup.WARNINGS}
    return ended.get(job.status.lower(), JobGroup.OTHER)


def counted(jobs: Iterable[BackupJob]) -> dict[JobGroup, int]:
    """How many there are of each group; all groups are named."""
    counts = Counter(group_of(each) for each in jobs)
    return {group: counts[group] for group in JobGroup}
