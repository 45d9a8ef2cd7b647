"""A virtual machine's run-time state: its power, its disks, its guest agent and extensions (`instanceView`).

A new machine's agent is silent at first: the platform shows it as not ready (recorded traffic, 2019), and as running
from then on for as long as the machine runs. What is otherwise inside a VM says its `guest`. Pure: a record and a
moment in, JSON out.
"""

from datetime import UTC, datetime, timedelta

from simulator.core.model import VirtualMachine
from simulator.core.surroundings import Guest
from simulator.core.wire import Json
from simulator.keyvault.encryption import encryption_of

#: From a VM's creation to its agent's first word; recorded as longer than two minutes.
SILENCE = timedelta(minutes=3)
#: The agents' versions where nobody says otherwise: Windows before 2.6.1198.718, and Linux before 2.2, are too old for
#: backups (documentation of Azure Backup and of the Linux agent).
VERSIONS = {"Windows": ("2.7.41491.1095", "2.6.1198.717"), "Linux": ("2.11.1.12", "2.1.3")}
#: What a platform says of an agent from which it never heard, and of one from which it no longer hears.
UNHEARD = "VM status blob is found but not yet populated."
UNRESPONSIVE = "VM Agent is unresponsive."
BACKUP_EXTENSIONS = "Microsoft.Azure.RecoveryServices."
EXTENSION_VERSION = "1.0"
_USUAL = Guest()


def os_of(vm: VirtualMachine) -> str:
    """`Windows` or `Linux`, of a VM of either deployment model."""
    storage = vm.properties.get("storageProfile") or {}
    disk = storage.get("osDisk") or storage.get("operatingSystemDisk") or {}
    return "Windows" if "Windows" in (disk.get("osType"), disk.get("operatingSystem")) else "Linux"


def consistency_of(vm: VirtualMachine | None) -> str:
    """`recoveryPointType` of a point taken now (documentation of Azure Backup, 2024).

    By VSS on Windows or scripts on Linux, by the file systems alone, or crash-consistent where the VM does not run.
    """
    if vm is None:
        return "AppConsistent"
    if vm.power != "running":
        return "CrashConsistent"
    scripts = vm.guest is not None and vm.guest.scripts
    return "AppConsistent" if os_of(vm) == "Windows" or scripts else "FileSystemConsistent"


def instance_view(vm: VirtualMachine, now: datetime) -> Json:
    """Statuses and, on a running VM, the guest agent with its extensions (recorded traffic, 2019-21)."""
    created = vm.properties["timeCreated"]
    done = _status("ProvisioningState/succeeded", "Info", "Provisioning succeeded") | {"time": created}
    disk: Json = {"name": vm.properties["storageProfile"]["osDisk"].get("name") or f"{vm.name}_OsDisk_1"}
    settings = encryption_of(vm.properties)
    if settings is not None:
        disk["encryptionSettings"] = [settings]
    view: Json = {
        "disks": [disk | {"statuses": [done]}],
        "hyperVGeneration": "V2",
        "statuses": [done, _status(f"PowerState/{vm.power}", "Info", f"VM {vm.power}")],
    }
    guest = vm.guest or _USUAL
    if vm.power == "running":
        view["vmAgent"] = _agent(vm, guest, now)
    if guest.extensions:
        view["extensions"] = [_extension(name, failed=state == "failed") for name, state in guest.extensions.items()]
    return view


def _status(code: str, level: str, shown: str) -> Json:
    return {"code": code, "level": level, "displayStatus": shown}


def _agent(vm: VirtualMachine, guest: Guest, now: datetime) -> Json:
    created = vm.properties["timeCreated"]
    since = datetime.fromisoformat(created)
    silent = now - (since if since.tzinfo else since.replace(tzinfo=UTC)) < SILENCE
    usual, old = VERSIONS[os_of(vm)]
    if guest.agent == "missing" or (silent and guest == _USUAL):
        return _unavailable("Unknown", UNHEARD, created)
    if guest.agent == "notReady":
        return _unavailable(guest.version or usual, UNRESPONSIVE, created)
    ready = _status("ProvisioningState/succeeded", "Info", "Ready")
    return {
        "vmAgentVersion": guest.version or (old if guest.agent == "old" else usual),
        "statuses": [ready | {"message": "Guest Agent is running", "time": created}],
        "extensionHandlers": [
            {
                "type": type_of(name),
                "typeHandlerVersion": EXTENSION_VERSION,
                "status": _status("ProvisioningState/failed", "Error", "Not Ready") if state == "failed" else ready,
            }
            for name, state in guest.extensions.items()
        ],
    }


def _unavailable(version: str, message: str, time: str) -> Json:
    status = _status("ProvisioningState/Unavailable", "Warning", "Not Ready")
    return {"vmAgentVersion": version, "statuses": [status | {"message": message, "time": time}]}


def type_of(extension: str) -> str:
    """The type of an extension of this name: the backup service's have its prefix, others their own name."""
    return f"{BACKUP_EXTENSIONS}{extension}" if extension.startswith("VMSnapshot") else extension


def _extension(name: str, *, failed: bool) -> Json:
    done = _status("ProvisioningState/succeeded", "Info", "Provisioning succeeded")
    broken = _status("ProvisioningState/failed", "Error", "Provisioning failed")
    return {
        "name": name,
        "type": type_of(name),
        "typeHandlerVersion": EXTENSION_VERSION,
        "statuses": [broken if failed else done],
    }
