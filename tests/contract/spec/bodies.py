"""Bodies that the walk sends: settings of a vault, backup policies of each shape, a restore."""

from typing import Any

#: Settings of a vault, possible and impossible ones, in the order in which they are asked for.
STORAGE: list[dict[str, Any]] = [
    {"storageModelType": "LocallyRedundant"},
    {"storageType": "GeoRedundant", "crossRegionRestoreFlag": True},
    {"crossRegionRestoreFlag": False},
    {"storageModelType": "Tape"},
]
GUARD: list[dict[str, Any]] = [
    {"enhancedSecurityState": "Disabled", "softDeleteFeatureState": "Enabled"},
    {"softDeleteRetentionPeriodInDays": 30},
    {"softDeleteFeatureState": "Disabled"},
    {"enhancedSecurityState": "Perhaps"},
    {"softDeleteRetentionPeriodInDays": 1},
]


def restore_of(vm: str) -> dict[str, Any]:
    """The request to restore a VM's disks."""
    group = "/".join(vm.split("/")[:5])
    account = f"{group}/providers/Microsoft.Storage/storageAccounts/staging"
    return {
        "properties": {
            "objectType": "IaasVMRestoreRequest",
            "recoveryType": "RestoreDisks",
            "sourceResourceId": vm,
            "storageAccountId": account,
            "region": "westeurope",
            "createNewCloudService": False,
        }
    }


def _keep(times: list[str], count: int, unit: str, **more: Any) -> dict[str, Any]:
    return {"retentionTimes": times, "retentionDuration": {"count": count, "durationType": unit}, **more}


def _iaas(schedule: dict[str, Any], retention: dict[str, Any], **more: Any) -> dict[str, Any]:
    kept = {"retentionPolicyType": "LongTermRetentionPolicy", **retention}
    return {"backupManagementType": "AzureIaasVM", "schedulePolicy": schedule, "retentionPolicy": kept, **more}


_AT = ["2026-01-01T22:30:00Z"]
_MONTHLY = {
    "retentionScheduleFormatType": "Daily",
    "retentionScheduleDaily": {"daysOfTheMonth": [{"date": 1, "isLast": False}]},
}
_V1 = {"schedulePolicyType": "SimpleSchedulePolicy", "scheduleRunTimes": _AT}
_V2 = {"schedulePolicyType": "SimpleSchedulePolicyV2"}
#: Backup policies of each shape, and some that are refused.
POLICIES: dict[str, dict[str, Any]] = {
    "v1-daily": _iaas(_V1 | {"scheduleRunFrequency": "Daily"}, {"dailySchedule": _keep(_AT, 30, "Days")}),
    "v1-long": _iaas(
        _V1 | {"scheduleRunFrequency": "Daily"},
        {
            "dailySchedule": _keep(_AT, 30, "Days"),
            "weeklySchedule": _keep(_AT, 12, "Weeks", daysOfTheWeek=["Sunday"]),
            "monthlySchedule": _keep(_AT, 12, "Months", **_MONTHLY),
            "yearlySchedule": _keep(_AT, 7, "Years", **_MONTHLY, monthsOfYear=["January"]),
        },
        timeZone="W. Europe Standard Time",
        instantRpRetentionRangeInDays=5,
    ),
    "v1-weekly": _iaas(
        _V1 | {"scheduleRunFrequency": "Weekly", "scheduleRunDays": ["Sunday"]},
        {"weeklySchedule": _keep(_AT, 12, "Weeks", daysOfTheWeek=["Sunday"])},
    ),
    "v2-hourly": _iaas(
        _V2
        | {
            "scheduleRunFrequency": "Hourly",
            "hourlySchedule": {"interval": 4, "scheduleWindowStartTime": _AT[0], "scheduleWindowDuration": 12},
        },
        {"dailySchedule": _keep(_AT, 30, "Days")},
        policyType="V2",
        instantRpRetentionRangeInDays=30,
    ),
    "v2-weekly": _iaas(
        _V2
        | {
            "scheduleRunFrequency": "Weekly",
            "weeklySchedule": {"scheduleRunDays": ["Friday"], "scheduleRunTimes": _AT},
        },
        {"weeklySchedule": _keep(_AT, 12, "Weeks", daysOfTheWeek=["Friday"])},
    ),
    "too-short": _iaas(_V1 | {"scheduleRunFrequency": "Daily"}, {"dailySchedule": _keep(_AT, 6, "Days")}),
    "of-sql": {
        "backupManagementType": "AzureWorkload",
        "workLoadType": "SQLDataBase",
        "settings": {"timeZone": "UTC", "issqlcompression": False, "isCompression": False},
        "subProtectionPolicy": [{"policyType": "Log"}],
    },
}
