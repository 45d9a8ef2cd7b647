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

BACKUP_POLICIES = """
recoveryservicesresources
| where type =~ 'microsoft.recoveryservices/vaults/backuppolicies'
| project id, name, properties
| order by id asc
"""
