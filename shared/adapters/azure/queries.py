"""The questions to Resource Graph, in KQL. They are constants: no text of anybody's is ever put into a query.

Each projects `id` and orders by it, because without them Resource Graph gives no skip token and no stable pages.
"""

SUBSCRIPTIONS = """
resourcecontainers
| where type =~ 'microsoft.resources/subscriptions'
| project id, subscriptionId, name, tenantId, tags, managementGroups = properties.managementGroupAncestorsChain
| order by id asc
"""

GROUPS = """
resourcecontainers
| where type =~ 'microsoft.resources/subscriptions/resourcegroups'
| project id, managedBy, tags
| order by id asc
"""

VMS = """
resources
| where type in~ ('microsoft.compute/virtualmachines', 'microsoft.classiccompute/virtualmachines')
| project id, location, tags, managedBy,
    provisioningState = tostring(properties.provisioningState),
    timeCreated = tostring(properties.timeCreated),
    vmId = tostring(properties.vmId),
    imagePublisher = tostring(properties.storageProfile.imageReference.publisher),
    imageOffer = tostring(properties.storageProfile.imageReference.offer),
    imageSku = tostring(properties.storageProfile.imageReference.sku),
    imageId = tostring(properties.storageProfile.imageReference.id),
    size = tostring(properties.hardwareProfile.vmSize),
    securityType = tostring(properties.securityProfile.securityType),
    encryptionAtHost = properties.securityProfile.encryptionAtHost,
    osDisk = properties.storageProfile.osDisk,
    dataDisks = properties.storageProfile.dataDisks,
    priority = tostring(properties.priority),
    powerState = tostring(properties.extended.instanceView.powerState.code),
    zones,
    classicDisk = properties.storageProfile.operatingSystemDisk,
    classicSize = tostring(properties.hardwareProfile.size),
    classicPower = tostring(properties.instanceView.powerState)
| order by id asc
"""

HOST_POOLS = """
desktopvirtualizationresources
| where type =~ 'microsoft.desktopvirtualization/hostpools'
| project id, hostPoolType = tostring(properties.hostPoolType)
| order by id asc
"""

VAULTS = """
resources
| where type =~ 'microsoft.recoveryservices/vaults'
| project id, location, tags,
    provisioningState = tostring(properties.provisioningState),
    redundancySettings = properties.redundancySettings,
    securitySettings = properties.securitySettings
| order by id asc
"""

PROTECTED_ITEMS = """
recoveryservicesresources
| where type =~ 'microsoft.recoveryservices/vaults/backupfabrics/protectioncontainers/protecteditems'
| where properties.backupManagementType =~ 'AzureIaasVM'
| project id,
    sourceResourceId = tostring(properties.sourceResourceId),
    dataSourceId = tostring(properties.dataSourceInfo.resourceID),
    currentProtectionState = tostring(properties.currentProtectionState),
    policyName = tostring(properties.policyName),
    policyId = tostring(properties.policyId),
    lastRecoveryPoint = tostring(properties.lastRecoveryPoint),
    lastBackupStatus = tostring(properties.lastBackupStatus),
    lastBackupTime = tostring(properties.lastBackupTime)
| order by id asc
"""

# A row of a job names its VM by `dataSourceId` and its item by `backupInstanceId` (documentation of Azure Backup, 2021,
# and public queries of 2026); `errorDetails` are the vault's own.
_JOB_COLUMNS = """
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
_JOBS = """
recoveryservicesresources
| where type =~ 'microsoft.recoveryservices/vaults/backupjobs'
| where properties.backupManagementType =~ 'AzureIaasVM'
| where todatetime(properties.startTime) >= ago(14d)
"""
JOB_DAYS = (1, 3, 7, 14)  # Resource Graph keeps no more (documentation of Azure Backup, 2021)
JOBS = {days: _JOBS.replace("ago(14d)", f"ago({days}d)") + _JOB_COLUMNS for days in JOB_DAYS}

# Of each VM and operation the last job that nobody cancelled, if it failed: a few rows, however large the estate.
_FAILED_LAST = """
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
"""
FAILED_LAST = _FAILED_LAST + _JOB_COLUMNS

BACKUP_POLICIES = """
recoveryservicesresources
| where type =~ 'microsoft.recoveryservices/vaults/backuppolicies'
| project id, name, properties
| order by id asc
"""
