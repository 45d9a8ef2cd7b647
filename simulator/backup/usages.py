"""What a vault counts of itself: `usages` of the resource, and the backup service's own summaries.

Counts of VM backups and SQL databases are true; storage is not simulated and shown as nothing used.
"""

from datetime import timedelta

from simulator.backup.vaults import VAULT, find_vault
from simulator.core.model import IAAS, WORKLOAD
from simulator.core.routing import Call, Route
from simulator.core.wire import Answer, AzureError, Json, parse_filter

ITEMS, CONTAINERS = "BackupProtectedItemCountSummary", "BackupProtectionContainerCountSummary"
NAMES = {IAAS: "Azure Virtual Machine", WORKLOAD: "SQL in Azure VM"}


def _usage(name: str, text: str, value: int, unit: str = "Count", period: str | None = None) -> Json:
    row: Json = {"unit": unit, "currentValue": value, "limit": -1, "name": {"value": name, "localizedValue": text}}
    return row | ({"quotaPeriod": period} if period else {})


def list_usages(call: Call) -> Answer:
    """Items and the jobs of the last day."""
    vault, now = find_vault(call), call.world.now()
    items = list(vault.items.values())
    recent = [job for job in vault.jobs.values() if now - job.started <= timedelta(days=1)]
    virtual = sum(item.management == IAAS for item in items)
    running, failed = (sum(job.status == status for job in recent) for status in ("InProgress", "Failed"))
    rows = [
        _usage("ProtectedItemCount", "Backup items", len(items)),
        _usage("IaaSVMProtectedItemCount", "Azure Virtual Machines", virtual),
        _usage("InProgressJobsCount", "In progress", running, period="P1D"),
        _usage("FailedJobsCount", "Failed", failed, period="P1D"),
        _usage("GRSStorageUsage", "Cloud - GRS", 0, "Bytes"),
        _usage("LRSStorageUsage", "Cloud - LRS", 0, "Bytes"),
        _usage("ManagedInstances", "Protected Instances", len({item.source_id.lower() for item in items})),
    ]
    return Answer(200, {"value": rows})


def list_summaries(call: Call) -> Answer:
    """Items or containers by kind of workload; `$filter` names which by `type`. Raises AzureError 400."""
    vault = find_vault(call)
    kind = parse_filter(call.query.get("$filter", "")).get("type", ITEMS)
    if kind not in (ITEMS, CONTAINERS):
        raise AzureError(400, "BMSUserErrorInvalidFilter", f"No usage summary is of the type '{kind}'.")
    counted: dict[str, set[str]] = {IAAS: set(), WORKLOAD: set()}
    for item in vault.items.values():
        counted[item.management].add(item.key if kind == ITEMS else item.container.lower())
    if kind == CONTAINERS:
        del counted[IAAS]  # a VM's container is no server that someone registered
    return Answer(200, {"value": [_usage(name, NAMES[name], len(found)) for name, found in counted.items()]})


ROUTES: list[Route] = [
    ("GET", f"{VAULT}/usages", list_usages),
    ("GET", f"{VAULT}/backupUsageSummaries", list_summaries),
]
