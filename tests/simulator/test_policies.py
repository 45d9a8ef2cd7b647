"""Backup policies are created, changed and deleted by Azure's own rules."""

import copy
from typing import Any

import pytest

from simulator.world import World
from tests.simulator.client import Client, item_of, protect_body

AT = "2026-01-01T22:30:00Z"
Change = dict[str, Any]


def keep(count: int, unit: str, at: str = AT, **more: Any) -> Change:
    return {"retentionTimes": [at], "retentionDuration": {"count": count, "durationType": unit}, **more}


def policy(**changes: Any) -> Any:
    """A daily standard policy, with parts of it replaced by their dotted names (`None` removes one)."""
    properties: Any = {
        "backupManagementType": "AzureIaasVM",
        "schedulePolicy": {
            "schedulePolicyType": "SimpleSchedulePolicy",
            "scheduleRunFrequency": "Daily",
            "scheduleRunTimes": [AT],
        },
        "retentionPolicy": {"retentionPolicyType": "LongTermRetentionPolicy", "dailySchedule": keep(30, "Days")},
    }
    for name, value in changes.items():
        *path, last = name.split("__")
        holder = properties
        for part in path:
            holder = holder[part]
        if value is None:
            holder.pop(last, None)
        else:
            holder[last] = copy.deepcopy(value)
    return {"properties": properties}


WEEKLY: Change = {
    "schedulePolicy__scheduleRunFrequency": "Weekly",
    "schedulePolicy__scheduleRunDays": ["Sunday", "Friday"],
    "retentionPolicy__dailySchedule": None,
    "retentionPolicy__weeklySchedule": keep(12, "Weeks", daysOfTheWeek=["Friday", "Sunday"]),
}
HOURS: Change = {"interval": 4, "scheduleWindowStartTime": AT, "scheduleWindowDuration": 12}
HOURLY: Change = {
    "schedulePolicy": {
        "schedulePolicyType": "SimpleSchedulePolicyV2",
        "scheduleRunFrequency": "Hourly",
        "hourlySchedule": HOURS,
    },
}
BY_DATE: Change = {
    "retentionScheduleFormatType": "Daily",
    "retentionScheduleDaily": {"daysOfTheMonth": [{"date": 1, "isLast": False}]},
}


async def used_policy(azure: Client, world: World) -> tuple[str, str, str]:
    """A vault, its policy that has items, and a VM under it."""
    vm = (await azure.label("protected"))["vmId"]
    [item] = world.state.vm_items(vm)
    vault = world.state.vaults[item.vault].id
    return vault, f"{vault}/backupPolicies/{item.policy}", vm


async def a_vault(azure: Client) -> str:
    return await azure.vault_for((await azure.label("plain-unprotected"))["vmId"])


async def test_a_new_policy_is_kept_as_it_was_given(azure: Client) -> None:
    path = f"{await a_vault(azure)}/backupPolicies/nightly"
    wanted = policy(timeZone="W. Europe Standard Time", instantRpRetentionRangeInDays=3)
    made = await azure.ask("PUT", path, wanted)
    assert made.status == 200
    assert made.body == await azure.get(path)
    shown = made.body["properties"]
    assert shown["retentionPolicy"] == wanted["properties"]["retentionPolicy"]
    assert (shown["timeZone"], shown["instantRpRetentionRangeInDays"]) == ("W. Europe Standard Time", 3)
    assert (shown["policyType"], shown["protectedItemsCount"]) == ("V1", 0)
    assert shown["schedulePolicy"] == wanted["properties"]["schedulePolicy"] | {"scheduleWeeklyFrequency": 0}


@pytest.mark.parametrize(
    ("changes", "version", "instant"),
    [
        ({}, "V1", 2),
        (WEEKLY, "V1", 5),
        (HOURLY, "V2", 2),
        (HOURLY | {"instantRpRetentionRangeInDays": 30, "policyType": "V2"}, "V2", 30),
        ({"retentionPolicy__monthlySchedule": keep(12, "Months", **BY_DATE)}, "V1", 2),
        ({"retentionPolicy__dailySchedule": keep(7, "Days")}, "V1", 2),
        ({"retentionPolicy__dailySchedule": keep(9999, "Days", "1999-12-31T22:30:00Z")}, "V1", 2),
    ],
)
async def test_a_possible_policy_is_taken(azure: Client, changes: Change, version: str, instant: int) -> None:
    made = await azure.ask("PUT", f"{await a_vault(azure)}/backupPolicies/possible", policy(**changes))
    assert made.status == 200, made.body
    assert made.body["properties"]["policyType"] == version
    assert made.body["properties"]["instantRpRetentionRangeInDays"] == instant


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"retentionPolicy__dailySchedule": keep(6, "Days")}, "7 to 9999 Days"),
        ({"retentionPolicy__dailySchedule": keep(10000, "Days")}, "7 to 9999 Days"),
        ({"retentionPolicy__dailySchedule": keep(30, "Weeks")}, "7 to 9999 Days"),
        ({"retentionPolicy__dailySchedule": keep(30, "Days", "2026-01-01T22:00:00Z")}, "equal the schedule's"),
        ({"schedulePolicy__scheduleRunTimes": ["2026-01-01T22:15:00Z"]}, "half past"),
        ({"schedulePolicy__scheduleRunTimes": [AT, AT]}, "one time"),
        ({"schedulePolicy__scheduleRunTimes": "22:30"}, "list"),
        ({"schedulePolicy__scheduleRunFrequency": "Hourly"}, "not possible in a policy of type V1"),
        ({"schedulePolicy__schedulePolicyType": "LogSchedulePolicy"}, "schedulePolicyType"),
        ({"policyType": "V2"}, "does not go with"),
        ({"retentionPolicy__dailySchedule": None}, "goes with dailySchedule"),
        (WEEKLY | {"retentionPolicy__dailySchedule": keep(30, "Days")}, "without dailySchedule"),
        (WEEKLY | {"schedulePolicy__scheduleRunDays": ["Sunday"]}, "the schedule's days"),
        (WEEKLY | {"schedulePolicy__scheduleRunDays": ["Someday"]}, "days of the week"),
        (WEEKLY | {"instantRpRetentionRangeInDays": 2}, "must be 5"),
        (WEEKLY | {"retentionPolicy__monthlySchedule": keep(12, "Months", **BY_DATE)}, "Weekly schedule"),
        ({"instantRpRetentionRangeInDays": 6}, "1 to 5"),
        (HOURLY | {"instantRpRetentionRangeInDays": 31}, "1 to 30"),
        (HOURLY | {"schedulePolicy__hourlySchedule": HOURS | {"interval": 5}}, "interval"),
        (HOURLY | {"schedulePolicy__hourlySchedule": HOURS | {"scheduleWindowDuration": 10}}, "multiple"),
        ({"backupManagementType": "MAB"}, "backupManagementType"),
        ({"timeZone": 3}, "time zone"),
        ({"retentionPolicy": []}, "object"),
    ],
)
async def test_an_impossible_policy_is_refused_with_the_rule_in_the_details(
    azure: Client, changes: Change, why: str
) -> None:
    path = f"{await a_vault(azure)}/backupPolicies/impossible"
    reply = await azure.ask("PUT", path, policy(**changes))
    assert (reply.status, reply.code) == (400, "BMSUserErrorInvalidPolicyInput")
    assert why in reply.body["error"]["details"][0]["message"]
    assert (await azure.ask("GET", path)).status == 404


