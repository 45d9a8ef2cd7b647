"""One simulated Azure: its state, its clock, and what watches over both.

Handlers get it with every call. Nothing global: two worlds can run in one process.
"""

import contextlib
import secrets
from datetime import datetime
from typing import TYPE_CHECKING

from simulator.authorization.lock_effects import Locks
from simulator.backup.settings import Settings as BackupSettings
from simulator.control.holds import Holds
from simulator.control.ledger import Ledger
from simulator.core.clock import Clock
from simulator.core.model import Operation
from simulator.core.state import State, classic_vm_id, vm_id
from simulator.core.wire import AzureError
from simulator.events.hub import Hub
from simulator.faults.consequences import Knowledge
from simulator.faults.faults import Faults
from simulator.graph.engine import Graph
from simulator.limits.limits import Limits

if TYPE_CHECKING:
    from simulator.core.routing import Call

#: Questions that name their VM in the body.
ASKED_ABOUT_A_VM = ("POST backupStatus", "POST backupPreValidateProtection")


class World:
    """Everything that one simulated Azure consists of."""

    def __init__(self, state: State, clock: Clock, *, latency: float = 0.0, graph_lag: float = 0.0) -> None:
        """`latency` and `graph_lag` in seconds: real per request, virtual between a change and Resource Graph."""
        self.state, self.clock, self.latency = state, clock, latency
        self.ledger = Ledger()
        self.holds = Holds()
        self.secret = secrets.token_bytes(32)
        self.graph = Graph(state, clock, graph_lag)
        self.hub = Hub(state, clock)
        self.locks = Locks(state.around.locks)
        self.knowledge = Knowledge(state.labels)
        self.faults = Faults(self)
        self.limits = Limits(self)
        self.backup = BackupSettings()

    def now(self) -> datetime:
        return self.clock.now()

    def start_operation(self) -> Operation:
        operation = Operation(self.state.new_id(), self.now())
        self.state.operations[operation.id] = operation
        return operation

    def canonical_vm(self, vm_id: str) -> str:
        """The id as the VM's owner spelt it, where the VM exists."""
        vm = self.state.vms.get(vm_id.lower())
        return vm.id if vm else vm_id

    def vm_of(self, call: "Call") -> str | None:
        """The VM that a request is about, from its path and body; None where it is about none."""
        parts = [part for part in call.path.split("/") if part]
        low = [part.lower() for part in parts]
        if "virtualmachines" in low and low.index("virtualmachines") + 1 < len(parts):
            return self.canonical_vm("/" + "/".join(parts[: low.index("virtualmachines") + 2]))
        if call.operation in ASKED_ABOUT_A_VM:
            with contextlib.suppress(AzureError):  # what is no body is about no VM
                return self.canonical_vm(str(call.body.get("resourceId") or "")) or None
        if "protectioncontainers" not in low[:-1] or low[0] != "subscriptions":
            return None
        at = low.index("protectioncontainers")
        container = parts[at + 1].split(";")
        if container[0].lower() != "iaasvmcontainer" or len(container) < 4:
            return None
        vault = self.state.vaults.get("/" + "/".join(low[: at - 2]))  # before backupFabrics/Azure
        item = vault.items.get("/".join((low[at + 1], *low[at + 3 : at + 4]))) if vault else None
        if item is not None:
            return self.canonical_vm(item.source_id)
        make = classic_vm_id if low[at + 1].split(";")[1] == "iaasvmcontainer" else vm_id
        group, name = container[-2:]
        return self.canonical_vm(make(self._subscription_of(call, parts[1]), group, name))

    def _subscription_of(self, call: "Call", vaults: str) -> str:
        """The subscription of the VM that a protect names; the vault's own where it names none."""
        with contextlib.suppress(AzureError):
            source = str(call.properties.get("sourceResourceId") or "") if call.method == "PUT" else ""
            return next(iter(source.split("/")[2:3]), "") or vaults
        return vaults
