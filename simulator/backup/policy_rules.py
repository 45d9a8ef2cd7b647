"""What Azure takes for a backup policy of virtual machines, and what it refuses.

The service answers nearly every fault with one code and one sentence (`BMSUserErrorInvalidPolicyInput`); the
sentence that says which rule was broken is added here as a detail. Pure: a request's `properties` in, those to keep
out. The rules are those of the backup support matrix and of the REST reference (2022-25), and of reports of what the
service refused (weekly schedules, 2026). What a policy does to its items is in `policy_changes.py`.
"""

import re
from typing import Literal, NoReturn

from simulator.core.model import IAAS, WORKLOAD
from simulator.core.wire import AzureError, Json

SCHEDULES = {"SimpleSchedulePolicy": "V1", "SimpleSchedulePolicyV2": "V2"}
#: Days that a snapshot is kept for instant restore, at most.
INSTANT = {"V1": 5, "V2": 30}
INTERVALS = (4, 6, 8, 12, 24)
#: (unit, least, most) of each retention.
LIMITS = {
    "dailySchedule": ("Days", 7, 9999),
    "weeklySchedule": ("Weeks", 1, 5163),
    "monthlySchedule": ("Months", 1, 1188),
    "yearlySchedule": ("Years", 1, 99),
}
DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
#: A moment on the hour or half past, as the service wants schedules and retentions.
TIME = re.compile(r"\d{4}-\d\d-\d\dT([01]\d|2[0-3]):(00|30)(:00(\.0+)?)?(Z|[+-]\d\d:\d\d)?")
#: What is kept of a request; other keys are dropped, as read-only ones are.
KEPT = ("instantRPDetails", "tieringPolicy", "snapshotConsistencyType")


def refuse(why: str) -> NoReturn:
    """Raise the service's one answer to a policy that it cannot use."""
    message = (
        "Input for create or update policy is not in proper format\r\nPlease check format of parameters like "
        "schedule time, schedule days, retention time and retention days "
    )
    detail = {"code": "BMSUserErrorInvalidPolicyInput", "message": why}
    raise AzureError(400, "BMSUserErrorInvalidPolicyInput", message, [detail])


def checked(properties: Json, old: Literal["V1", "V2"] | None) -> Json:
    """The definition to store for these `properties`; `old` is the version of the policy that they replace.

    Raises AzureError 400.
    """
    management = properties.get("backupManagementType")
    if management == WORKLOAD:
        if not isinstance(properties.get("workLoadType"), str):
            refuse("workLoadType is missing.")
        _objects(properties, "subProtectionPolicy")
        names = ("backupManagementType", "workLoadType", "settings", "subProtectionPolicy")
        return {name: properties[name] for name in names if name in properties}
    if management != IAAS:
        refuse(f"backupManagementType must be {IAAS} or {WORKLOAD}.")
    schedule, retention = _object(properties, "schedulePolicy"), _object(properties, "retentionPolicy")
    version = SCHEDULES.get(str(schedule.get("schedulePolicyType")))
    if version is None:
        refuse(f"schedulePolicyType must be one of {', '.join(SCHEDULES)}.")
    if (properties.get("policyType") or version) != version:
        refuse(f"policyType {properties['policyType']} does not go with {schedule['schedulePolicyType']}.")
    if old == "V2" and version == "V1":
        refuse("A policy of type V2 cannot become one of type V1.")
    frequency, days, times = _schedule(schedule, version)
    _retention(retention, frequency, days, times)
    zone = properties.get("timeZone", "UTC")
    if not isinstance(zone, str) or not zone:
        refuse("timeZone must be the name of a time zone.")
    stored: Json = {name: properties[name] for name in KEPT if properties.get(name) is not None}
    return stored | {
        "backupManagementType": IAAS,
        "policyType": version,
        "instantRPDetails": stored.get("instantRPDetails", {}),
        "schedulePolicy": schedule | ({"scheduleWeeklyFrequency": 0} if version == "V1" else {}),
        "retentionPolicy": retention,
        "instantRpRetentionRangeInDays": _instant(properties, version, frequency),
        "timeZone": zone,
    }


def _instant(properties: Json, version: str, frequency: str) -> int:
    weekly = version == "V1" and frequency == "Weekly"
    days = properties.get("instantRpRetentionRangeInDays")
    if days is None:
        return 5 if weekly else 2
    if not _is_count(days, 1, INSTANT[version]) or (weekly and days != 5):
        refuse(f"instantRpRetentionRangeInDays must be {'5' if weekly else f'1 to {INSTANT[version]}'}.")
    return int(days)


