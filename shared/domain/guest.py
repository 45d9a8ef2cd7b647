"""What the platform knows of a VM's inside: its agent, and the extension by which Azure Backup makes snapshots. Data.

Only ARM tells it (`$expand=instanceView`); Resource Graph does not. So nothing here may enter a verdict, which must be
the same for an event and for a sweep. It gives rise to advice alone (`vm_health.py`).
"""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Agent:
    """The VM agent as its last report stands. `version` is empty where none ever came, `status` such as Ready."""

    version: str = ""
    status: str = ""
    message: str = ""
    ready: bool = False


class ExtensionState(StrEnum):
    """Where VMSnapshot or VMSnapshotLinux stands. Absent is no fault: the first backup brings it."""

    ABSENT = "absent"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNRECOGNISED = "unrecognised"  # being made, or a state that this version does not know


@dataclass(frozen=True, slots=True)
class BackupExtension:
    """The backup extension's state with the platform's words for it."""

    state: ExtensionState
    name: str = ""
    message: str = ""
