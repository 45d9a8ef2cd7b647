"""Restoring from a recovery point: accepted, and a job that runs its course.

Nothing comes of it. There are no disks and no storage accounts here to restore to, so a restore that completed has
written nothing, and its job points to no blobs.
"""

from simulator.backup.items import existing_item
from simulator.backup.job_tasks import RESTORE, clock_time
from simulator.backup.operations import ITEM, accepted
from simulator.backup.recovery_points import find_point
from simulator.backup.render import item_id
from simulator.backup.vaults import find_vault
from simulator.core.fate import Fate
from simulator.core.model import Job
from simulator.core.routing import Call, Route
from simulator.core.wire import Answer, AzureError, Json

#: What the job calls each kind of restore; the first as recorded in 2019-20, the others are our own words.
KINDS = {
    "RestoreDisks": "Recover disks",
    "AlternateLocation": "Create virtual machine",
    "OriginalLocation": "Replace disks",
}


def restore(call: Call) -> Answer:
    """202 with both headers; the operation has succeeded at once and names the job. Raises AzureError 400, 404."""
    world, state, vault = call.world, call.world.state, find_vault(call)
    item, given = existing_item(call, vault), call.properties
    taken = find_point(call, vault, item)
    kind, account = str(given.get("recoveryType")), str(given.get("storageAccountId") or "")
    if given.get("objectType") not in ("IaasVMRestoreRequest", "IaasVMRestoreWithRehydrationRequest"):
        raise _invalid("properties.objectType must be IaasVMRestoreRequest.")
    if kind not in KINDS or not account:
        raise _invalid(f"A restore needs storageAccountId, and recoveryType one of {', '.join(KINDS)}.")
    operation, fate = world.start_operation(), call.fate or Fate()
    base = item_id(vault, item)
    paths = f"{base}/operationsStatus", f"{base}/operationResults"
    if fate.error is not None:  # no job comes of it
        operation.status, operation.ended, operation.error = "Failed", world.now(), fate.error
        return accepted(call, *paths, operation)
    vm = state.vms.get(item.source_id.lower())
    job = Job(
        id=state.new_id(),
        operation="Restore",
        vm_id=item.source_id,
        vm_name=item.vm_name,
        container=item.container,
        started=world.now(),
        activity=state.new_id(),
        policy=item.policy,
        bag={
            "Job Type": KINDS[kind],
            "Target Storage Account Name": account.rsplit("/", 1)[-1],
            "Recovery point time ": clock_time(taken),
        },
        gigabytes=_gigabytes(vm.properties if vm else {}),
    )
    operation.job, operation.status, operation.ended = job.id, "Succeeded", world.now()
    state.add_job(vault, job)

    def finish() -> None:
        if job.status == "InProgress":  # not cancelled meanwhile
            job.ended, job.status = world.now(), fate.job_status or "Completed"
            job.errors = list(fate.job_errors)
            state.touch_job(vault, job, world.now())

    world.clock.after(RESTORE.total_seconds() + fate.delay, finish)
    state.touch_job(vault, job, world.now())
    return accepted(call, *paths, operation)


def _gigabytes(properties: Json) -> int:
    """The size of all disks; Azure shows it of an OS disk at least, 127 GB being its usual size."""
    storage = properties.get("storageProfile") or {}
    disks = [storage.get("osDisk") or {}, *(storage.get("dataDisks") or [])]
    return sum(int(disk.get("diskSizeGB") or 127) for disk in disks)


def _invalid(message: str) -> AzureError:
    return AzureError(400, "BMSUserErrorInvalidInput", message)


ROUTES: list[Route] = [("POST", f"{ITEM}/recoveryPoints/{{point}}/restore", restore)]
