"""The demo's result, computed from what the simulator and the report say. Pure, so that it can be tested."""

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cli.demo.people import Arrival
from cli.demo.weather import Weather, Weathered
from shared.reporting.reporter import CSV, HTML, JSON


@dataclass(frozen=True, slots=True)
class Ended:
    """What was left when the story had ended. `created` and `seen_protected` are real seconds, by lower-cased VM id.

    `files` are the report's forms by name; `check`, `counts`, `state`, `writes` and `jobs` the simulator's answers.
    """

    files: Mapping[str, bytes]
    check: Mapping[str, Any]
    counts: Mapping[str, Any]
    state: Mapping[str, Any]
    writes: Sequence[Mapping[str, Any]]
    jobs: Sequence[Mapping[str, Any]]
    arrivals: Sequence[Arrival]
    created_at: Mapping[str, datetime]
    created: Mapping[str, float]
    seen_protected: Mapping[str, float]
    second_sweep_writes: int
    weathered: Weathered = field(default_factory=lambda: Weathered(Weather.NONE))


def summarise(ended: Ended) -> dict[str, Any]:
    """The numbers that the demo shows and `--json` prints; `problems` is empty where all is well."""
    report = json.loads(ended.files[JSON])
    first = [each for each in ended.jobs if each["operation"] == "Backup" and each.get("isUserTriggered")]
    started = [each for each in ended.writes if each["operation"] == "POST backup" and each["status"] < 300]
    return {
        "discovered": report["discovered"],
        "verdicts": report["verdicts"],
        "protected": report["protected"],
        "initialBackups": len(started),
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
        "faults": ended.weathered.to_json(),
        "endState": _end_state(ended),
        "missedVms": ended.check["missed"],
        "wrongWriteList": ended.check["wrongWrites"],
        "problems": _problems(ended, report),
    }


def _problems(ended: Ended, report: Mapping[str, Any]) -> list[str]:
    """A sentence for each thing amiss."""
    missed, wrong = len(ended.check["missed"]), len(ended.check["wrongWrites"])
    rows = list(csv.DictReader(io.StringIO(ended.files.get(CSV, b"").decode("utf-8-sig"), newline="")))
    in_rows = Counter(each["verdict"] for each in rows)
    discovered, vms, protected = report["discovered"], ended.state["vms"], _active_items(ended.state)
    amiss = {
        f"{missed} VMs that must be protected are not protected exactly once": missed != 0,
        f"{wrong} writes touched what had to be left alone": wrong != 0,
        f"the second sweep made {ended.second_sweep_writes} writes": ended.second_sweep_writes != 0,
        f"the report knows {discovered} VMs, the local Azure {vms}": discovered != vms,
        f"the report counts {report['protected']} protected VMs, the local Azure {protected}": report["protected"]
        != protected,
        "the report's verdicts do not add up to its VMs": sum(report["verdicts"].values()) != discovered,
        "the report's table and its counts disagree": len(rows) != discovered
        or any(in_rows[state] != count for state, count in report["verdicts"].items()),
        "the report has no page": not ended.files.get(HTML),
    }
    return [sentence for sentence, is_so in amiss.items() if is_so]


def _end_state(ended: Ended) -> str:
    """A short digest of what has become of each VM: its verdict, vault and backup policy, and its first backups.

    The same seed gives the same one whatever the weather.
    """
    rows = csv.DictReader(io.StringIO(ended.files.get(CSV, b"").decode("utf-8-sig"), newline=""))
    backups = Counter(
        (each["subscription"].lower(), each["containerName"].lower())
        for each in ended.jobs
        if each["operation"] == "Backup" and each.get("isUserTriggered")
    )
    columns = ("vm", "verdict", "vault", "backupPolicy")
    lines = sorted(" ".join(each[name].lower() for name in columns) for each in rows)
    lines += sorted(f"{subscription} {container} {count}" for (subscription, container), count in backups.items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _active_items(state: Mapping[str, Any]) -> int:
    """VM backups in force, by the simulator's count."""
    inactive = {"AzureIaasVM/ProtectionStopped", "AzureIaasVM/SoftDeleted", "AzureIaasVM/Configuring"}
    items = state["items"].items()
    return sum(count for phase, count in items if phase.startswith("AzureIaasVM/") and phase not in inactive)


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
