"""Works the queue from the command line until one run's VMs are done, failed, or put off.

The waiting is left to the clock, which sleeps with Azure and jumps with a simulator. Messages that a killed run left
behind are worked on when they are visible, but not waited for; a run over a part of the estate leaves them alone, since
its person has agreed to that part only.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.bootstrap import Backstop
from shared.errors import SettingsError
from shared.ports import Received
from shared.reconcile import Reconciled

AT_ONCE = 16
INVISIBLE = timedelta(minutes=10)  # longer than one look at a VM can take
PATIENCE = timedelta(minutes=30)  # what is due later than this is put off: the queue keeps it


@dataclass
class Drained:
    """`put_off_until` is set when messages of the run stay in the queue; `paused` holds the pause switch's reason."""

    put_off: int = 0
    put_off_until: datetime | None = None
    paused: str = ""
    looks: int = 0


async def drain(
    backstop: Backstop, run_id: str, on_look: Callable[[Reconciled], None], *, alone: bool = False
) -> Drained:
    """Work until no message of the run is left, or only such as are due much later. SettingsError ends it at once.

    `alone`: no message of another run is touched.
    """
    name, result, group = backstop.settings.reconcile_queue, Drained(), run_id if alone else None
    running: set[asyncio.Task[None]] = set()
    try:
        while not result.paused:
            if free := AT_ONCE - len(running):
                for message in await backstop.queue.receive(name, free, INVISIBLE, group):
                    running.add(asyncio.create_task(_work(backstop, message, on_look, result)))
            if running:
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for each in done:
                    each.result()
                continue
            due = await backstop.queue.next_due(name, run_id)
            if due is None:
                return result
            if due - backstop.clock.now() > PATIENCE:
                break
            await backstop.clock.wait_until(due)
    finally:
        for each in running:
            each.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    result.put_off = await backstop.queue.depth(name, run_id)
    result.put_off_until = await backstop.queue.next_due(name, run_id)
    return result


async def _work(backstop: Backstop, message: Received, on_look: Callable[[Reconciled], None], result: Drained) -> None:
    try:
        done = await backstop.worker.work_on(message.body)
    except SettingsError:
        await backstop.queue.put_back(message, backstop.clock.now())
        raise
    await backstop.queue.done(message)
    if done is None:
        return
    result.looks += 1
    if done.outcome.error_code == "PAUSED":
        result.paused = done.outcome.error
    on_look(done)
