"""The work that a change of a protected item starts: a job, its operation, and what has changed when both end.

Knows no change by itself: whoever starts one says how long it takes and what comes of it. A fault may end it otherwise.
"""

from collections.abc import Callable

from simulator.backup.errors import details_of
from simulator.backup.operations import accepted
from simulator.backup.render import item_id
from simulator.core.fate import Fate
from simulator.core.model import Job, ProtectedItem, Vault
from simulator.core.routing import Call
from simulator.core.wire import Answer


def run(
    call: Call,
    vault: Vault,
    item: ProtectedItem,
    name: str,
    seconds: tuple[int, int],
    effect: Callable[[Job], None],
    policy: str | None = None,
    paths: tuple[str, str] | None = None,
    bag: dict[str, str] | None = None,
) -> Answer:
    """Start a job and its operation; `effect` is what has changed when they end (it may fail the job)."""
    world, state = call.world, call.world.state
    operation = world.start_operation()
    job = Job(
        id=state.new_id(),
        operation=name,
        vm_id=item.source_id,
        vm_name=item.vm_name,
        container=item.container,
        started=world.now(),
        activity=state.new_id(),
        policy=item.policy if policy is None else policy,
        bag=bag or {},
    )
    operation.job = job.id
    state.add_job(vault, job)
    item.busy, fate = True, call.fate or Fate()

    def finish() -> None:
        now = world.now()
        item.busy, job.ended, job.status = False, now, "Completed"
        if fate.error is not None:
            job.status, job.errors = "Failed", [details_of(fate.error["code"], fate.error["message"])]
            if item.configuring:
                state.drop_item(vault, item)
        else:
            effect(job)
        operation.ended, operation.status = now, "Succeeded" if job.status == "Completed" else "Failed"
        if operation.status == "Failed":
            gone = {"code": "UserErrorVmNotFoundV2", "message": "Virtual machine doesn't exist."}
            operation.error = fate.error or gone
        state.touch_item(item, now)
        state.touch_job(vault, job, now)

    world.clock.after(state.spread(item.source_id.lower(), *seconds) + fate.delay, finish)
    state.touch_item(item, world.now())
    state.touch_job(vault, job, world.now())
    if paths is not None:
        return accepted(call, f"{vault.id}/{paths[0]}", f"{vault.id}/{paths[1]}", operation)
    base = item_id(vault, item)
    return accepted(call, f"{base}/operationsStatus", f"{base}/operationResults", operation)
