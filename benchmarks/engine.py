"""`bench engine`: what Backstop itself costs. Start of the app, and the requests that it makes."""

import asyncio
import json
import sys
from collections import Counter

from rich.console import Console
from rich.table import Table

from benchmarks import cold_start, requests


def run(*, as_json: bool = False) -> int:
    """Measure everything and print it as a table, or as one JSON object; always 0, since a figure is no verdict."""
    start = cold_start.measure()
    counted = asyncio.run(requests.measure())
    event = _without_polls(counted.event_to_backup)
    figures: dict[str, object] = {
        "importFunctionApp": {"ms": round(start.milliseconds), "mib": round(start.mebibytes), "python": start.python},
        "sweep": {
            "vms": counted.vms,
            "changed": counted.changed,
            "requestsForOneChangedVm": round(_without_polls(counted.first_sweep).total() / counted.changed, 2),
            "requestsOfASweepWithNothingToDo": dict(counted.sweep_again),
        },
        "eventToFirstBackup": {"requests": event.total(), "byKind": dict(event)},
    }
    if as_json:
        sys.stdout.write(json.dumps(figures, indent=2) + "\n")
        return 0
    table = Table("what", "figure", "aim", title="Backstop on this machine")
    table.add_row(
        f"import function_app, Python {start.python} (median of {cold_start.RUNS} fresh processes)",
        f"{start.milliseconds:.0f} ms, {start.mebibytes:.0f} MiB",
        "250 ms, 60 MB",
    )
    table.add_row(
        f"requests of a sweep over {counted.vms} VMs with nothing to do",
        f"{counted.sweep_again.total()} ({_kinds(counted.sweep_again)})",
        "none per VM",
    )
    table.add_row(
        f"requests per VM that a sweep changed ({counted.changed} VMs), polls aside",
        f"{_without_polls(counted.first_sweep).total() / counted.changed:.2f}",
        "",
    )
    table.add_row("ARM requests from event to started first backup, caches warm, polls aside", f"{event.total()}", "6")
    table.add_row("  of which", _kinds(event), "")
    Console().print(table)
    return 0


def _without_polls(counts: Counter[str]) -> Counter[str]:
    return Counter({kind: count for kind, count in counts.items() if kind not in requests.POLLS})


def _kinds(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in counts.most_common())
