"""The body of a PUT that gives a vault a backup policy. Pure.

It holds the whole definition, because a PUT replaces it: with what the policy carried that Backstop does not describe.
Each retention has the time of the schedule, as the service demands; a date among them means nothing to it.
"""

import json

from shared.adapters.azure.policy_mapping import INSTANT, LONG_TERM, UNITS, V1, V2
from shared.domain.backup_policy import LAST_DAY, BackupPolicy, BackupTimes, KeptFor, Kind

_DATE = "2026-01-01"


def policy_to_wire(policy: BackupPolicy) -> dict[str, object]:
    """The `properties` of a PUT. ValueError for a policy that was not understood, or is not for VMs."""
    times = policy.times
    if times is None or policy.not_understood or not policy.for_vms:
        raise ValueError(f"the backup policy {policy.name} is not understood and cannot be written")
    at = f"{_DATE}T{times.at}:00Z"
    carried: dict[str, object] = json.loads(policy.carried) if policy.carried else {}
    retention: dict[str, object] = {"retentionPolicyType": LONG_TERM}
    for kind, kept in policy.points.each():
        retention[f"{kind}Schedule"] = _kept_to_wire(kind, kept, at)
    properties: dict[str, object] = {
        **carried,
        "backupManagementType": "AzureIaasVM",
        "policyType": "V2" if policy.enhanced else "V1",
        "schedulePolicy": _times_to_wire(times, policy.enhanced, at),
        "retentionPolicy": retention,
        "timeZone": policy.time_zone,
    }
    if policy.instant_restore_days is not None:
        properties[INSTANT] = policy.instant_restore_days
    return properties


def _times_to_wire(times: BackupTimes, enhanced: bool, at: str) -> dict[str, object]:
    kind: dict[str, object] = {
        "schedulePolicyType": V2 if enhanced else V1,
        "scheduleRunFrequency": times.frequency,
    }
    if times.frequency == "Hourly":
        window = {"interval": times.interval, "scheduleWindowStartTime": at, "scheduleWindowDuration": times.window}
        return {**kind, "hourlySchedule": window}
    runs: dict[str, object] = {"scheduleRunTimes": [at]}
    if times.days:
        runs["scheduleRunDays"] = list(times.days)
    return {**kind, f"{times.frequency.lower()}Schedule": runs} if enhanced else {**kind, **runs}


def _kept_to_wire(kind: Kind, kept: KeptFor, at: str) -> dict[str, object]:
    part: dict[str, object] = {
        "retentionTimes": [at],
        "retentionDuration": {"count": kept.count, "durationType": UNITS[kind]},
    }
    if kind == "weekly":
        part["daysOfTheWeek"] = list(kept.days)
    if kind in ("monthly", "yearly"):
        part["retentionScheduleFormatType"] = "Daily" if kept.dates else "Weekly"
        if kept.dates:
            dates = [{"date": date, "isLast": date == LAST_DAY} for date in kept.dates]
            part["retentionScheduleDaily"] = {"daysOfTheMonth": dates}
        else:
            by_week = {"daysOfTheWeek": list(kept.days), "weeksOfTheMonth": list(kept.weeks)}
            part["retentionScheduleWeekly"] = by_week
    if kind == "yearly":
        part["monthsOfYear"] = list(kept.months)
    return part
