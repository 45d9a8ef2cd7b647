"""In which states each reason may stand: for the page of reasons, and held to `matching` by a property test.

The first state is the one that the reason itself brings about, or the one in which it is met most. This table explains;
it decides nothing, and no code asks it for a verdict.
"""

from collections.abc import Mapping

from shared.domain.model import State
from shared.domain.reasons import Reason

_MISSING = (State.NON_COMPLIANT, State.EXEMPT)  # what a backup lacks; an opt-out that is honoured excuses it
_AS_ASKED = (State.COMPLIANT, State.NON_COMPLIANT, State.EXEMPT)
_REFUSED = (
    State.NON_COMPLIANT,
    State.COMPLIANT,
)  # an opt-out that is not honoured; the VM may be protected all the same
_LEFT_ALONE = (State.NOT_APPLICABLE,)

STATES: Mapping[Reason, tuple[State, ...]] = {
    Reason.UNPROTECTED: _MISSING,
    Reason.PROTECTED: _AS_ASKED,
    Reason.PROTECTION_IN_PROGRESS: _MISSING,
    Reason.INITIAL_BACKUP_RUNNING: _AS_ASKED,
    Reason.NO_RECOVERY_POINT: _MISSING,
    Reason.INITIAL_BACKUP_FAILED: _MISSING,
    Reason.PROTECTION_ERROR: _MISSING,
    Reason.PROTECTION_STOPPED: _MISSING,
    Reason.PROTECTION_SUSPENDED: _MISSING,
    Reason.SOFT_DELETED: _MISSING,
    Reason.OTHER_BACKUP_POLICY: _MISSING,
    Reason.PROTECTED_ELSEWHERE: _AS_ASKED,
    Reason.UNRECOGNISED_PROTECTION_STATE: _MISSING,
    Reason.BACKUP_POLICY_NOT_NAMED: _MISSING,
    Reason.BACKUP_POLICY_NOT_ALLOWED: _MISSING,
    Reason.NO_VAULT_IN_REGION: (State.NON_COMPLIANT,),
    Reason.NEEDS_ENHANCED_POLICY: (State.NON_COMPLIANT,),
    Reason.VM_NOT_READY: (State.NON_COMPLIANT,),
    Reason.VAULT_REDUNDANCY_DIFFERS: (State.NON_COMPLIANT,),
    Reason.RECOVERY_POINTS_OF_EARLIER_VM: _AS_ASKED,
    Reason.SETTLING: (State.NON_COMPLIANT,),
    Reason.OPTED_OUT: (State.EXEMPT, State.COMPLIANT),
    Reason.OPT_OUT_EXPIRED: _REFUSED,
    Reason.OPT_OUT_MALFORMED: _REFUSED,
    Reason.OPT_OUT_TOO_LONG: _REFUSED,
    Reason.OPT_OUT_REASON_NOT_ALLOWED: _REFUSED,
    Reason.OPT_OUT_FORBIDDEN: _REFUSED,
    Reason.EXCLUDED_DATABRICKS: _LEFT_ALONE,
    Reason.EXCLUDED_AKS: _LEFT_ALONE,
    Reason.EXCLUDED_ARO: _LEFT_ALONE,
    Reason.EXCLUDED_VMSS_UNIFORM: _LEFT_ALONE,
    Reason.EXCLUDED_AVD_POOLED: _LEFT_ALONE,
    Reason.EXCLUDED_BATCH: _LEFT_ALONE,
    Reason.EXCLUDED_CITRIX: _LEFT_ALONE,
    Reason.EXCLUDED_SPOT: _LEFT_ALONE,
    Reason.OUT_OF_SCOPE: _LEFT_ALONE,
    Reason.UNSUPPORTED_EPHEMERAL_OS_DISK: _LEFT_ALONE,
    Reason.UNSUPPORTED_OPERATING_SYSTEM: _LEFT_ALONE,
    Reason.UNSUPPORTED_CONFIDENTIAL_CMK: _LEFT_ALONE,
    Reason.UNSUPPORTED_TOO_MANY_DISKS: _LEFT_ALONE,
    Reason.UNSUPPORTED_DISK_TOO_LARGE: _LEFT_ALONE,
    Reason.UNSUPPORTED_TOTAL_SIZE: _LEFT_ALONE,
    Reason.EXCLUDED_BY_POLICY: _LEFT_ALONE,
    Reason.VM_BEING_DELETED: _LEFT_ALONE,
    Reason.VM_GONE: _LEFT_ALONE,
    Reason.NO_RULE_MATCHES: _LEFT_ALONE,
    Reason.POLICY_DISABLED: _LEFT_ALONE,
    Reason.READ_FAILED: (State.UNKNOWN,),
}
