"""Which failed jobs deserve advice: the last one of each VM and operation, if it failed and is not old.

A later success silences an earlier failure, and so does a new try while it runs. A cancelled job says nothing, so what
was known before it stands. Refuses to advise on a job whose time Azure does not tell: it could be of any year.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from shared.domain.advice import Advice, Advisory
from shared.domain.arm_id import ArmId, parse_vm_id
from shared.domain.azure_answers import BackupJob
from shared.domain.troubles.entry import Kind
from shared.domain.troubleshooting import advice_for

#: The longest time between two backups that a backup policy asks for (weekly), so that each failure is seen until the
#: next try.
FRESH = timedelta(days=7)
_ADVICE = {"backup": Advice.BACKUP_JOB_FAILED, "configurebackup": Advice.CONFIGURE_JOB_FAILED}


def job_advisories(jobs: Iterable[BackupJob], now: datetime) -> tuple[Advisory, ...]:
    """Advice about each VM whose last Backup or ConfigureBackup job, begun in the last seven days, failed.

    The jobs may come in any order and more than once. The advice is ordered by VM and operation; `resource_id` is the
    job's, so that a person finds it, and `vm` is None where Azure does not tell the VM of a job.
    """
    last: dict[tuple[str, str], tuple[datetime, str, BackupJob]] = {}
    for job in jobs:
        operation = job.operation.lower()
        if job.started is None or operation not in _ADVICE or job.cancelled:
            continue
        key, candidate = (vm_key(job), operation), (job.started, job.id.lower(), job)
        if key not in last or candidate[:2] >= last[key][:2]:
            last[key] = candidate
    return tuple(
        Advisory(_ADVICE[operation], job.id, job_detail(job), _vm(job))
        for (_, operation), (began, _, job) in sorted(last.items(), key=lambda each: each[0])
        if job.failed and now - began <= FRESH
    )


def vm_key(job: BackupJob) -> str:
    """What tells a job's VM from others: its id, else its container in its vault, else its name there."""
    return job.vm_id or f"{job.vault_id}|{job.item_container or job.name}".lower()


def job_detail(job: BackupJob) -> str:
    """Azure's code, title and recommendations as one line, then our remedy; its status where it tells none of them.

    Of an error whose code nobody knows Azure's own text is told too.
    """
    title = " ".join(part for part in (job.error_code, job.error or job.error_text) if part)
    parts = [title or f"{job.operation} {job.status}, and Azure does not say why"]
    trouble = advice_for(job.error_code, job.error)
    if trouble.kind is Kind.UNKNOWN and job.error and job.error_text:
        parts.append(job.error_text)
    parts += job.recommendations
    if (job.error_code or job.error) and trouble.remedy:
        parts.append(f"Remedy: {trouble.remedy}")
    return ". ".join(each.rstrip(". ") for each in parts)


def _vm(job: BackupJob) -> ArmId | None:
    try:
        return parse_vm_id(job.vm_id)
    except ValueError:  # no id told, or that of a classic VM
        return None
