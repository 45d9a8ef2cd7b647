"""A vault's backup policy as people are told it: schedule, what is kept, and the next run by the policy's own clocks.

The same for `explain` and every form of the report. What cannot be told is said so, and never guessed.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from shared.domain.backup_policy import BackupPolicy
from shared.domain.backup_policy_words import kept_in_words, times_in_words
from shared.domain.next_run import next_run
from shared.domain.time_zones import UTC_NAME, zone_of
from shared.domain.words import counted


@dataclass(frozen=True, slots=True)
class PolicyTold:
    """`schedule` and `kept` in words, empty where `problem` says why. `type` is Standard or Enhanced.

    `next_run` (UTC) is the next scheduled backup, None where it cannot be told; Azure may start it up to two hours
    later. `local` is the same moment as the clocks of `time_zone` show it.
    """

    name: str
    type: str = ""
    schedule: str = ""
    kept: tuple[str, ...] = ()
    time_zone: str = ""
    next_run: datetime | None = None
    local: datetime | None = None
    problem: str = ""

    @property
    def next_in_words(self) -> str:
        """Such as: 2026-11-24 23:00 W. Europe Standard Time, 2026-11-24 22:00 UTC; empty where it is not known."""
        if self.next_run is None or self.local is None:
            return ""
        there = f"{self.next_run:%Y-%m-%d %H:%M} UTC"
        return there if self.time_zone == UTC_NAME else f"{self.local:%Y-%m-%d %H:%M} {self.time_zone}, {there}"


def policy_told(policy: BackupPolicy, now: datetime) -> PolicyTold:
    """The policy as told at `now`."""
    if not policy.for_vms:
        return PolicyTold(policy.name, problem="not a policy for virtual machines")
    if policy.times is None:
        return PolicyTold(policy.name, policy.type, problem=f"cannot be told: {policy.not_understood}")
    kept = [f"{kind} points {kept_in_words(kind, each)}" for kind, each in policy.points.each()]
    if policy.instant_restore_days is not None:
        kept.append(f"snapshots for instant restore kept {counted(policy.instant_restore_days, 'day')}")
    run, zone = next_run(policy, now), zone_of(policy.time_zone)
    return PolicyTold(
        policy.name,
        policy.type,
        times_in_words(policy.times, policy.time_zone),
        tuple(kept),
        policy.time_zone,
        run.astimezone(UTC) if run is not None else None,
        run.astimezone(zone) if run is not None and zone is not None else None,
    )
