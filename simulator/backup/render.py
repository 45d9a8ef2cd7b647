"""How the backup service's records look on the wire: vaults, backup policies, protected items, jobs.

Shapes follow recorded traffic of 2019-20, with the fields that 2026 added. Pure: a record and a moment in, JSON out.
"""

from datetime import datetime, timedelta

from simulator.backup.job_tasks import extended_info
from simulator.backup.vault_facets import vault_properties
from simulator.core.model import IAAS, SOFT_DELETE_DAYS, BackupPolicy, Job, ProtectedItem, Vault
from simulator.core.wire import Json, duration, stamp, timespan

ITEM_TYPE = "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems"
VM_ITEM, CLASSIC = "Microsoft.Compute/virtualMachines", "Microsoft.ClassicCompute/virtualMachines"
#: lastBackupTime of an item that has never been backed up (recorded traffic, 2019).
NEVER = "2001-01-01T00:00:00Z"
HEALTHY = {
    "code": 400239,
    "title": "IaasVmHealthGreenDefault",
    "message": "Backup pre-check status of this virtual machine is OK.",
    "recommendations": [],
}


def spell(arm_id: str, casing: int) -> str:
    """The id as one of the service's stamps spells it."""
    if casing == 1:
        return arm_id.replace("/subscriptions/", "/Subscriptions/", 1)
    if casing == 2:
        lowered = arm_id.replace("/resourceGroups/", "/resourcegroups/", 1)
        return lowered.replace("Microsoft.RecoveryServices", "microsoft.recoveryservices", 1)
    return arm_id


def item_id(vault: Vault, item: ProtectedItem) -> str:
    """A protected item's id in the usual spelling."""
    return f"{vault.id}/backupFabrics/Azure/protectionContainers/{item.container}/protectedItems/{item.name}"


def policy_id(vault: Vault, name: str) -> str:
    """The id of the vault's policy in its stamp's spelling; empty for no policy."""
    return spell(f"{vault.id}/backupPolicies/{name}", vault.casing) if name else ""


def vault_body(vault: Vault) -> Json:
    """A vault (fields of 2026)."""
    return {
        "location": vault.location,
        "name": vault.name,
        "etag": f"W/\"datetime'{stamp(vault.created)}'\"",
        **({"tags": vault.tags} if vault.tags else {}),
        **({"identity": vault.settings["identity"]} if "identity" in vault.settings else {}),
        "properties": vault_properties(vault),
        "id": vault.id,
        "type": "Microsoft.RecoveryServices/vaults",
        "sku": {"name": "RS0", "tier": "Standard"},
    }


def policy_body(vault: Vault, policy: BackupPolicy, count: int, now: datetime) -> Json:
    """A backup policy with the number of items under it."""
    properties: Json
    day = now.strftime("%Y-%m-%d")
    if policy.definition is not None:
        properties = dict(policy.definition)
    elif policy.management != IAAS:
        properties = {
            "backupManagementType": policy.management,
            "workLoadType": "SQLDataBase",
            "settings": {"timeZone": "UTC", "issqlcompression": False, "isCompression": False},
            "subProtectionPolicy": _database(f"{day}T23:00:00Z"),
        }
    elif policy.version == "V2":
        at = f"{day}T08:00:00+00:00"
        hourly = {"interval": 4, "scheduleWindowStartTime": at, "scheduleWindowDuration": 12}
        schedule = {"scheduleRunFrequency": "Hourly", "hourlySchedule": hourly}
        properties = _iaas(policy, "SimpleSchedulePolicyV2", schedule, at)
    else:
        at = f"{day}T23:00:00Z"
        daily = {"scheduleRunFrequency": "Daily", "scheduleRunTimes": [at], "scheduleWeeklyFrequency": 0}
        properties = _iaas(policy, "SimpleSchedulePolicy", daily, at)
    return {
        "id": spell(f"{vault.id}/backupPolicies/{policy.name}", min(vault.casing, 1)),
        "name": policy.name,
        "type": "Microsoft.RecoveryServices/vaults/backupPolicies",
        "properties": properties | {"protectedItemsCount": count},
    }


def _iaas(policy: BackupPolicy, schedule_type: str, schedule: Json, at: str) -> Json:
    keep = {"retentionTimes": [at], "retentionDuration": {"count": 30, "durationType": "Days"}}
    return {
        "backupManagementType": IAAS,
        "policyType": policy.version,
        "instantRPDetails": {},
        "schedulePolicy": {"schedulePolicyType": schedule_type, **schedule},
        "retentionPolicy": {"retentionPolicyType": "LongTermRetentionPolicy", "dailySchedule": keep},
        "instantRpRetentionRangeInDays": 2,
        "timeZone": "UTC",
    }


