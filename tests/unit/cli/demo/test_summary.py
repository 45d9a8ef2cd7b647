from datetime import UTC, datetime
from typing import Any

import pytest

from cli.demo.people import Arrival
from cli.demo.summary import Ended, passed, spread, summarise

VM = "/subscriptions/s1/resourcegroups/app-rg/providers/microsoft.compute/virtualmachines/web-01"


def ended(**changes: Any) -> Ended:
    told: dict[str, Any] = {
        "report": {"discovered": 2, "verdicts": {"COMPLIANT": 1, "EXEMPT": 1}, "protected": 1},
        "check": {"missed": [], "wrongWrites": [], "labelled": 2},
        "counts": {"byOperation": {"POST backup": 1}, "writes": 2},
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
        "arrivals": [Arrival(VM, VM, {}, "plain", None)],
        "created_at": {VM: datetime(2026, 11, 1, 12, 0, tzinfo=UTC)},
        "created": {VM: 10.0},
        "seen_protected": {VM: 11.5},
        "second_sweep_writes": 0,
    }
    return Ended(**told | changes)


def test_the_summary_counts_what_the_local_azure_recorded() -> None:
    summary = summarise(ended())
    assert passed(summary)
    assert (summary["initialBackups"], summary["initialBackupsFinished"]) == (1, 1)
    assert summary["timeToProtection"] == {
        "virtualSeconds": {"p50": 660.0, "p95": 660.0},
        "realSeconds": {"p50": 1.5, "p95": 1.5},
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"check": {"missed": [{}], "wrongWrites": []}},
        {"check": {"missed": [], "wrongWrites": [{}]}},
        {"second_sweep_writes": 1},
        {"report": {"discovered": 3, "verdicts": {"COMPLIANT": 2}, "protected": 2}},
        {"report": {"discovered": 0, "verdicts": {}, "protected": 0}},
    ],
)
def test_anything_amiss_fails_the_demo(changes: dict[str, Any]) -> None:
    assert not passed(summarise(ended(**changes)))


def test_percentiles_are_values_that_occurred() -> None:
    assert spread([]) == {"p50": None, "p95": None}
    assert spread([3, 1, 2]) == {"p50": 2, "p95": 3}
    assert spread(list(range(1, 101))) == {"p50": 50, "p95": 95}
