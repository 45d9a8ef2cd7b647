"""Event Grid of one world: the event subscriptions, and what happens in Azure on its way to them.

Whoever changes a resource says so here; the hub makes the event and hands it to everyone who wants it. How an event is
delivered is the matter of `delivery.py`.
"""

import contextlib
import random
from collections.abc import AsyncIterator, Collection
from dataclasses import replace

import aiohttp

from simulator.core.clock import Clock
from simulator.core.model import VirtualMachine
from simulator.core.routing import Call
from simulator.core.state import State
from simulator.core.wire import Answer
from simulator.estate.catalog import uid
from simulator.events import activity, filters
from simulator.events.admission import Admissions
from simulator.events.callers import caller_of
from simulator.events.delivery import Deliveries
from simulator.events.event import Happening, event
from simulator.events.sender import Sender
from simulator.events.settings import Settings
from simulator.events.subscription import EventSubscription
from simulator.events.topic import SystemTopic

COMPUTE = "Microsoft.Compute/virtualMachines"


class Hub:
    """Event subscriptions and system topics by lower-cased id, and everything about delivering events."""

    def __init__(self, state: State, clock: Clock) -> None:
        self.state, self.clock = state, clock
        self.settings = Settings()
        self.topics: dict[str, SystemTopic] = {}
        self.subscriptions: dict[str, EventSubscription] = {}
        self._under: dict[str, dict[str, EventSubscription]] = {}
        self._rng = random.Random(f"{state.seed}:events")
        self._sender = Sender()
        chance = random.Random(f"{state.seed}:deliveries")
        self.deliveries = Deliveries(clock, chance, self._sender, lambda: self.settings)
        self.admissions = Admissions(clock, self._rng, self._sender)

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[None]:
        """The HTTP client that deliveries and handshakes use, for as long as the server runs."""
        async with aiohttp.ClientSession() as self._sender.client:
            yield
        self._sender.client = None

    # -- who wants to be told ---------------------------------------------------------------------------------

    def add(self, target: EventSubscription) -> None:
        """From now on this event subscription is asked whether it wants an event."""
        self.subscriptions[target.id.lower()] = target
        self._under.setdefault(target.scope.split("/")[2], {})[target.id.lower()] = target

    def remove(self, target: EventSubscription) -> None:
        """Stop delivering; what is pending is dropped and counted as such."""
        del self.subscriptions[target.id.lower()]
        del self._under[target.scope.split("/")[2]][target.id.lower()]
        self.admissions.forget(target)
        self.deliveries.drop_all(target)

    def purge(self) -> None:
        """Remove the event subscriptions whose `expirationTimeUtc` has passed."""
        now = self.clock.now()
        for target in [t for t in self.subscriptions.values() if t.asked.expires and t.asked.expires <= now]:
            self.remove(target)

    def _listeners(self, resource: str) -> Collection[EventSubscription]:
        return self._under.get(resource.split("/")[2].lower(), {}).values()

    # -- what happened ----------------------------------------------------------------------------------------

    def vm_created(self, vm: VirtualMachine, call: Call | None = None) -> None:
        """A deployment: the VM is written twice, with its network interface, an extension and a start."""
        if not self._listeners(vm.id):
            return
        group = vm.id.partition("/providers/")[0]
        first = Happening(
            vm.id, f"{COMPUTE}/write", correlation=uid(self._rng), caller=caller_of(call) if call else None
        )
        nic = f"{group}/providers/Microsoft.Network/networkInterfaces/{vm.name}-nic"
        agent = f"{vm.id}/extensions/AzureMonitorAgent"
        self.tell(first)
        self.tell(first)
        self.tell(replace(first, resource=agent, operation=f"{COMPUTE}/extensions/write"))
        self.tell(replace(first, resource=nic, operation="Microsoft.Network/networkInterfaces/write"))
        started = replace(first, operation=f"{COMPUTE}/start/action", verb="Action", method="POST", correlation=None)
        self.tell(started)
        if self._rng.random() < 0.3:
            account = f"{group}/providers/Microsoft.Storage/storageAccounts/diag{self._rng.randrange(10**6)}"
            written = replace(first, resource=account, correlation=None)
            self.tell(replace(written, operation="Microsoft.Storage/storageAccounts/write"))

    def vm_written(self, vm: VirtualMachine, call: Call | None = None) -> None:
        """A VM was changed."""
        self._tell_by(call, Happening(vm.id, f"{COMPUTE}/write", method="PATCH", update=True))

    def vm_deleted(self, vm: VirtualMachine, call: Call | None = None) -> None:
        """A VM is gone."""
        self._tell_by(call, Happening(vm.id, f"{COMPUTE}/delete", verb="Delete", method="DELETE"))

    def tags_written(self, scope: str, call: Call | None = None) -> None:
        """The tags at a scope were written."""
        resource = f"{scope}/providers/Microsoft.Resources/tags/default"
        self._tell_by(call, Happening(resource, "Microsoft.Resources/tags/write", method="PATCH", update=True))

    def answered(self, call: Call, answer: Answer) -> None:
        """A request has been answered: tell what it did, at once or when its long-running operation has ended."""
        found = activity.happening(call, answer) if self.subscriptions else None
        if found is None or not self._listeners(found.resource):
            return
        told, operation = found, activity.operation_of(call, answer)
        if operation is None:
            self.tell(told)
            return

        def ended() -> None:
            self.tell(replace(told, ending=activity.ending(operation)))

        # whoever ends an operation may write its status only after that; by the next turn it stands
        operation.watchers.append(lambda: self.clock.after(0, ended))

    def _tell_by(self, call: Call | None, told: Happening) -> None:
        if self._listeners(told.resource):
            method = call.method if call else told.method
            self.tell(replace(told, method=method, caller=caller_of(call) if call else None))

    def tell(self, told: Happening) -> None:
        """Make the event and hand it to every event subscription that wants it."""
        self.purge()
        listeners = self._listeners(told.resource)
        if not listeners:
            return
        made = event(self._rng, told, tenant=self.state.tenant, now=self.clock.now(), bare=self.settings.bare)
        place = f"{told.resource}/".lower()
        for target in listeners:
            if target.live and place.startswith(f"{target.scope}/") and filters.wanted(made, target.live.rules):
                self.deliveries.accept(target, made)
