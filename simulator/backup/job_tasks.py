"""What a single job shows of its course: its tasks, its property bag and, where it restores, how far it is.

The stages are timed as recorded traffic of 2019-20 has them. Pure: a job and a moment in, JSON out. Names nothing that
is not there: a restore that ended has no blobs to point to.
"""

from datetime import timedelta

from simulator.core.model import Job
from simulator.core.wire import Json, duration

#: Part of a backup that is the snapshot; the transfer to the vault begins some minutes later.
SNAPSHOT = timedelta(minutes=7, seconds=45)
TRANSFER = timedelta(minutes=10, seconds=40)
#: Minutes of a restore until it first tells how far it is, and between what it tells from then on.
FIRST_WORD, STEP = 12, 5
#: How long a restore takes.
RESTORE = timedelta(minutes=42)


def clock_time(moment: object) -> str:
    """A moment as property bags have it: `7/3/2019 10:45:07 AM`."""
    return f"{moment:%-m/%-d/%Y %-I:%M:%S %p}"


def extended_info(job: Job, passed: timedelta) -> Json:
    """`extendedInfo` of a job that began `passed` ago."""
    if job.operation == "Backup":
        return _backup(job, passed)
    if job.operation == "Restore":
        return _restore(job, passed)
    bag = job.bag or {"Policy Name": job.policy}
    return {"tasksList": [], "propertyBag": {"VM Name": job.vm_name} | bag}


def _task(name: str, status: str) -> Json:
    return {"taskId": name, "duration": "PT0S", "status": status}


def _backup(job: Job, passed: timedelta) -> Json:
    snapshot = "Completed" if job.ended or passed >= SNAPSHOT else "InProgress"
    transfer = job.status if job.ended or passed >= TRANSFER else "NotStarted"
    if job.ended and job.status == "Failed" and job.ended - job.started < SNAPSHOT:
        snapshot, transfer = "Failed", "NotStarted"
    bag = {"VM Name": job.vm_name}
    if job.expiry:
        bag["Recovery Point Expiry Time in UTC"] = clock_time(job.expiry)
    if job.status == "Completed":
        bag["Backup Size"] = "21274 MB"
    return {
        "tasksList": [_task("Take Snapshot", snapshot), _task("Transfer data to vault", transfer)],
        "propertyBag": bag,
        "internalPropertyBag": {"IsInstantRpJob": "True"},
    }


def _restore(job: Job, passed: timedelta) -> Json:
    task, bag = _task("Transfer data from vault", job.status), dict(job.bag)
    shown: Json = {"tasksList": [task], "propertyBag": bag, "internalPropertyBag": {}, "progressPercentage": 1.0}
    minutes = int(passed.total_seconds() // 60)
    if job.status == "Completed" or (job.ended is None and minutes >= FIRST_WORD):
        told = timedelta(minutes=FIRST_WORD + (minutes - FIRST_WORD) // STEP * STEP)
        part = 1.0 if job.ended else min(told / RESTORE, 0.99)
        moved = f"{round(job.gigabytes * part, 2):g} GBs / {job.gigabytes} GBs Transferred"
        task["taskExecutionDetails"] = moved
        shown["progressPercentage"] = float(round(100 * part))
        shown["estimatedRemainingDuration"] = "PT0S" if job.ended else duration(RESTORE - told)
    return shown
