"""What a VM's inside tells of its backups: advice about agent and extension, and how consistent a point would be. Pure.

A VM that does not run has no agent running, which is no fault: its points are crash-consistent. What Azure does not
show is not known, and never a fault either. Nothing here decides on protecting the VM: Azure Backup does what it can
without an agent, and so does Backstop.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.advice import Advice, Advisory
from shared.domain.guest import Agent, ExtensionState
from shared.domain.model import Vm

#: Product version of the Windows agent (Azure Backup's guide to backing up a VM). For Linux the general minimum of
#: Azure's agents: 2.2 is the first line that updates itself; Azure Backup's documents name no number.
OLDEST = {"windows": (2, 6, 1198, 718), "linux": (2, 2)}
#: A new VM's agent is silent for some minutes (recorded, 2019).
SILENT_AT_FIRST = timedelta(minutes=15)
_RUNNING = "running"
#: What `vm_advisories` may say: a newer look at a VM replaces all of it.
OF_THE_VM = frozenset({Advice.AGENT_MISSING, Advice.AGENT_NOT_READY, Advice.AGENT_OLD, Advice.BACKUP_EXTENSION_FAILED})


class Consistency(StrEnum):
    """How consistent a recovery point is."""

    APPLICATION = "application"
    FILE_SYSTEM = "fileSystem"
    CRASH = "crash"


CONSISTENCY_WORDS = {
    Consistency.APPLICATION: "application-consistent",
    Consistency.FILE_SYSTEM: "file-system consistent",
    Consistency.CRASH: "crash-consistent",
}
#: `recoveryPointType` of a recovery point (azure-mgmt-recoveryservicesbackup's documentation, recorded traffic 2019).
_TYPES = {
    "appconsistent": Consistency.APPLICATION,
    "filesystemconsistent": Consistency.FILE_SYSTEM,
    "crashconsistent": Consistency.CRASH,
}


def vm_advisories(vm: Vm, now: datetime) -> tuple[Advisory, ...]:
    """Advice about the VM's agent and backup extension; none where no instance view was read, or the VM is stopped.

    `now` tells a VM that is too young for its agent to have spoken.
    """
    if vm.agent is None or vm.power_state != _RUNNING:
        return ()
    found: list[Advisory] = []
    young = vm.created is not None and now - vm.created < SILENT_AT_FIRST
    if (about := _of_agent(vm.agent, vm.os_type)) is not None and not (young and not vm.agent.ready):
        found.append(Advisory(about, vm.id.text, _agent_detail(vm.agent), vm.id))
    extension = vm.backup_extension
    if extension is not None and extension.state is ExtensionState.FAILED:
        detail = ": ".join(part for part in (extension.name, extension.message) if part)
        found.append(Advisory(Advice.BACKUP_EXTENSION_FAILED, vm.id.text, detail, vm.id))
    return tuple(found)


def _of_agent(agent: Agent, os_type: str) -> Advice | None:
    if not agent.ready:
        return Advice.AGENT_NOT_READY if agent.version else Advice.AGENT_MISSING
    return Advice.AGENT_OLD if is_old(agent.version, os_type) else None


def _agent_detail(agent: Agent) -> str:
    said = ": ".join(part for part in (agent.status, agent.message) if part)
    return ", ".join(part for part in (f"version {agent.version}" if agent.version else "", said) if part)


def is_old(version: str, os_type: str) -> bool:
    """Whether an agent's version lies below the oldest one supported; False for one that is not made of numbers."""
    oldest = OLDEST.get(os_type.lower())
    parts = version.strip().split(".")
    if oldest is None or not all(each.isascii() and each.isdecimal() and len(each) < 10 for each in parts):
        return False
    numbers = tuple(int(each) for each in parts)
    width = max(len(numbers), len(oldest))
    padded = [each + (0,) * (width - len(each)) for each in (numbers, oldest)]
    return padded[0] < padded[1]


def expected_consistency(vm: Vm) -> Consistency | None:
    """What a backup of the VM taken now would give; None where it is not known whether the VM and its agent run.

    Windows by VSS; Linux by its file systems, and application-consistent only with pre and post scripts, which Azure
    does not show (Azure Backup's overview of VM backup, 2024).
    """
    if not vm.power_state:
        return None
    if vm.power_state != _RUNNING:
        return Consistency.CRASH
    if vm.agent is None:
        return None
    if not vm.agent.ready:
        return Consistency.CRASH
    match vm.os_type.lower():
        case "windows":
            return Consistency.APPLICATION
        case "linux":
            return Consistency.FILE_SYSTEM
        case _:
            return None


def consistency_of(point_type: str) -> Consistency | None:
    """Azure's `recoveryPointType` as one of the three; None for any other word, which is then shown as it is."""
    return _TYPES.get(point_type.lower())
