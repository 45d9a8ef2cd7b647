"""How many ARM requests Backstop makes: for a sweep over an estate, and from one event to the started first backup."""

import tempfile
from collections import Counter
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from shared.bootstrap import Backstop, open_backstop
from shared.domain import messages
from shared.domain.arm_id import ArmId
from shared.domain.azure_answers import Scope
from shared.domain.model import ActionKind, ReconcileRequest
from shared.settings import Settings
from simulator.server import running

POLICY = Path(__file__).parent.parent / "examples" / "demo.yaml"
POLLS = {"GET operationsStatus", "GET operationResults", "GET backupOperations"}
VMS = 300


@dataclass(frozen=True, slots=True)
class Requests:
    """Counts of requests by kind; `sweep_again` is a sweep over an estate in which nothing is left to do."""

    vms: int
    changed: int
    first_sweep: Counter[str]
    sweep_again: Counter[str]
    event_to_backup: Counter[str]


async def measure() -> Requests:
    """Run two sweeps and one event against a simulator in this process, on its virtual clock."""
    async with running(vms=VMS, seed=7, mode="stepped") as (url, _):
        with tempfile.TemporaryDirectory() as state:
            settings = Settings(endpoint=url, state_dir=Path(state), policy_file=str(POLICY), enforce=True)
            async with open_backstop(settings) as backstop:
                return await _measure(backstop)


async def _measure(backstop: Backstop) -> Requests:
    discovery = await backstop.sweeper.discover(Scope(), "bench")
    new = [each for each in discovery.to_change if each.actions[0].kind is ActionKind.ENABLE_PROTECTION]
    one, warm_up = new[0], new[1]
    # A neighbour first, so that the caches of vaults and resource groups are as warm as in a process that works.
    await _reconcile(backstop, warm_up.vm)
    await backstop.reconciler.looker.compute.vm(one.vm)
    event = await _counted(backstop, _reconcile(backstop, one.vm))
    first = await _counted(backstop, _sweep(backstop))
    await backstop.clock.wait_until(backstop.clock.now() + timedelta(hours=3))
    again = await _counted(backstop, _sweep(backstop))
    return Requests(len(discovery.findings), len(discovery.to_change) - 2, first, again, event)


async def _counted(backstop: Backstop, work: Awaitable[None]) -> Counter[str]:
    before = Counter(backstop.requests)
    await work
    return Counter(backstop.requests) - before


async def _sweep(backstop: Backstop) -> None:
    await backstop.sweeper.sweep(Scope(), "bench")
    await _drain(backstop)


async def _reconcile(backstop: Backstop, vm: ArmId) -> None:
    await backstop.queue.send("reconcile", messages.encode(ReconcileRequest(vm, "event")))
    await _drain(backstop)


async def _drain(backstop: Backstop) -> None:
    while (due := await backstop.queue.next_due("reconcile")) is not None:
        if due > backstop.clock.now():
            await backstop.clock.wait_until(due)
        for message in await backstop.queue.receive("reconcile", 32, timedelta(minutes=10)):
            await backstop.worker.work_on(message.body)
            await backstop.queue.done(message)
