"""What was asked of the simulator: requests by operation, and every write with the VM it touched.

Counts requests, whatever their answer. The estate's own people (header `x-sim-actor: estate`) and the set-up of
event subscriptions are counted apart: neither is an enforcer's doing.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from simulator.core.labels import Label
from simulator.core.wire import Json, stamp

#: POSTs that only ask. `refreshContainers` is counted under its name but changes no protection.
QUESTIONS = {
    "POST backupStatus",
    "POST backupPreValidateProtection",
    "POST backupValidateFeatures",
    "POST resources",
    "POST checkNameAvailability",
}
NEITHER = {"POST refreshContainers"}
#: The set-up of Event Grid, whoever does it.
SETUP = {"eventSubscriptions", "systemTopics", "getFullUrl", "getDeliveryAttributes", "validate"}


@dataclass
class Write:
    """One request that may have changed something."""

    number: int
    at: datetime
    method: str
    path: str
    operation: str
    vm_id: str | None
    status: int = 0
    over_existing: bool = False
    #: What a PUT of a protected item asked for, as `Call` has it; empty where no service has read it.
    change: str = ""
    #: A backup of an item that has a recovery point already.
    needless: bool = False
    #: What was right for the VM when the client last looked, and whether somebody has changed that since.
    label: Label | None = None
    overtaken: bool = False
    #: A fault lets the operation that it starts fail, so that nothing comes of it.
    in_vain: bool = False

    def to_json(self) -> Json:
        return {
            "n": self.number,
            "at": stamp(self.at),
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "vmId": self.vm_id,
            "operation": self.operation,
            "overExisting": self.over_existing,
        }


class Ledger:
    """Counts since the last reset, and all writes since the start (a reset keeps those: `check` needs them)."""

    def __init__(self) -> None:
        self.writes: list[Write] = []
        self.reset()

    def reset(self) -> None:
        self._operations: Counter[str] = Counter()
        self._reads = self._writes = self._neither = self._estate = 0

    def record(self, write: Write, *, estate: bool) -> None:
        """Take down one request that reached its service, with the status it was answered."""
        if estate or write.operation.partition(" ")[2] in SETUP:
            self._estate += 1
            return
        self._operations[write.operation] += 1
        if write.operation in NEITHER:
            self._neither += 1
        elif write.method in ("GET", "HEAD", "OPTIONS") or write.operation in QUESTIONS:
            self._reads += 1
        else:
            self._writes += 1
            write.number = len(self.writes) + 1
            self.writes.append(write)

    def to_json(self) -> Json:
        return {
            "total": self._reads + self._writes + self._neither,
            "reads": self._reads,
            "writes": self._writes,
            "estate": self._estate,
            "byOperation": dict(sorted(self._operations.items())),
        }
