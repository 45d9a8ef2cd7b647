"""On-demand backups and the jobs of a vault.

A backup runs about 70 virtual minutes; only then has a fresh item its first recovery point. Scheduled backups by
policy do not run here.
"""

from datetime import UTC, datetime, timedelta

from simulator.backup.errors import details_of
from simulator.backup.items import existing_item, find_item
from simulator.backup.operations import ITEM, accepted
from simulator.backup.render import item_id, job_body
from simulator.backup.snapshots import taken
from simulator.backup.vaults import PAGE, VAULT, find_vault
from simulator.core.fate import Fate
from simulator.core.model import IAAS, Job, ProtectedItem, Vault
from simulator.core.routing import Call, Route
from simulator.core.wire import Answer, AzureError, page, parse_filter
from simulator.limits.quotas import Quotas

#: Virtual minutes (recorded traffic, 2020 and 2026: 71 to 81 for a small VM).
MINUTES = (62, 81)
#: Of one whose snapshot fails; our own, within the time that a snapshot takes.
FAILING = (3, 7)
#: Virtual seconds until the operation has succeeded and names the job (recorded traffic, 2019-20: under 3).
BEGINNING = 2
#: How `$filter` of the job list writes a moment: quoted, twelve-hour, no zone.
FILTER_TIME = "%Y-%m-%d %I:%M:%S %p"


def trigger(call: Call) -> Answer:
    """202 with both headers; the operation soon succeeds and names the job. Raises AzureError 400, 404, 409."""
    world, state, vault = call.world, call.world.state, find_vault(call)
    pending = find_item(call, vault)
    if pending is not None and pending.configuring:
        message = "The backup item is not configured yet: wait for the configure operation to complete."
        raise AzureError(400, "UserErrorProtectionNotConfigured", message)
    item = existing_item(call, vault)
    call.needless = item.last_point is not None
    properties = call.properties
    if properties.get("objectType") != "IaasVMBackupRequest":
        raise AzureError(400, "BMSUserErrorInvalidBackupRequest", "properties.objectType must be IaasVMBackupRequest.")
    expiry = _expiry(properties.get("recoveryPointExpiryTimeInUTC"), world.now())
    _refuse(item, vault, world.now(), world.limits.quotas)
    operation, fate = world.start_operation(), call.fate or Fate()
    base = item_id(vault, item)
    if fate.error is not None:  # no job comes of it
        operation.status, operation.ended, operation.error = "Failed", world.now(), fate.error
        return accepted(call, f"{base}/operationsStatus", f"{base}/operationResults", operation)
    snapshot = taken(world, vault, item)
    job = Job(
        id=state.new_id(),
        operation="Backup",
        vm_id=item.source_id,
        vm_name=item.vm_name,
        container=item.container,
        started=world.now(),
        activity=state.new_id(),
        policy=item.policy,
        expiry=expiry,
        consistency=snapshot.consistency,
    )
    operation.job = job.id
    state.add_job(vault, job)
    item.last_status = "InProgress"

    def finish() -> None:
        if job.status != "InProgress":
            return  # cancelled meanwhile
        now = world.now()
        code = snapshot.code if item.source_id.lower() in state.vms else "UserErrorVmNotFoundV2"
        done = not code and fate.job_status != "Failed"
        job.ended, job.status = now, (fate.job_status or "Completed") if done else "Failed"
        job.errors = list(fate.job_errors) or ([details_of(code)] if code else [])
        item.last_status, item.last_backup = "Completed" if done else "Failed", job.started
        if done:
            item.last_point = job.started + timedelta(seconds=4)
            item.state = "Protected" if item.active else item.state
        state.touch_item(item, now)
        state.touch_job(vault, job, now)

    def begun() -> None:
        operation.status, operation.ended = "Succeeded", world.now()

    world.clock.after(BEGINNING, begun)
    minutes = state.spread(item.source_id.lower(), *(FAILING if snapshot.code else MINUTES))
    world.clock.after(60 * minutes + fate.delay, finish)
    state.touch_item(item, world.now())
    state.touch_job(vault, job, world.now())
    return accepted(call, f"{base}/operationsStatus", f"{base}/operationResults", operation)


def _refuse(item: ProtectedItem, vault: Vault, now: datetime, quotas: Quotas) -> None:
    if not item.active:
        raise AzureError(400, "UserErrorProtectionStopped", "The protection of the backup item is stopped.")
    jobs = [j for j in vault.jobs.values() if j.container == item.container and j.operation == "Backup"]
    if any(job.ended is None for job in jobs):
        message = "There is another backup operation in progress on the item."
        raise AzureError(409, "UserErrorBackupOperationInProgress", message)
    today = [j for j in jobs if j.user_triggered and j.started.date() == now.date()]
    quotas.back_up(len(today))


def _expiry(text: object, now: datetime) -> datetime:
    """When the recovery point is to expire; 30 days from now unless told otherwise (REST documentation)."""
    if text is None:
        return now + timedelta(days=30)
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        moment = None
    if moment is not None and moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if moment is None or moment <= now:
        message = "recoveryPointExpiryTimeInUTC must be a date in the future."
        raise AzureError(400, "BMSUserErrorInvalidRecoveryPointExpiry", message)
    return moment


def list_jobs(call: Call) -> Answer:
    """Newest first. `$filter` takes status, operation, backupManagementType, startTime and endTime."""
    vault, now = find_vault(call), call.world.now()
    wanted = parse_filter(call.query.get("$filter", ""))
    if wanted.get("backupmanagementtype", IAAS).lower() != IAAS.lower():
        return Answer(200, {"value": []})
    since, until = (_moment(wanted[k]) if k in wanted else None for k in ("starttime", "endtime"))
    jobs = [
        job
        for job in vault.jobs.values()
        if wanted.get("status", job.status).lower() == job.status.lower()
        and wanted.get("operation", job.operation).lower() == job.operation.lower()
        and (since is None or job.started >= since)
        and (until is None or job.started <= until)
    ]
    jobs.sort(key=lambda job: job.started, reverse=True)
    return Answer(200, page([job_body(vault, job, now) for job in jobs], call.query, call.url, PAGE))


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text.replace(" 00:", " 12:", 1), FILTER_TIME).replace(tzinfo=UTC)
    except ValueError:
        message = f"The filter's time '{text}' is not in the format '2026-01-31 12:00:00 AM'."
        raise AzureError(400, "BMSUserErrorInvalidFilter", message) from None


def get_job(call: Call) -> Answer:
    """One job with its tasks."""
    vault = find_vault(call)
    job = vault.jobs.get(call.params["job"].lower())
    if job is None:
        raise AzureError(404, "BMSUserErrorJobNotFound", f"Job '{call.params['job']}' was not found.")
    return Answer(200, job_body(vault, job, call.world.now(), detail=True))


ROUTES: list[Route] = [
    ("POST", f"{ITEM}/backup", trigger),
    ("GET", f"{VAULT}/backupJobs", list_jobs),
    ("GET", f"{VAULT}/backupJobs/{{job}}", get_job),
]