def _database(at: str) -> list[Json]:
    """A full backup each night, the log each hour. The Azure CLI takes for granted that there is a first one."""
    nightly = {"scheduleRunFrequency": "Daily", "scheduleRunTimes": [at], "scheduleWeeklyFrequency": 0}
    span = {"count": 30, "durationType": "Days"}
    keep = {"retentionTimes": [at], "retentionDuration": span}
    return [
        {
            "policyType": "Full",
            "schedulePolicy": {"schedulePolicyType": "SimpleSchedulePolicy", **nightly},
            "retentionPolicy": {"retentionPolicyType": "LongTermRetentionPolicy", "dailySchedule": keep},
        },
        {
            "policyType": "Log",
            "schedulePolicy": {"schedulePolicyType": "LogSchedulePolicy", "scheduleFrequencyInMins": 60},
            "retentionPolicy": {"retentionPolicyType": "SimpleRetentionPolicy", "retentionDuration": span},
        },
    ]


def item_body(vault: Vault, item: ProtectedItem, now: datetime) -> Json:
    """A protected item as the vault shows it."""
    policy = vault.policies.get(item.policy.lower())
    virtual = item.management == IAAS
    properties: Json = {
        "friendlyName": item.vm_name if virtual else item.name.rsplit(";", 1)[-1],
        "protectionStatus": item.health.get("protectionStatus", "Healthy"),
        "protectionState": item.state,
        "lastBackupStatus": item.last_status,
        "lastBackupTime": stamp(item.last_backup) if item.last_backup else NEVER,
        "protectedItemType": item_type(item),
        "backupManagementType": item.management,
        "workloadType": "VM" if virtual else "SQLDataBase",
        "containerName": item.container.split(";", 1)[1] if virtual else item.container,
        "sourceResourceId": item.source_id,
        "policyId": policy_id(vault, item.policy),
        "policyName": item.policy,
        "vaultId": f"https://management.azure.com{vault.id}",
        "isArchiveEnabled": False,
        "softDeleteRetentionPeriod": SOFT_DELETE_DAYS if item.soft_deleted else 0,
        "sourceLocation": item.location,
    }
    if virtual:
        if item.disks is not None:
            properties["extendedProperties"] = {"diskExclusionProperties": item.disks}
        properties |= {
            "virtualMachineId": item.source_id,
            "healthStatus": item.health.get("healthStatus", "Passed"),
            "protectedItemDataId": item.data_id,
        }
    else:
        properties |= {"protectedItemHealthStatus": "Healthy", "protectedItemDataSourceId": item.data_id}
    if policy is not None and virtual:
        properties["policyType"] = policy.version
    details = item.health.get("healthDetails", [HEALTHY] if item.last_backup else [])
    if details and virtual:
        properties["healthDetails"] = details
    if item.last_point:
        properties["lastRecoveryPoint"] = stamp(item.last_point)
    if item.deleted is not None:
        left = item.deleted + timedelta(days=SOFT_DELETE_DAYS) - now
        properties["isScheduledForDeferredDelete"] = True
        properties["deferredDeleteTimeInUTC"] = stamp(item.deleted)
        properties["deferredDeleteTimeRemaining"] = timespan(left)
    return {
        "id": spell(item_id(vault, item), min(vault.casing, 1)),
        "name": item.name,
        "type": ITEM_TYPE,
        "properties": properties,
    }


def item_type(item: ProtectedItem) -> str:
    """An item's `protectedItemType`; virtual machines of the classic kind were still backed up in 2019."""
    if item.management != IAAS:
        return "AzureVmWorkloadSQLDatabase"
    return CLASSIC if f"/providers/{CLASSIC}/".lower() in item.source_id.lower() else VM_ITEM


def version_of(container: str) -> str:
    """`virtualMachineVersion` of what is in a container: the name of its provider without the company."""
    return "ClassicCompute" if container.split(";")[1].lower() == "iaasvmcontainer" else "Compute"


def job_body(vault: Vault, job: Job, now: datetime, *, detail: bool = False) -> Json:
    """A job; only with `detail` (a GET of this one job) has it its tasks, as in Azure."""
    properties: Json = {
        "jobType": "AzureIaaSVMJob",
        "containerName": job.container.split(";", 1)[1],
        "duration": duration((job.ended or now) - job.started),
        "virtualMachineVersion": version_of(job.container),
        "entityFriendlyName": job.vm_name,
        "backupManagementType": IAAS,
        "operation": job.operation,
        "status": job.status,
        "startTime": stamp(job.started),
        "activityId": job.activity,
        "isUserTriggered": job.user_triggered,
    }
    if job.ended:
        properties["endTime"] = stamp(job.ended)
    if job.errors:
        properties["errorDetails"] = job.errors
    if job.operation in ("Backup", "Restore"):
        properties["actionsInfo"] = [1]
    if detail:
        properties["extendedInfo"] = extended_info(job, now - job.started)
    return {
        "id": spell(f"{vault.id}/backupJobs/{job.id}", min(vault.casing, 1)),
        "name": job.id,
        "type": "Microsoft.RecoveryServices/vaults/backupJobs",
        "properties": properties,
    }
