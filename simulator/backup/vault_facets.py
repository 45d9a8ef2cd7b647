"""What a vault's `properties` say: its redundancy, how it guards what it holds, and settings that nobody changes here.

The keys are those of 2026; where no fact tells a value it is the SDK's word for the usual. Pure: a record in, JSON out.
"""

from simulator.core.model import SOFT_DELETE_DAYS, Vault
from simulator.core.wire import Json

#: Settings that no request changes here.
FIXED: Json = {
    "monitoringSettings": {
        "azureMonitorAlertSettings": {
            "alertsForAllJobFailures": "Enabled",
            "alertsForAllReplicationIssues": "Enabled",
            "alertsForAllFailoverIssues": "Enabled",
        },
        "classicAlertSettings": {
            "alertsForCriticalOperations": "Disabled",
            "emailNotificationsForSiteRecovery": "Disabled",
        },
    },
    "costManagementSettings": {"granularityLevel": "ProtectedItemLevel"},
    "regionOfChoiceSettings": {"status": "Disabled"},
    "restoreSettings": {"crossSubscriptionRestoreSettings": {"crossSubscriptionRestoreState": "Enabled"}},
    "secureScore": "Adequate",
    "bcdrSecurityLevel": "Good",
    "publicNetworkAccess": "Enabled",
    "privateEndpointStateForBackup": "None",
    "privateEndpointStateForSiteRecovery": "None",
}


def vault_properties(vault: Vault) -> Json:
    """`properties` of a vault."""
    stored, guarded = vault.settings.get("storage", {}), vault.settings.get("security", {})
    immutable = vault.settings.get("immutability")
    return {
        "provisioningState": vault.provisioning,
        **({"encryption": vault.settings["encryption"]} if "encryption" in vault.settings else {}),
        "redundancySettings": {
            "standardTierStorageRedundancy": stored.get("storageType", "GeoRedundant"),
            "crossRegionRestore": "Enabled" if stored.get("crossRegionRestoreFlag") else "Disabled",
        },
        "securitySettings": {
            "softDeleteSettings": {
                "softDeleteState": guarded.get("softDeleteFeatureState", "AlwaysON"),
                "softDeleteRetentionPeriodInDays": guarded.get("softDeleteRetentionPeriodInDays", SOFT_DELETE_DAYS),
                "enhancedSecurityState": "AlwaysON",
            },
            **({"immutabilitySettings": immutable} if immutable else {}),
            "multiUserAuthorization": "Invalid",
            "sourceScanConfiguration": {"state": "Disabled"},
        },
        **FIXED,
        **vault.settings.get("network", {}),
    }
