"""The delivery of events: who wants them, the handshake, and the attempts on the virtual clock.

An event comes some virtual seconds after its write, out of order and sometimes twice; a failed delivery is tried
again on the published schedule. No dead-letter store: what cannot be delivered is dropped and counted.
"""

import contextlib
import random
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp

from simulator.core.clock import Clock
from simulator.core.model import VirtualMachine
from simulator.core.state import State
from simulator.core.wire import Json
from simulator.events import event as events
from simulator.events.settings import Settings

#: Seconds to the next attempt; the last one repeats (documentation of delivery and retry).
RETRIES = (10, 30, 60, 300, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600)
MAX_ATTEMPTS, TTL = 30, 24 * 3600
#: A webhook's answers that end the delivery for good.
FATAL = (400, 401, 403, 413)
#: Real seconds that a receiver has to answer.
PATIENCE = aiohttp.ClientTimeout(total=30)

VM_WRITE = "Microsoft.Compute/virtualMachines/write"


@dataclass
class EventSubscription:
    """Where to deliver, and which events."""

    id: str
    name: str
    scope: str
    url: str
    rules: Json
    schema: str


class Hub:
    """Event subscriptions, and the deliveries to them."""

    def __init__(self, state: State, clock: Clock) -> None:
        self.state, self.clock = state, clock
        self.settings = Settings()
        self.subscriptions: dict[str, EventSubscription] = {}
        self.delivered = self.failed = self.dropped = 0
        self._rng = random.Random(f"{state.seed}:events")
        self._client: aiohttp.ClientSession | None = None

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[None]:
        """The HTTP client that deliveries use, for as long as the server runs."""
        async with aiohttp.ClientSession(timeout=PATIENCE) as self._client:
            yield
        self._client = None

    # -- what happened ----------------------------------------------------------------------------------------

    def vm_created(self, vm: VirtualMachine) -> None:
        """A deployment: the VM is written twice, with its network interface, an extension and a start."""
        correlation, group = (
            str(uuid.UUID(int=self._rng.getrandbits(128), version=4)),
            vm.id.partition("/providers/")[0],
        )
        nic = f"{group}/providers/Microsoft.Network/networkInterfaces/{vm.name}-nic"
        for resource, operation in (
            (vm.id, VM_WRITE),
            (vm.id, VM_WRITE),
            (f"{vm.id}/extensions/AzureMonitorAgent", "Microsoft.Compute/virtualMachines/extensions/write"),
            (nic, "Microsoft.Network/networkInterfaces/write"),
        ):
            self.emit(resource, operation, correlation=correlation)
        self.emit(vm.id, "Microsoft.Compute/virtualMachines/start/action", kind=events.ACTION)
        if self._rng.random() < 0.3:
            account = f"{group}/providers/Microsoft.Storage/storageAccounts/diag{self._rng.randrange(10**6)}"
            self.emit(account, "Microsoft.Storage/storageAccounts/write")

    def vm_written(self, vm: VirtualMachine) -> None:
        self.emit(vm.id, VM_WRITE, update=True)

    def vm_deleted(self, vm: VirtualMachine) -> None:
        self.emit(vm.id, "Microsoft.Compute/virtualMachines/delete", kind=events.DELETE)

    def tags_written(self, scope: str) -> None:
        self.emit(f"{scope}/providers/Microsoft.Resources/tags/default", "Microsoft.Resources/tags/write", update=True)

    def emit(self, resource: str, operation: str, **more: Any) -> None:
        """Schedule the event to every event subscription that wants it; now and then twice."""
        made = events.event(
            self._rng, resource=resource, operation=operation, tenant=self.state.tenant, now=self.clock.now(), **more
        )
        for target in self.subscriptions.values():
            if target.scope == made["topic"].lower() and events.wanted(made, target.rules):
                twice = self._rng.random() < self.settings.duplicates
                for _ in range(self.settings.copies if twice else 1):
                    self._schedule(target, made, 1, 0.0, self._rng.uniform(*self.settings.delay))

    # -- deliveries -------------------------------------------------------------------------------------------

    def _schedule(self, target: EventSubscription, made: Json, attempt: int, age: float, delay: float) -> None:
        async def deliver() -> None:
            await self._deliver(target, made, attempt, age)

        self.clock.after(delay, deliver)

    async def _deliver(self, target: EventSubscription, made: Json, attempt: int, age: float) -> None:
        if self.subscriptions.get(target.id.lower()) is not target:
            return  # deleted or replaced in the meantime
        headers = {
            "aeg-event-type": "Notification",
            "aeg-subscription-name": target.name.upper(),
            "aeg-delivery-count": str(attempt - 1),
            "aeg-data-version": "2",
            "aeg-metadata-version": "1",
        }
        status = await self._post(target, made, headers)
        if status is not None and 200 <= status < 300:
            self.delivered += 1
            return
        self.failed += 1
        wait = RETRIES[min(attempt, len(RETRIES)) - 1]
        if status in FATAL or attempt >= MAX_ATTEMPTS or age + wait > TTL:
            self.dropped += 1
            return
        self._schedule(target, made, attempt + 1, age + wait, wait)

    async def _post(self, target: EventSubscription, made: Json, headers: dict[str, str]) -> int | None:
        """The receiver's status, or None where it cannot be reached."""
        cloud = target.schema != "EventGridSchema"
        body: Json | list[Json] = events.as_cloud_event(made) if cloud else [made]
        kind = "application/cloudevents+json; charset=utf-8" if cloud else "application/json; charset=utf-8"
        client = self._open_client()
        try:
            async with client.post(target.url, json=body, headers=headers | {"Content-Type": kind}) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return None

    def _open_client(self) -> aiohttp.ClientSession:
        if self._client is None:
            raise RuntimeError("the hub's session is not open")
        return self._client

    async def validate(self, target: EventSubscription) -> bool:
        """The handshake: the receiver shows that it wants these events."""
        client = self._open_client()
        try:
            if target.schema != "EventGridSchema":
                origin = {"WebHook-Request-Origin": "eventgrid.azure.net", "WebHook-Request-Rate": "120"}
                async with client.options(target.url, headers=origin) as answer:
                    return answer.status == 200 and "WebHook-Allowed-Origin" in answer.headers
            code = str(uuid.uuid4())
            made = events.event(
                self._rng, resource=target.scope, operation="", tenant=self.state.tenant, now=self.clock.now()
            )
            made |= {
                "topic": target.scope,
                "subject": "",
                "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
                "data": {"validationCode": code},
            }
            headers = {"aeg-event-type": "SubscriptionValidation", "aeg-subscription-name": target.name.upper()}
            async with client.post(target.url, json=[made], headers=headers) as answer:
                if answer.status != 200:
                    return False
                read = await answer.json(content_type=None)
                return isinstance(read, dict) and read.get("validationResponse") == code
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return False
