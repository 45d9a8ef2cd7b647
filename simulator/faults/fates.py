"""The bad ends of operations and jobs, with the codes that Azure gives them. Pure.

Codes and what goes with them are the backup service's own (`simulator/backup/errors.py`); a rule may give any other.
"""

from dataclasses import replace

from simulator.backup.errors import KNOWN, details_of, message_of
from simulator.core.fate import Fate
from simulator.core.wire import AzureError, Json
from simulator.faults.kinds import JobFault, OperationFault, Refusal

#: What a backup that fails says unless the rule says otherwise.
USUAL = "UserErrorGuestAgentStatusUnavailable"
WARNING = {
    "errorCode": 400239,
    "errorTitle": "CrashConsistentSnapshot",
    "errorString": "The snapshot is crash-consistent: the VM's applications were not brought to rest.",
    "recommendations": ["Check the VSS writers or the scripts inside the VM."],
}


def fate_of(rule: OperationFault | JobFault, fate: Fate) -> Fate:
    """The fate, with what this rule adds to it."""
    delay = fate.delay + rule.delay_seconds
    if isinstance(rule, JobFault):
        given: tuple[Json, ...] = tuple(each.model_dump(mode="json", by_alias=True) for each in rule.errors or ())
        if rule.code is not None:
            given = (*given, details_of(rule.code, rule.message or ""))
        usual = details_of(USUAL) if rule.status == "Failed" else WARNING
        return replace(fate, delay=delay, job_status=rule.status, job_errors=given or (usual,))
    if rule.code is None:
        return replace(fate, delay=delay)
    return replace(fate, delay=delay, error={"code": rule.code, "message": rule.message or message_of(rule.code)})


def refused(rule: Refusal) -> AzureError:
    """The service's answer where it refuses a request at once."""
    known = KNOWN.get(rule.code.lower())
    status = rule.status or (known.status if known else 400)
    return AzureError(status, rule.code, rule.message or message_of(rule.code, "The request was refused."))
