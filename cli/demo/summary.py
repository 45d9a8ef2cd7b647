"""The demo's result, computed from what the simulator and the report say. Pure, so that it can be tested."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cli.demo.people import Arrival


@dataclass(frozen=True, slots=True)
class Ended:
    """What was left when the story had ended. `created` and `seen_protected` are real seconds, by lower-cased VM id."""

    report: Mapping[str, Any]
    check: Mapping[str, Any]
    counts: Mapping[str, Any]
    jobs: Sequence[Mapping[str, Any]]
    arrivals: Sequence[Arrival]
    created_at: Mapping[str, datetime]
    created: Mapping[str, float]
    seen_protected: Mapping[str, float]
    second_sweep_writes: int


def summarise(ended: Ended) -> dict[str, Any]:
    """The numbers that the demo shows and `--json` prints."""
    first = [each for each in ended.jobs if each["operation"] == "Backup" and each.get("isUserTriggered")]
    report = ended.report
    return {
        "discovered": report["discovered"],
        "verdicts": report["verdicts"],
        "protected": report["protected"],
        "initialBackups": ended.counts["byOperation"].get("POST backup", 0),
        "initialBackupsFinished": sum(each["status"] == "Completed" for each in first),
        "missed": len(ended.check["missed"]),
        "wrongWrites": len(ended.check["wrongWrites"]),
        "secondSweepWrites": ended.second_sweep_writes,
        "arrivals": len(ended.arrivals),
        "timeToProtection": {
            "virtualSeconds": spread(_virtual(ended)),
            "realSeconds": spread([ended.seen_protected[key] - ended.created[key] for key in ended.seen_protected]),
        },
        "requests": dict(ended.counts["byOperation"]),
        "missedVms": ended.check["missed"],
        "wrongWriteList": ended.check["wrongWrites"],
    }


def passed(summary: Mapping[str, Any]) -> bool:
    """Nothing missed, nothing written wrongly, nothing left for the second sweep, and verdicts that add up."""
    return bool(
        summary["missed"] == summary["wrongWrites"] == summary["secondSweepWrites"] == 0
        and sum(summary["verdicts"].values()) == summary["discovered"] > 0
    )


def spread(values: Sequence[float]) -> dict[str, float | None]:
    """The median and the 95th percentile, by nearest rank; None where there is nothing."""
    ordered = sorted(values)
    if not ordered:
        return {"p50": None, "p95": None}

    def rank(part: int) -> float:
        return round(ordered[max(-(-part * len(ordered) // 100) - 1, 0)], 2)

    return {"p50": rank(50), "p95": rank(95)}


def _virtual(ended: Ended) -> list[float]:
    """From the VM's creation to the end of its ConfigureBackup job, as the simulator recorded both."""
    configured = {
        (each["subscription"].lower(), each["containerName"].lower()): datetime.fromisoformat(each["endTime"])
        for each in ended.jobs
        if each["operation"] == "ConfigureBackup" and each.get("endTime")
    }
    took = []
    for key, created in ended.created_at.items():
        parts = key.split("/")
        ends = configured.get((parts[2], f"iaasvmcontainerv2;{parts[4]};{parts[-1]}"))
        if ends is not None:
            took.append((ends - created).total_seconds())
    return took
