"""The questions to Resource Graph about what surrounds VMs, in KQL. Constants, as in `queries.py`.

Definitions are those that can deny a resource group: of mode All, not of an effect that is another word than deny.
Initiatives are a customer's own: Azure's built-in ones deny no resource group.
"""

ASSIGNMENTS = """
policyresources
| where type =~ 'microsoft.authorization/policyassignments'
| where properties.enforcementMode !~ 'DoNotEnforce'
| project id,
    scope = tostring(properties.scope),
    definition = tostring(properties.policyDefinitionId),
    displayName = tostring(properties.displayName),
    parameters = properties.parameters,
    notScopes = properties.notScopes
| order by id asc
"""

DEFINITIONS = """
policyresources
| where type =~ 'microsoft.authorization/policydefinitions'
| where properties.mode =~ 'All'
| extend effect = tostring(properties.policyRule.then.effect)
| where effect =~ 'deny' or effect startswith '['
| project id, mode = tostring(properties.mode), rule = properties.policyRule, parameters = properties.parameters
| order by id asc
"""

ENCRYPTED_DISKS = """
resources
| where type =~ 'microsoft.compute/disks'
| where properties.encryptionSettingsCollection.enabled == true
| project id, managedBy, settings = properties.encryptionSettingsCollection.encryptionSettings
| order by id asc
"""

INITIATIVES = """
policyresources
| where type =~ 'microsoft.authorization/policysetdefinitions'
| where properties.policyType =~ 'Custom'
| project id, members = properties.policyDefinitions, parameters = properties.parameters
| order by id asc
"""
