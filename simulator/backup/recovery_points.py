"""The recovery points of a protected item: one for each backup that completed.

Shapes are those of recorded traffic (2019). None expires; restoring from one is in `restores.py`.
"""

from datetime import UTC, datetime, timedelta

from simulator.backup.items import existing_item
from simulator.backup.operations import ITEM
from simulator.backup.render import item_id, spell
from simulator.backup.vaults import PAGE, find_vault
from simulator.core.model import IAAS, ProtectedItem, Vault
from simulator.core.routing import Call, Route
from simulator.core.state import State
from simulator.core.wire import Answer, AzureError, Json, page, parse_filter, stamp
from simulator.keyvault.encryption import encryption_of
from simulator.resources.run_time import consistency_of

#: How long after its start a backup's snapshot is taken.
DELAY = timedelta(seconds=4)
#: How `$filter` writes a moment: quoted, twelve-hour, no zone.
FILTER_TIME = "%Y-%m-%d %I:%M:%S %p"


def moments(vault: Vault, item: ProtectedItem) -> list[datetime]:
    """When the item's recovery points were taken, newest first."""
    taken = {
        job.started + DELAY
        for job in vault.jobs.values()
        if job.container == item.container and job.operation == "Backup" and job.status.startswith("Completed")
    }
    return sorted(taken | ({item.last_point} if item.last_point else set()), reverse=True)


def _consistency(state: State, vault: Vault, item: ProtectedItem, taken: datetime) -> str:
    """As the backup of that moment found the VM; of a point without one as the estate says, or as the VM is now."""
    for job in vault.jobs.values():
        if job.container == item.container and job.consistency and job.started + DELAY == taken:
            return job.consistency
    return item.consistency or consistency_of(state.vms.get(item.source_id.lower()))


def _name(state: State, item: ProtectedItem, taken: datetime) -> str:
    """The fourteen or fifteen digits by which the service calls a recovery point."""
    key = f"{item.key}|{taken.isoformat()}"
    return str(10**13 + state.spread(key, 0, 2**32 - 1) * 10_000 + state.spread(f"point {key}", 0, 9_999))


def _body(state: State, vault: Vault, item: ProtectedItem, taken: datetime) -> Json:
    name = _name(state, item, taken)
    vm = state.vms.get(item.source_id.lower())
    properties: Json = {
        "objectType": "IaasVMRecoveryPoint" if item.management == IAAS else "AzureWorkloadSQLRecoveryPoint",
    }
    if item.management != IAAS:
        properties |= {"recoveryPointTimeInUTC": stamp(taken), "type": "Full"}
    else:
        properties |= {
            "recoveryPointType": _consistency(state, vault, item, taken),
            "recoveryPointTime": stamp(taken),
            "recoveryPointAdditionalInfo": "",
            "sourceVMStorageType": "PremiumVMOnPartialPremiumStorage",
            "isSourceVMEncrypted": vm is not None and encryption_of(vm.properties) is not None,
            "isInstantIlrSessionActive": False,
            "recoveryPointTierDetails": [{"type": 1, "status": 1}, {"type": 2, "status": 1}],
            "isManagedVirtualMachine": vm is None or not vm.classic,
            "virtualMachineSize": _size(vm.properties if vm else {}),
            "originalStorageAccountOption": False,
            "osType": _os(vm.properties if vm else {}),
            **({"zones": vm.zones} if vm and vm.zones else {}),
        }
    return {
        "id": spell(f"{item_id(vault, item)}/recoveryPoints/{name}", min(vault.casing, 1)),
        "name": name,
        "type": "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/recoveryPoints",
        "properties": properties,
    }


def _size(properties: Json) -> str:
    hardware = properties.get("hardwareProfile") or {}
    return str(hardware.get("vmSize") or hardware.get("size") or "Standard_DS1_v2")


def _os(properties: Json) -> str:
    storage = properties.get("storageProfile") or {}
    disk, classic = storage.get("osDisk") or {}, storage.get("operatingSystemDisk") or {}
    return str(disk.get("osType") or classic.get("operatingSystem") or "Linux")


def list_points(call: Call) -> Answer:
    """Newest first. `$filter` takes startDate and endDate."""
    vault = find_vault(call)
    item = existing_item(call, vault)
    wanted = parse_filter(call.query.get("$filter", ""))
    since, until = (_moment(wanted[k]) if k in wanted else None for k in ("startdate", "enddate"))
    rows = [
        _body(call.world.state, vault, item, taken)
        for taken in moments(vault, item)
        if (since is None or taken >= since) and (until is None or taken <= until)
    ]
    return Answer(200, page(rows, call.query, call.url, PAGE))


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text.replace(" 00:", " 12:", 1), FILTER_TIME).replace(tzinfo=UTC)
    except ValueError:
        message = f"The filter's time '{text}' is not in the format '2026-01-31 12:00:00 AM'."
        raise AzureError(400, "BMSUserErrorInvalidFilter", message) from None


def find_point(call: Call, vault: Vault, item: ProtectedItem) -> datetime:
    """When the recovery point in the path was taken. Raises AzureError 404."""
    for taken in moments(vault, item):
        if _name(call.world.state, item, taken) == call.params["point"]:
            return taken
    raise AzureError(404, "BMSUserErrorRecoveryPointNotFound", f"No recovery point '{call.params['point']}' exists.")


def get_point(call: Call) -> Answer:
    """One recovery point. Raises AzureError 404."""
    vault = find_vault(call)
    item = existing_item(call, vault)
    return Answer(200, _body(call.world.state, vault, item, find_point(call, vault, item)))


ROUTES: list[Route] = [
    ("GET", f"{ITEM}/recoveryPoints", list_points),
    ("GET", f"{ITEM}/recoveryPoints/{{point}}", get_point),
]
