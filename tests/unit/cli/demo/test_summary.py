import json
from datetime import UTC, datetime
from typing import Any

import pytest

from cli.demo.people import Arrival
from cli.demo.summary import Ended, spread, summarise
from shared.reporting.reporter import CSV, HTML, JSON

VM = "/subscriptions/s1/resourcegroups/app-rg/providers/microsoft.compute/virtualmachines/web-01"
REPORT = {"discovered": 2, "verdicts": {"COMPLIANT": 1, "EXEMPT": 1}, "protected": 1}
TABLE = b"vm,verdict\r\na,COMPLIANT\r\nb,EXEMPT\r\n"


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
            {"operation": "Backup", "isUserTriggered": True, "status": "Completed"},
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
        ({"files": files() | {CSV: TABLE + b"c,EXEMPT\r\n"}}, "the report's table and its counts disagree"),
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