async def test_a_policy_with_items_changes_when_its_operation_has_ended(served: tuple[Client, World]) -> None:
    azure, world = served
    _, path, _ = await used_policy(azure, world)
    current = await azure.get(path)
    changes = HOURLY if current["properties"]["policyType"] == "V2" else {}
    reply = await azure.ask("PUT", path, policy(**changes, timeZone="UTC-11"))
    assert reply.status == 202
    status = await azure.get(reply.headers["azure-asyncoperation"])
    assert (status["status"], (await azure.get(path))["properties"]["timeZone"]) == ("InProgress", "UTC")
    await azure.advance()
    status = await azure.get(reply.headers["azure-asyncoperation"])
    assert (status["status"], status["properties"]["objectType"]) == ("Succeeded", "OperationStatusJobsExtendedInfo")
    changed = await azure.get(path)
    assert changed["properties"]["timeZone"] == "UTC-11"
    assert changed["properties"]["protectedItemsCount"] == current["properties"]["protectedItemsCount"] > 0
    assert await azure.get(reply.headers["location"]) == changed


async def test_a_policy_is_deleted_only_without_items(served: tuple[Client, World]) -> None:
    azure, world = served
    vault, used, _ = await used_policy(azure, world)
    reply = await azure.ask("DELETE", used)
    assert (reply.status, reply.code) == (400, "BMSUserErrorPolicyObjectInUse")
    assert (await azure.ask("GET", used)).status == 200
    path = f"{vault}/backupPolicies/short-lived"
    assert (await azure.ask("PUT", path, policy())).status == 200
    assert [(await azure.ask("DELETE", path)).status for _ in range(2)] == [200, 204]
    assert (await azure.ask("GET", path)).status == 404


async def test_an_enhanced_policy_and_an_item_under_one_cannot_go_back(azure: Client) -> None:
    vm = (await azure.label("plain-unprotected"))["vmId"]
    vault = await azure.vault_for(vm)
    path = f"{vault}/backupPolicies/enhanced"
    assert (await azure.ask("PUT", path, policy(**HOURLY))).status == 200
    back = await azure.ask("PUT", path, policy())
    assert (back.status, "V2 cannot become" in back.body["error"]["details"][0]["message"]) == (400, True)
    await azure.protect(vm, vault, "enhanced")
    await azure.advance()
    refused = await azure.ask("PUT", item_of(vault, vm), protect_body(vm, f"{vault}/backupPolicies/DefaultPolicy"))
    assert (refused.status, refused.code) == (400, "UserErrorPolicyTypeDowngradeNotSupported")


async def test_a_vm_can_be_protected_by_a_new_policy_and_resource_graph_shows_it(azure: Client) -> None:
    vm = (await azure.label("plain-unprotected"))["vmId"]
    vault = await azure.vault_for(vm)
    await azure.ask("PUT", f"{vault}/backupPolicies/gold", policy())
    assert (await azure.protect(vm, vault, "gold")).status == 202
    await azure.advance()
    assert (await azure.get(item_of(vault, vm)))["properties"]["policyName"] == "gold"
    rows = await azure.graph("recoveryservicesresources | where name == 'gold' | project id, type")
    assert [row["id"].lower() for row in rows.body["data"]] == [f"{vault}/backupPolicies/gold".lower()]


@pytest.mark.parametrize("name", ["ab", "1st", "with space", "ü" * 3, "x" * 151])
async def test_a_policys_name_follows_the_portals_rule(azure: Client, name: str) -> None:
    reply = await azure.ask("PUT", f"{await a_vault(azure)}/backupPolicies/{name}", policy())
    assert (reply.status, reply.code) == (400, "BMSUserErrorInvalidPolicyInput")
