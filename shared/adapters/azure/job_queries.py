"""The questions to Resource Graph about backup jobs, in KQL: constants, as those in `queries.py`.

A row names its VM by `dataSourceId` and its item by `backupInstanceId` (documentation of Azure Backup, 2021, and public
queries of 2026); `errorDetails` are the vault's own.
"""

JOBS = """
recoveryservicesresources
| where type =~ 'microsoft.recoveryservices/vaults/backupjobs'
| where properties.backupManagementType =~ 'AzureIaasVM'
| where todatetime(properties.startTime) >= ago(14d)
| project id,
    operation = tostring(properties.operation),
    status = tostring(properties.status),
    startTime = tostring(properties.startTime),
    endTime = tostring(properties.endTime),
    entityFriendlyName = tostring(properties.entityFriendlyName),
    containerName = tostring(properties.containerName),
    backupInstanceId = tostring(properties.backupInstanceId),
    dataSourceId = tostring(properties.dataSourceId),
    dataSourceInfoId = tostring(properties.dataSourceInfo.resourceID),
    isUserTriggered = properties.isUserTriggered,
    errorDetails = properties.errorDetails
| order by id asc
"""

#: So many days back can be asked for; Resource Graph keeps no more than the last (documentation of Azure Backup, 2021).
DAYS = (1, 3, 7, 14)


def jobs_of(days: int) -> str:
    """`JOBS` of so many days, one of `DAYS`."""
    return JOBS.replace("ago(14d)", f"ago({DAYS[DAYS.index(days)]}d)")


# The registrations that count against a vault's day, whoever asked for them.
CONFIGURED = """
recoveryservicesresources
| where type =~ 'microsoft.recoveryservices/vaults/backupjobs'
| where properties.backupManagementType =~ 'AzureIaasVM'
| where properties.operation =~ 'ConfigureBackup'
| where todatetime(properties.startTime) >= ago(1d)
| project id,
    operation = tostring(properties.operation),
    status = tostring(properties.status),
    startTime = tostring(properties.startTime),
    endTime = tostring(properties.endTime),
    entityFriendlyName = tostring(properties.entityFriendlyName),
    containerName = tostring(properties.containerName),
    backupInstanceId = tostring(properties.backupInstanceId),
    dataSourceId = tostring(properties.dataSourceId),
    dataSourceInfoId = tostring(properties.dataSourceInfo.resourceID),
    isUserTriggered = properties.isUserTriggered,
    errorDetails = properties.errorDetails
| order by id asc
"""

# Of each VM and operation the last job that nobody cancelled, if it failed: a few rows, however large the estate.
FAILED_LAST = """
recoveryservicesresources
| where type =~ 'microsoft.recoveryservices/vaults/backupjobs'
| where properties.backupManagementType =~ 'AzureIaasVM'
| where properties.operation in~ ('Backup', 'ConfigureBackup')
| where not(properties.status startswith 'Cancel')
| extend began = todatetime(properties.startTime)
| where began >= ago(7d)
| extend source = tolower(tostring(properties.dataSourceId)),
    sourceInfo = tolower(tostring(properties.dataSourceInfo.resourceID)),
    itemContainer = tolower(tostring(properties.containerName)),
    vmName = tolower(tostring(properties.entityFriendlyName)),
    work = tolower(tostring(properties.operation))
| summarize arg_max(began, id, properties) by source, sourceInfo, itemContainer, vmName, work
| where properties.status =~ 'Failed'
| project id,
    operation = tostring(properties.operation),
    status = tostring(properties.status),
    startTime = tostring(properties.startTime),
    endTime = tostring(properties.endTime),
    entityFriendlyName = tostring(properties.entityFriendlyName),
    containerName = tostring(properties.containerName),
    backupInstanceId = tostring(properties.backupInstanceId),
    dataSourceId = tostring(properties.dataSourceId),
    dataSourceInfoId = tostring(properties.dataSourceInfo.resourceID),
    isUserTriggered = properties.isUserTriggered,
    errorDetails = properties.errorDetails
| order by id asc
"""
