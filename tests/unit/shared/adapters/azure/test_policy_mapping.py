"""Backup policies between Azure's JSON and the core's words: nothing is lost, and nothing unknown is guessed."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from shared.adapters.azure.policy_body import policy_to_wire
from shared.adapters.azure.policy_mapping import policy_from_wire
from shared.domain.backup_policy import LAST_DAY, BackupPolicy, BackupTimes, KeptFor, PointsKept
from shared.domain.backup_policy_comparing import differences
from shared.domain.backup_policy_words import in_words
from simulator.backup.policy_rules import checked
from tests.backup_policies import backup_policies, policy_of
from tests.reference import reference_path

AT = "2019-10-25T16:00:00Z"
DAILY = {"retentionTimes": [AT], "retentionDuration": {"count": 30, "durationType": "Days"}}
MONTHS = {"count": 2, "durationType": "Months"}


def a_policy(schedule: dict[str, Any] | None = None, retention: dict[str, Any] | None = None, **more: Any) -> Any:
    """A Standard policy as Azure shows it, with other keys."""
    runs = {"schedulePolicyType": "SimpleSchedulePolicy", "scheduleRunFrequency": "Daily", "scheduleRunTimes": [AT]}
    kept = {"retentionPolicyType": "LongTermRetentionPolicy", "dailySchedule": DAILY}
    properties = {
        "backupManagementType": "AzureIaasVM",
        "schedulePolicy": {**runs, "scheduleWeeklyFrequency": 0, **(schedule or {})},
        "retentionPolicy": {**kept, **(retention or {})},
        **more,
    }
    return {"name": "gold", "properties": properties}


def definitions(node: object) -> Iterator[dict[str, Any]]:
    """Every definition of a VM's backup policy within recorded JSON, texts of JSON included."""
    if isinstance(node, dict):
        if node.get("backupManagementType") == "AzureIaasVM" and "schedulePolicy" in node:
            yield node
        for each in node.values():
            yield from definitions(each)
    elif isinstance(node, list):
        for each in node:
            yield from definitions(each)
    elif isinstance(node, str) and node.lstrip()[:1] == "{":
        try:
            inner = json.loads(node)
        except ValueError:
            return
        yield from definitions(inner)


@given(backup_policies())
def test_what_is_written_is_taken_by_the_service_and_reads_back_equal(policy: BackupPolicy) -> None:
    stored = checked(policy_to_wire(policy), None)
    read = policy_from_wire({"name": policy.name, "properties": {**stored, "protectedItemsCount": 3}})
    assert differences(read, policy) == ()
    assert read.protected_items == 3
    assert replace(read, protected_items=None, carried="") == policy


@pytest.mark.parametrize("folder", ["recordings", "spec", "azure-policy"])
def test_every_policy_that_azure_was_seen_to_show_reads_and_is_kept_by_a_write(folder: str) -> None:
    seen = 0
    for file in sorted(reference_path(folder).rglob("*.json")):
        try:
            whole = json.loads(file.read_text(encoding="utf-8"))
        except ValueError:
            continue
        for definition in definitions(whole):
            if "[parameters(" in json.dumps(definition):
                continue
            policy = policy_from_wire({"name": "gold", "properties": definition})
            assert policy.not_understood == "", file
            again = policy_from_wire({"name": "gold", "properties": policy_to_wire(policy)})
            assert again == replace(policy, protected_items=None), in_words(policy)
            seen += 1
    assert seen >= {"recordings": 6, "spec": 4, "azure-policy": 0}[folder]


def test_a_policy_of_2019_reads_as_standard_in_utc() -> None:
    assert policy_from_wire(a_policy()) == BackupPolicy(
        "gold", times=BackupTimes("Daily", "16:00"), points=PointsKept(KeptFor(30))
    )


def test_an_hourly_policy_reads_whole() -> None:
    hourly = {"interval": 4, "scheduleWindowStartTime": "2026-09-01T08:00:00+00:00", "scheduleWindowDuration": 12}
    schedule = {
        "schedulePolicyType": "SimpleSchedulePolicyV2",
        "scheduleRunFrequency": "Hourly",
        "hourlySchedule": hourly,
    }
    node = a_policy(policyType="V2", instantRpRetentionRangeInDays=7, timeZone="pacific standard time")
    node["properties"]["schedulePolicy"] = schedule
    policy = policy_from_wire(node)
    assert policy.times == BackupTimes("Hourly", "08:00", interval=4, window=12)
    assert (policy.type, policy.instant_restore_days, policy.time_zone) == ("Enhanced", 7, "Pacific Standard Time")


