"""The questions to Resource Graph that copy an estate into a file, in KQL. Constants, as in `queries.py`.

They ask for whole `properties` where a copy needs them; what of these goes into the file, `estate_mapping.py` decides.
"""

SUBSCRIPTIONS = """
resourcecontainers
| where type =~ 'microsoft.resources/subscriptions'
| project id, subscriptionId, name, tenantId, ancestors = properties.managementGroupAncestorsChain
| order by id asc
"""

GROUPS = """
resourcecontainers
| where type =~ 'microsoft.resources/subscriptions/resourcegroups'
| project id, name, location, tags, managedBy
| order by id asc
"""

VAULTS = """
resources
| where type =~ 'microsoft.recoveryservices/vaults'
| project id, location, tags, properties
| order by id asc
"""

POLICIES = """
recoveryservicesresources
| where type =~ 'microsoft.recoveryservices/vaults/backuppolicies'
| project id, name, properties
| order by id asc
"""

VMS = """
resources
| where type in~ ('microsoft.compute/virtualmachines', 'microsoft.classiccompute/virtualmachines')
| project id, location, tags, zones, identity, managedBy, properties
| order by id asc
"""

ITEMS = """
recoveryservicesresources
| where type =~ 'microsoft.recoveryservices/vaults/backupfabrics/protectioncontainers/protecteditems'
| project id,
    management = tostring(properties.backupManagementType),
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
