"""Azure Backup's protected items and jobs in the core's words. Pure.

ARM and Resource Graph name one state differently, so each has its table here. A word that is in neither is
`UNRECOGNISED`, which the core never acts on.
"""

import re
from dataclasses import replace

from shared.adapters.azure.arm_errors import clean
from shared.adapters.azure.wire import Wire, flag_at, list_at, moment_at, object_at, required_text, text_at, value_at
from shared.domain.arm_id import vault_id_of
from shared.domain.azure_answers import BackupJob
from shared.domain.model import Protection, ProtectionState

IAAS_VM = "azureiaasvm"

# protectionState of an item read from the vault (azure-mgmt-recoveryservicesbackup 11.2.0).
_ARM_STATES = {
    "irpending": ProtectionState.FIRST_BACKUP_PENDING,
    "protected": ProtectionState.PROTECTED,
    "protectionerror": ProtectionState.ERROR,
    "protectionstopped": ProtectionState.STOPPED,
    "protectionpaused": ProtectionState.SUSPENDED,
    "backupssuspended": ProtectionState.SUSPENDED,
}
# currentProtectionState of a row of Resource Graph. ProtectionConfigured covers both sides of the first backup.
_GRAPH_STATES = {
    "configuringprotection": ProtectionState.CONFIGURING,
    "protectionconfigured": ProtectionState.PROTECTED,
    "configuringprotectionfailed": ProtectionState.ERROR,
    "protectionerror": ProtectionState.ERROR,
    "protectionstopped": ProtectionState.STOPPED,
    "protectionpaused": ProtectionState.SUSPENDED,
    "backupssuspended": ProtectionState.SUSPENDED,
    "softdeleted": ProtectionState.SOFT_DELETED,
}
_MADE_A_RECOVERY_POINT = frozenset({"completed", "completedwithwarnings"})


def is_iaas_vm(properties: Wire) -> bool:
    """Whether the item is a backup of a whole VM, rather than of a database or a folder inside it."""
    return required_text(properties, "backupManagementType").lower() == IAAS_VM


def protection_from_item(node: Wire) -> Protection:
    """The protected item as ARM gives it; ValueError where it has no id or no state."""
    properties = object_at(node, "properties")
    state = _ARM_STATES.get(required_text(properties, "protectionState").lower(), ProtectionState.UNRECOGNISED)
    # A soft-deleted item says ProtectionStopped and this flag (recorded traffic, 2019).
    if flag_at(properties, "isScheduledForDeferredDelete"):
        state = ProtectionState.SOFT_DELETED
    return _protection(node, properties, state)


def protection_from_row(row: Wire) -> tuple[str, Protection]:
    """(lower-cased VM id, its item) of a row that `queries.PROTECTED_ITEMS` gives; ValueError as above."""
    state = _GRAPH_STATES.get(required_text(row, "currentProtectionState").lower(), ProtectionState.UNRECOGNISED)
    protection = _protection(row, row, state)
    if state is ProtectionState.PROTECTED and not protection.has_recovery_point:
        protection = _protection(row, row, ProtectionState.FIRST_BACKUP_PENDING)
    source = text_at(row, "sourceResourceId") or required_text(row, "dataSourceId")
    return source.lower(), protection


def _protection(node: Wire, properties: Wire, state: ProtectionState) -> Protection:
    item_id = required_text(node, "id")
    last_status = text_at(properties, "lastBackupStatus")
    point = moment_at(properties, "lastRecoveryPoint")
    has_point = point is not None or last_status.lower() in _MADE_A_RECOVERY_POINT
    policy_id = text_at(properties, "policyId")
    return Protection(
        state=state,
        item_id=item_id,
        vault_id=vault_id_of(item_id),  # properties.vaultId is a URL in recorded traffic of 2026
        backup_policy=text_at(properties, "policyName") or policy_id.rstrip("/").rsplit("/", 1)[-1],
        has_recovery_point=has_point,
        last_backup=moment_at(properties, "lastBackupTime"),
        last_backup_status=last_status,
        backup_running=last_status.lower() == "inprogress",
        recovery_point=point,
    )


def source_of_item(node: Wire) -> str:
    """The lower-cased id of the VM that an item protects; empty where the item does not say."""
    properties = object_at(node, "properties")
    return (text_at(properties, "sourceResourceId") or text_at(properties, "virtualMachineId")).lower()


def job_from_wire(node: Wire) -> BackupJob:
    """A backup job as ARM gives it; ValueError where it has no id, operation or status."""
    return _job(required_text(node, "id"), object_at(node, "properties"))


def job_from_row(row: Wire) -> BackupJob:
    """A backup job of a row that `job_queries.JOBS` gives; ValueError as above."""
    job = _job(required_text(row, "id"), row)
    source = (text_at(row, "dataSourceId") or text_at(row, "dataSourceInfoId")).lower()
    container = job.item_container or _container_in(text_at(row, "backupInstanceId"))
    return replace(job, vm_id=source, item_container=container)


def _job(job_id: str, properties: Wire) -> BackupJob:
    first = _first_error(properties)
    number = value_at(first, "errorCode")
    title, said = (clean(text_at(first, key)) for key in ("errorTitle", "errorString"))
    return BackupJob(
        id=job_id,
        operation=required_text(properties, "operation"),
        status=required_text(properties, "status"),
        item_container=text_at(properties, "containerName").lower().lstrip(";"),  # begins so in traffic of 2019
        started=moment_at(properties, "startTime"),
        ended=moment_at(properties, "endTime"),
        error_code="" if number is None else str(number),
        error=title or said,
        user_triggered=flag_at(properties, "isUserTriggered"),
        error_text=said if title else "",
        recommendations=tuple(clean(str(each)) for each in list_at(first, "recommendations") if each),
        name=text_at(properties, "entityFriendlyName"),
        vault_id=_vault_of(job_id),
    )


def _first_error(properties: Wire) -> Wire:
    details = list_at(properties, "errorDetails")
    return object_at({"error": details[0]}, "error") if details else {}


def _container_in(item_id: str) -> str:
    """`iaasvmcontainerv2;<rg>;<vm>` of a protected item's id; empty where there is none."""
    found = re.search(r"/protectioncontainers/[^;/]+;([^/]+)", item_id, re.IGNORECASE)
    return found[1].lower() if found else ""


def _vault_of(job_id: str) -> str:
    return re.split("/backupjobs/", job_id, maxsplit=1, flags=re.IGNORECASE)[0]