def test_long_kept_points_read_by_week_and_by_date_in_the_calendars_order() -> None:
    by_week = {"daysOfTheWeek": ["Thursday", "monday"], "weeksOfTheMonth": ["Last", "First"]}
    dates = [{"date": 0, "isLast": True}, {"date": 15, "isLast": False}, {"date": 1}]
    kept = {
        "monthlySchedule": {
            "retentionScheduleFormatType": "Weekly",
            "retentionScheduleWeekly": by_week,
            "retentionScheduleDaily": None,
            "retentionTimes": [AT],
            "retentionDuration": MONTHS,
        },
        "yearlySchedule": {
            "retentionScheduleFormatType": "Daily",
            "retentionScheduleDaily": {"daysOfTheMonth": dates},
            "monthsOfYear": ["November", "February"],
            "retentionTimes": [AT],
            "retentionDuration": {"count": 4, "durationType": "Years"},
        },
    }
    points = policy_from_wire(a_policy(retention=kept)).points
    assert points.monthly == KeptFor(2, ("Monday", "Thursday"), ("First", "Last"))
    assert points.yearly == KeptFor(4, dates=(1, 15, LAST_DAY), months=("February", "November"))


def test_what_is_not_described_is_carried_over_a_change() -> None:
    tiering = {"ArchivedRP": {"tieringMode": "TierRecommended", "duration": 0, "durationType": "Invalid"}}
    node = a_policy(
        tieringPolicy=tiering, instantRPDetails={"azureBackupRGNamePrefix": "rg-"}, protectedItemsCount=4, other=None
    )
    policy = policy_from_wire(node)
    assert policy.protected_items == 4
    body = policy_to_wire(replace(policy_of({"name": "gold", "timeZone": "UTC"}), carried=policy.carried))
    assert body["tieringPolicy"] == tiering
    assert body["instantRPDetails"] == {"azureBackupRGNamePrefix": "rg-"}
    assert "protectedItemsCount" not in body


@pytest.mark.parametrize(
    ("node", "why"),
    [
        (a_policy(schedule={"scheduleRunTimes": [AT, AT]}), "it runs at 2 times"),
        (a_policy(schedule={"scheduleRunTimes": ["2019-10-25T16:00:00+02:00"]}), "no time of a schedule"),
        (a_policy(schedule={"scheduleRunFrequency": "Hourly"}), "it runs Hourly"),
        (a_policy(schedule={"scheduleWeeklyFrequency": 2}), "holds scheduleWeeklyFrequency"),
        (a_policy(schedule={"scheduleRunFrequency": "Weekly", "scheduleRunDays": ["Noday"]}), "unknown word"),
        (a_policy(schedule={"schedulePolicyType": "LogSchedulePolicy"}), "its schedule is a LogSchedulePolicy"),
        (a_policy(schedule={"brandNew": 1}), "holds brandNew"),
        (a_policy(policyType="V2"), "its schedule is a SimpleSchedulePolicy"),
        (a_policy(retention={"retentionPolicyType": "SimpleRetentionPolicy"}), "its retention is a Simple"),
        (a_policy(retention={"hourlySchedule": {}}), "holds hourlySchedule"),
        (a_policy(retention={"dailySchedule": {**DAILY, "retentionDuration": MONTHS}}), "no number of Days"),
        (a_policy(instantRpRetentionRangeInDays="2"), "is not a whole number"),
        (a_policy(schedulePolicy=[]), "schedulePolicy is not an object"),
        (a_policy(timeZone="UTC\x1b[2J"), "its time zone is no name"),
    ],
)
def test_what_is_not_known_here_is_neither_guessed_nor_written(node: Any, why: str) -> None:
    policy = policy_from_wire(node)
    assert policy.times is None
    assert why in policy.not_understood
    assert policy.for_vms
    with pytest.raises(ValueError, match="cannot be written"):
        policy_to_wire(policy)


def test_a_policy_for_other_things_is_only_named() -> None:
    node = {"name": "files", "properties": {"backupManagementType": "AzureStorage", "schedulePolicy": 7}}
    assert policy_from_wire(node) == BackupPolicy("files", for_vms=False)
    with pytest.raises(ValueError, match="name is missing"):
        policy_from_wire({"properties": {}})
