"""A vault's backup policy in the core's words, from ARM's answer or a row of Resource Graph. Pure.

Reading is strict where a wrong reading could lead to a wrong change, and gentle where it would lose a whole list: a
definition with a key or word that is not known here becomes a policy that is `not_understood`. The way back is in
`policy_body.py`. Shapes: REST reference of `protectionPolicies` (2025) and recordings (2019-26).
"""

import json
import re
from collections.abc import Iterable, Mapping

from shared.adapters.azure.arm_errors import clean
from shared.adapters.azure.wire import Wire, flag_at, list_at, object_at, required_text, text_at, value_at
from shared.domain.backup_policy import (
    LAST_DAY,
    MONTHS,
    WEEKDAYS,
    WEEKS,
    BackupPolicy,
    BackupTimes,
    KeptFor,
    Kind,
    PointsKept,
    ordered,
)
from shared.domain.time_zones import UTC_NAME, windows_name

UNITS: dict[Kind, str] = {"daily": "Days", "weekly": "Weeks", "monthly": "Months", "yearly": "Years"}
V1, V2 = "SimpleSchedulePolicy", "SimpleSchedulePolicyV2"
LONG_TERM = "LongTermRetentionPolicy"
#: What a definition is read from; all else is carried over a change as it is, save for what the service itself counts.
_READ = frozenset({"backupManagementType", "policyType", "schedulePolicy", "retentionPolicy", "timeZone"})
INSTANT = "instantRpRetentionRangeInDays"
_COUNTED = frozenset({"protectedItemsCount", "resourceGuardOperationRequests"})
#: A moment whose date means nothing and whose hour is of the policy's own time zone, whatever its suffix says.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT(\d\d:\d\d)(:\d\d(\.\d+)?)?(Z|[+-]00:00)?")


def policy_from_wire(node: Wire) -> BackupPolicy:
    """A backup policy of a vault or of a row of Resource Graph; ValueError where it has no name."""
    name, properties = required_text(node, "name"), object_at(node, "properties")
    if text_at(properties, "backupManagementType").lower() != "azureiaasvm":
        return BackupPolicy(name, for_vms=False)
    # Policies made before 2021 have no policyType.
    enhanced = text_at(properties, "policyType").lower() == "v2"
    try:
        return _understood(name, properties, enhanced)
    except ValueError as error:
        return BackupPolicy(name, enhanced=enhanced, not_understood=clean(str(error))[:200])


def _understood(name: str, properties: Wire, enhanced: bool) -> BackupPolicy:
    retention = object_at(properties, "retentionPolicy")
    if required_text(retention, "retentionPolicyType") != LONG_TERM:
        raise ValueError(f"its retention is a {text_at(retention, 'retentionPolicyType')}")
    _only(retention, {"retentionPolicyType", *(f"{kind}Schedule" for kind in UNITS)}, "retentionPolicy")
    zone = text_at(properties, "timeZone") or UTC_NAME  # the oldest policies tell none
    if not zone.isprintable():
        raise ValueError("its time zone is no name")
    carried = {key: each for key, each in properties.items() if key not in (_READ | _COUNTED | {INSTANT})}
    return BackupPolicy(
        name,
        enhanced=enhanced,
        times=_times(object_at(properties, "schedulePolicy"), enhanced),
        time_zone=windows_name(zone) or zone,
        instant_restore_days=_number(properties, INSTANT),
        points=PointsKept(**{kind: _kept(kind, object_at(retention, f"{kind}Schedule")) for kind in UNITS}),
        protected_items=_number(properties, "protectedItemsCount"),
        carried=json.dumps(carried, sort_keys=True, default=dict) if carried else "",  # the SDK nests its models
    )


