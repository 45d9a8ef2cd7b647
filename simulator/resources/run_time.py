"""A virtual machine's run-time state: its power, its disks, its guest agent (`instanceView`).

A new machine's agent is silent at first: the platform shows it as not ready (recorded traffic, 2019), and as running
from then on for as long as the machine runs. Pure: a record and a moment in, JSON out.
"""

from datetime import UTC, datetime, timedelta

from simulator.core.model import VirtualMachine
from simulator.core.wire import Json

#: From a VM's creation to its agent's first word; recorded as longer than two minutes.
SILENCE = timedelta(minutes=3)


def instance_view(vm: VirtualMachine, now: datetime) -> Json:
    """Statuses and, on a running VM, the guest agent (recorded traffic, 2019-21)."""
    created = vm.properties["timeCreated"]
    done = {
        "code": "ProvisioningState/succeeded",
        "level": "Info",
        "displayStatus": "Provisioning succeeded",
        "time": created,
    }
    disk = vm.properties["storageProfile"]["osDisk"].get("name") or f"{vm.name}_OsDisk_1"
    view: Json = {
        "disks": [{"name": disk, "statuses": [done]}],
        "hyperVGeneration": "V2",
        "statuses": [done, {"code": f"PowerState/{vm.power}", "level": "Info", "displayStatus": f"VM {vm.power}"}],
    }
    if vm.power == "running":
        view["vmAgent"] = _agent(created, now)
    return view


def _agent(created: str, now: datetime) -> Json:
    since = datetime.fromisoformat(created)
    if now - (since if since.tzinfo else since.replace(tzinfo=UTC)) < SILENCE:
        status = {
            "code": "ProvisioningState/Unavailable",
            "level": "Warning",
            "displayStatus": "Not Ready",
            "message": "VM status blob is found but not yet populated.",
        }
        return {"vmAgentVersion": "Unknown", "statuses": [status | {"time": created}]}
    status = {
        "code": "ProvisioningState/succeeded",
        "level": "Info",
        "displayStatus": "Ready",
        "message": "Guest Agent is running",
    }
    return {
        "vmAgentVersion": "2.7.41491.1095",
        "statuses": [status | {"time": created}],
        "extensionHandlers": [],
    }
