"""Cancelling a job: possible for a backup while its snapshot is taken, and for a restore.

The job says `Cancelling` for a while, then `Cancelled`; whatever it was to do does not happen.
"""

from simulator.backup.job_tasks import SNAPSHOT
from simulator.backup.operations import get_result, operation_url
from simulator.backup.vaults import VAULT, find_vault
from simulator.core.routing import Call, Route
from simulator.core.wire import Answer, AzureError

#: Virtual seconds until a job has given up; our own number.
GIVING_UP = 20


def cancel_job(call: Call) -> Answer:
    """202 with Location. Raises AzureError 400 where the job cannot be cancelled (any more), 404."""
    world, vault = call.world, find_vault(call)
    job = vault.jobs.get(call.params["job"].lower())
    if job is None:
        raise AzureError(404, "BMSUserErrorJobNotFound", f"Job '{call.params['job']}' was not found.")
    early = job.operation == "Restore" or (job.operation == "Backup" and world.now() - job.started < SNAPSHOT)
    if job.status != "InProgress" or not early:
        message = "The job cannot be cancelled: it has ended, or is past the point up to which that is possible."
        raise AzureError(400, "BMSUserErrorJobCancellationNotPossible", message)
    job.status = "Cancelling"
    operation = world.start_operation()
    item = next((i for i in vault.items.values() if i.container == job.container), None)

    def finish() -> None:
        now = world.now()
        job.status, job.ended = "Cancelled", now
        operation.status, operation.ended = "Succeeded", now
        if item is not None and job.operation == "Backup":
            item.last_status = "Completed" if item.last_point else ""
            world.state.touch_item(item, now)
        world.state.touch_job(vault, job, now)

    world.clock.after(GIVING_UP, finish)
    world.state.touch_job(vault, job, world.now())
    path = f"{vault.id}/backupJobs/{job.id}/operationResults/{operation.id}"
    return Answer(202, None, {"Location": operation_url(call, path)})


ROUTES: list[Route] = [
    ("POST", f"{VAULT}/backupJobs/{{job}}/cancel", cancel_job),
    ("GET", f"{VAULT}/backupJobs/{{job}}/operationResults/{{operation}}", get_result),
]