def _schedule(schedule: Json, version: str) -> tuple[str, list[str], list[str]]:
    """Frequency, days (of a weekly one) and times at which backups run."""
    frequency = schedule.get("scheduleRunFrequency")
    if frequency not in ("Daily", "Weekly") and (version, frequency) != ("V2", "Hourly"):
        refuse(f"scheduleRunFrequency '{frequency}' is not possible in a policy of type {version}.")
    if frequency == "Hourly":
        return "Hourly", [], _hourly(_object(schedule, "hourlySchedule"))
    part = schedule if version == "V1" else _object(schedule, f"{str(frequency).lower()}Schedule")
    times = _times(part, "scheduleRunTimes")
    if len(times) != 1:
        refuse("scheduleRunTimes must hold one time.")
    return str(frequency), _days(part, "scheduleRunDays") if frequency == "Weekly" else [], times


def _hourly(part: Json) -> list[str]:
    interval, window = part.get("interval"), part.get("scheduleWindowDuration")
    if interval not in INTERVALS or isinstance(interval, bool):
        refuse(f"interval must be one of {', '.join(map(str, INTERVALS))}.")
    if not _is_count(window, 4, 24) or window % interval:
        refuse("scheduleWindowDuration must be 4 to 24 hours and a multiple of the interval.")
    start = part.get("scheduleWindowStartTime")
    if not isinstance(start, str) or not TIME.fullmatch(start):
        refuse("scheduleWindowStartTime must be a time on the hour or half past.")
    return [start]


def _retention(retention: Json, frequency: str, days: list[str], times: list[str]) -> None:
    if retention.get("retentionPolicyType") != "LongTermRetentionPolicy":
        refuse("retentionPolicyType must be LongTermRetentionPolicy.")
    wanted, other = ("weeklySchedule", "dailySchedule") if frequency == "Weekly" else ("dailySchedule", "")
    if retention.get(wanted) is None or retention.get(other) is not None:
        refuse(f"A {frequency} schedule goes with {wanted}{' and without ' + other if other else ''}.")
    for name, (unit, least, most) in LIMITS.items():
        if retention.get(name) is None:
            continue
        part = _object(retention, name)
        if [_clock(time) for time in _times(part, "retentionTimes")] != [_clock(time) for time in times]:
            refuse(f"retentionTimes of {name} must equal the schedule's times.")
        duration = _object(part, "retentionDuration")
        if duration.get("durationType") != unit or not _is_count(duration.get("count"), least, most):
            refuse(f"retentionDuration of {name} must be {least} to {most} {unit}.")
        if name == "weeklySchedule" and set(_days(part, "daysOfTheWeek")) != set(days or part["daysOfTheWeek"]):
            refuse("daysOfTheWeek of weeklySchedule must be the schedule's days.")
        if name in ("monthlySchedule", "yearlySchedule"):
            _format(part, name, frequency)


def _format(part: Json, name: str, frequency: str) -> None:
    kind = part.get("retentionScheduleFormatType")
    if kind not in ("Daily", "Weekly") or (frequency == "Weekly" and kind == "Daily"):
        refuse(f"retentionScheduleFormatType '{kind}' of {name} does not go with a {frequency} schedule.")
    if kind == "Daily":
        _objects(_object(part, "retentionScheduleDaily"), "daysOfTheMonth")
    else:
        weekly = _object(part, "retentionScheduleWeekly")
        _days(weekly, "daysOfTheWeek")
        _strings(weekly, "weeksOfTheMonth")
    if name == "yearlySchedule":
        _strings(part, "monthsOfYear")


def _clock(time: str) -> str:
    """Hour and minute alone: the date of a schedule's time means nothing."""
    return time[11:16]


def _is_count(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _object(holder: Json, name: str) -> Json:
    value = holder.get(name)
    if not isinstance(value, dict):
        refuse(f"{name} must be an object.")
    return value


def _objects(holder: Json, name: str) -> None:
    value = holder.get(name)
    if not isinstance(value, list) or not value or not all(isinstance(each, dict) for each in value):
        refuse(f"{name} must be a list of objects.")


def _strings(holder: Json, name: str) -> list[str]:
    value = holder.get(name)
    if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
        refuse(f"{name} must be a list of names.")
    return value


def _days(holder: Json, name: str) -> list[str]:
    days = _strings(holder, name)
    if not set(days) <= set(DAYS):
        refuse(f"{name} must hold days of the week.")
    return days


def _times(holder: Json, name: str) -> list[str]:
    times = _strings(holder, name)
    if not all(TIME.fullmatch(time) for time in times):
        refuse(f"{name} must hold times on the hour or half past.")
    return times