def _times(schedule: Wire, enhanced: bool) -> BackupTimes:
    kind, frequency = required_text(schedule, "schedulePolicyType"), required_text(schedule, "scheduleRunFrequency")
    if kind != (V2 if enhanced else V1):
        raise ValueError(f"its schedule is a {kind}")
    common = {"schedulePolicyType", "scheduleRunFrequency"}
    part = schedule
    if enhanced:
        _only(schedule, common | {"hourlySchedule", "dailySchedule", "weeklySchedule"}, "schedulePolicy")
        part = object_at(schedule, f"{frequency.lower()}Schedule")
        if frequency == "Hourly":
            return _hourly(part)
    elif value_at(schedule, "scheduleWeeklyFrequency") in (None, 0):  # always 0 (recorded)
        common.add("scheduleWeeklyFrequency")
    _only(part, common | {"scheduleRunDays", "scheduleRunTimes"}, "schedulePolicy")
    times = list_at(part, "scheduleRunTimes")
    if len(times) != 1:
        raise ValueError(f"it runs at {len(times)} times")
    at = _clock(times[0])
    if frequency == "Daily":
        return BackupTimes("Daily", at)
    if frequency == "Weekly":
        return BackupTimes("Weekly", at, _words(part, "scheduleRunDays", WEEKDAYS))
    raise ValueError(f"it runs {frequency}")


def _hourly(part: Wire) -> BackupTimes:
    names = ("interval", "scheduleWindowDuration")
    _only(part, {*names, "scheduleWindowStartTime"}, "hourlySchedule")
    interval, window = (_number(part, name) for name in names)
    if not interval or window is None or interval < 0:
        raise ValueError("its hourly schedule tells no interval or window")
    at = _clock(value_at(part, "scheduleWindowStartTime"))
    return BackupTimes("Hourly", at, interval=interval, window=window)


def _kept(kind: Kind, part: Wire) -> KeptFor | None:
    if not part:
        return None
    duration = object_at(part, "retentionDuration")
    count = _number(duration, "count")
    if count is None or text_at(duration, "durationType") != UNITS[kind]:
        raise ValueError(f"its {kind} points are kept for no number of {UNITS[kind]}")
    known = {"retentionTimes", "retentionDuration"}
    if kind == "daily":
        _only(part, known, "dailySchedule")
        return KeptFor(count)
    if kind == "weekly":
        _only(part, known | {"daysOfTheWeek"}, "weeklySchedule")
        return KeptFor(count, _words(part, "daysOfTheWeek", WEEKDAYS))
    form = required_text(part, "retentionScheduleFormatType")
    # The part of the other form may be there and means nothing.
    _only(
        part,
        known
        | {"retentionScheduleFormatType", "retentionScheduleDaily", "retentionScheduleWeekly"}
        | ({"monthsOfYear"} if kind == "yearly" else set()),
        f"{kind}Schedule",
    )
    months = _words(part, "monthsOfYear", MONTHS) if kind == "yearly" else ()
    if form == "Daily":
        return KeptFor(count, dates=_dates(object_at(part, "retentionScheduleDaily")), months=months)
    if form != "Weekly":
        raise ValueError(f"its {kind} points are chosen {form}")
    by_week = object_at(part, "retentionScheduleWeekly")
    days, weeks = _words(by_week, "daysOfTheWeek", WEEKDAYS), _words(by_week, "weeksOfTheMonth", WEEKS)
    return KeptFor(count, days, weeks, months=months)


def _dates(part: Wire) -> tuple[int, ...]:
    found: set[int] = set()
    for each in list_at(part, "daysOfTheMonth"):
        if not isinstance(each, Mapping):
            raise ValueError("daysOfTheMonth holds no objects")
        date = LAST_DAY if flag_at(each, "isLast") else _number(each, "date")
        if date is None:
            raise ValueError("daysOfTheMonth names no date")
        found.add(date)
    return tuple(sorted(found, key=lambda date: date or 99))


def _words(part: Wire, name: str, calendar: tuple[str, ...]) -> tuple[str, ...]:
    by_key = {each.lower(): each for each in calendar}
    found = [by_key.get(str(each).lower(), "") for each in list_at(part, name)]
    if not found or "" in found:
        raise ValueError(f"{name} is empty or holds an unknown word")
    return ordered(found, calendar)


def _clock(moment: object) -> str:
    match = _TIME.fullmatch(moment) if isinstance(moment, str) else None
    if match is None:
        raise ValueError(f"'{moment}' is no time of a schedule")
    return match[1]


def _number(part: Wire, name: str) -> int | None:
    value = value_at(part, name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise ValueError(f"{name} is not a whole number")
    return value


def _only(part: Wire, known: Iterable[str], name: str) -> None:
    unknown = sorted(key for key, each in part.items() if each is not None and key not in set(known))
    if unknown:
        raise ValueError(f"{name} holds {', '.join(unknown)}, which is not known here")
