import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from cli.demo.people import Arrival
from cli.demo.summary import Ended, spread, summarise
from cli.demo.weather import Weather, Weathered
from shared.reporting.reporter import CSV, HTML, JSON

VM = "/subscriptions/s1/resourcegroups/app-rg/providers/microsoft.compute/virtualmachines/web-01"
REPORT = {"discovered": 2, "verdicts": {"COMPLIANT": 1, "EXEMPT": 1}, "protected": 1}
TABLE = b"vm,verdict,vault,backupPolicy\r\na,COMPLIANT,v,p\r\nb,EXEMPT,,\r\n"


def files(**changes: Any) -> dict[str, bytes]:
    return {HTML: b"<html>", CSV: TABLE, JSON: json.dumps(REPORT | changes).encode()}


def ended(**changes: Any) -> Ended:
    told: dict[str, Any] = {
        "files": files(),
        "check": {"missed": [], "wrongWrites": [], "labelled": 2},
        "counts": {"byOperation": {"POST backup": 2}, "writes": 3},
        "state": {"vms": 2, "items": {"AzureIaasVM/Protected": 1, "AzureIaasVM/SoftDeleted": 1, "AzureWorkload/X": 1}},
        "writes": [
            {"operation": "PUT protectedItems", "status": 202},
            {"operation": "POST backup", "status": 409},
            {"operation": "POST backup", "status": 202},
        ],
        "jobs": [
            {
                "operation": "ConfigureBackup",
                "subscription": "S1",
                "containerName": "iaasvmcontainerv2;App-RG;web-01",
                "endTime": "2026-11-01T12:11:00Z",
                "status": "Completed",
            },
            {
                "operation": "Backup",
                "subscription": "S1",
                "containerName": "iaasvmcontainerv2;App-RG;web-01",
                "isUserTriggered": True,
                "status": "Completed",
            },
            {"operation": "Backup", "isUserTriggered": False, "status": "Completed"},
        ],
        "arrivals": [Arrival(VM, VM, {}, "plain", "protect", None)],
        "created_at": {VM: datetime(2026, 11, 1, 12, 0, tzinfo=UTC)},
        "created": {VM: 10.0},
        "seen_protected": {VM: 11.5},
        "second_sweep_writes": 0,
    }
    return Ended(**told | changes)


def test_the_summary_counts_what_the_local_azure_recorded() -> None:
    summary = summarise(ended())
    assert summary["problems"] == []
    assert (summary["discovered"], summary["protected"], summary["verdicts"]) == (2, 1, REPORT["verdicts"])
    assert (summary["initialBackups"], summary["initialBackupsFinished"]) == (1, 1)  # a refused one has not begun
    assert summary["timeToProtection"] == {
        "virtualSeconds": {"p50": 660.0, "p95": 660.0},
        "realSeconds": {"p50": 1.5, "p95": 1.5},
    }


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"check": {"missed": [{}], "wrongWrites": []}}, "1 VMs that must be protected are not"),
        ({"check": {"missed": [], "wrongWrites": [{}]}}, "1 writes touched what had to be left alone"),
        ({"second_sweep_writes": 1}, "the second sweep made 1 writes"),
        ({"state": {"vms": 3, "items": {"AzureIaasVM/Protected": 1}}}, "the report knows 2 VMs, the local Azure 3"),
        ({"state": {"vms": 2, "items": {}}}, "the report counts 1 protected VMs, the local Azure 0"),
        ({"files": files(verdicts={"COMPLIANT": 1})}, "the report's verdicts do not add up to its VMs"),
        ({"files": files() | {CSV: TABLE + b"c,EXEMPT,,\r\n"}}, "the report's table and its counts disagree"),
        ({"files": files() | {CSV: TABLE.replace(b"EXEMPT", b"UNKNOWN")}}, "the report's table and its counts"),
        ({"files": files() | {CSV: b""}}, "the report's table and its counts disagree"),
        ({"files": files() | {HTML: b""}}, "the report has no page"),
    ],
)
def test_whatever_is_amiss_is_a_problem_in_words(changes: dict[str, Any], problem: str) -> None:
    problems = summarise(ended(**changes))["problems"]
    assert len(problems) == 1
    assert problems[0].startswith(problem)


def test_percentiles_are_values_that_occurred() -> None:
    assert spread([]) == {"p50": None, "p95": None}
    assert spread([3, 1, 2]) == {"p50": 2, "p95": 3}
    assert spread(list(range(1, 101))) == {"p50": 50, "p95": 95}


def test_the_end_state_is_the_same_whatever_the_order_and_another_where_something_differs() -> None:
    state = summarise(ended())["endState"]
    backwards = TABLE.replace(b"a,COMPLIANT,v,p\r\nb,EXEMPT,,\r\n", b"b,EXEMPT,,\r\nA,COMPLIANT,V,P\r\n")
    assert summarise(ended(files=files() | {CSV: backwards}))["endState"] == state
    for change in (
        {"files": files() | {CSV: TABLE.replace(b",v,", b",w,")}},
        {"files": files() | {CSV: TABLE.replace(b",p", b",q")}},
        {"jobs": [*ended().jobs, ended().jobs[1]]},
    ):
        assert summarise(ended(**change))["endState"] != state


def test_the_weather_tells_what_was_injected_and_what_the_engine_made_of_it() -> None:
    rules = [
        {"fault": "throttle", "byOperation": {"GET virtualMachines": 4, "POST backup": 2}},
        {"fault": "reset", "byOperation": {"PUT protectedItems": 1}},
    ]
    tally = Counter({"TooManyRequests": 6, "ANSWER_LOST": 1, "ACCEPTED": 9, "GIVEN_UP": 2})
    faults = {"rules": rules, "struck": {"throttle": 6, "reset": 1}}
    told = summarise(ended(weathered=Weathered(Weather.HEAVY, faults, 7, tally, 3, 1, 0)))["faults"]
    assert (told["weather"], told["injected"], told["eventsTakenIn"]) == ("heavy", {"throttle": 6, "reset": 1}, 7)
    assert told["injectedIntoWrites"] == {"throttle": 2, "reset": 1}
    assert told["engine"]["looksPutOff"] == {"ANSWER_LOST": 1, "TooManyRequests": 6}
    assert (told["engine"]["looks"], told["engine"]["givenUp"]) == (16, 2)
    assert (told["engine"]["sweeps"], told["engine"]["extraSweeps"]) == (3, 1)
