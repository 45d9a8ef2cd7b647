"""The bad ends of operations and jobs, with the codes that Azure gives them. Pure.

Codes and texts are the backup service's where they are documented or were recorded; a rule may give any other. A
job's `errorCode` is a number; those not documented are ours.
"""

from dataclasses import replace

from simulator.core.fate import Fate
from simulator.core.wire import Json
from simulator.faults.kinds import JobFault, OperationFault

MESSAGES = {
    "UserErrorRequestDisallowedByPolicy": (
        "An invalid policy is configured on the VM which is preventing Snapshot operation."
    ),
    "BMSUserErrorInvalidConfigureProtectionRequest": (
        "Input for configure protection is not in proper format\r\n"
        "Please ensure that container exists and other parameters are in valid format"
    ),
    "UserErrorGuestAgentStatusUnavailable": "Backup failed because the VM agent is not ready or does not respond.",
    "UserErrorVmNotInDesirableState": "The VM is not in a state that allows backups.",
    "CloudServiceRetryableError": "The service could not finish the operation; it may be tried again.",
}
#: What a failed backup's job says unless the rule says otherwise.
AGENT = {
    "errorCode": 400201,
    "errorTitle": "UserErrorGuestAgentStatusUnavailable",
    "errorString": "The VM agent is not ready, so no snapshot could be taken.",
    "recommendations": ["Check that the VM agent runs and can reach the network.", "Start the backup again."],
}
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
        usual = AGENT if rule.status == "Failed" else WARNING
        return replace(fate, delay=delay, job_status=rule.status, job_errors=given or (usual,))
    if rule.code is None:
        return replace(fate, delay=delay)
    message = rule.message or MESSAGES.get(rule.code, "The operation failed.")
    return replace(fate, delay=delay, error={"code": rule.code, "message": message})
