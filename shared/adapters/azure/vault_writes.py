"""Writes to a vault itself, next to those to its items in `backup.py`.

Each is one request that is never repeated and never waited for: Azure's 202 is handed back, to be followed. This module
refuses to decide whether a write is right; whoever calls it has read the vault and holds the guards.
"""

from azure.mgmt.recoveryservices.aio import RecoveryServicesClient
from azure.mgmt.recoveryservices.models import Vault as VaultResource
from azure.mgmt.recoveryservicesbackup.aio import RecoveryServicesBackupClient
from azure.mgmt.recoveryservicesbackup.models import BackupResourceConfigResource, ProtectionPolicyResource

from shared.adapters.azure.arm_errors import translated
from shared.adapters.azure.connection import Connection
from shared.adapters.azure.first_answer import FirstAnswer
from shared.adapters.azure.policy_body import policy_to_wire
from shared.domain.arm_id import parse_id
from shared.domain.azure_answers import Accepted, NewVault
from shared.domain.backup_policy import BackupPolicy
from shared.domain.policy_file.vault import VAULT_NAME
from shared.errors import PermanentError


class AzureVaultWrites:
    """The part of the port Backup that writes to vaults."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def create_vault(self, new: NewVault) -> Accepted:
        """PUT a vault; Azure goes on making it (`Provisioning`, recorded 2026). PermanentError for an impossible name.

        It replaces the settings of a vault of that name, so the caller has read that there is none.
        """
        if VAULT_NAME.fullmatch(new.id.name) is None:
            why = f"{new.id.name!r} is no name for a vault: 2 to 50 letters, digits and hyphens, a letter first"
            raise PermanentError(why, code="VAULT_NAME", resource_id=new.id.text)
        with translated(new.id.text):
            client = self._connection.client(RecoveryServicesClient, new.id.subscription_id)
            answer = FirstAnswer()
            properties: dict[str, object] = {"publicNetworkAccess": new.public_network_access}
            if redundancy := _redundancy(new):
                properties["redundancySettings"] = redundancy
            body = {"location": new.location, "sku": {"name": "RS0", "tier": "Standard"}, "properties": properties}
            _ = await client.vaults.begin_create_or_update(
                new.id.resource_group,
                new.id.name,
                VaultResource({**body, "tags": dict(new.tags)}),
                polling=False,
                raw_response_hook=answer,
            )
            return answer.accepted()

    async def set_redundancy(self, new: NewVault) -> None:
        """PATCH the vault's storage configuration: 204, at once. Azure refuses it from the first protected item on."""
        with translated(new.id.text):
            client = self._connection.client(RecoveryServicesBackupClient, new.id.subscription_id)
            properties: dict[str, object] = {"storageType": new.redundancy, "storageModelType": new.redundancy}
            if new.cross_region_restore is not None:
                properties["crossRegionRestoreFlag"] = new.cross_region_restore
            await client.backup_resource_storage_configs_non_crr.patch(
                new.id.name, new.id.resource_group, BackupResourceConfigResource({"properties": properties})
            )

    async def put_backup_policy(self, vault_id: str, policy: BackupPolicy) -> Accepted:
        """PUT a backup policy into the vault, in place of the one of this name, if there is one.

        A 202 means that the change is taken over to the items under it. Azure's 200 ends at once: no URL to follow.
        PermanentError for a policy that was not understood, before anything is sent.
        """
        with translated(vault_id):
            vault, properties = parse_id(vault_id), policy_to_wire(policy)
            client = self._connection.client(RecoveryServicesBackupClient, vault.subscription_id)
            answer = FirstAnswer()
            await client.protection_policies.create_or_update(
                vault.name,
                vault.resource_group,
                policy.name,
                ProtectionPolicyResource({"properties": properties}),
                raw_response_hook=answer,
            )
            return answer.accepted()


def _redundancy(new: NewVault) -> dict[str, object]:
    settings: dict[str, object] = {}
    if new.redundancy:
        settings["standardTierStorageRedundancy"] = new.redundancy
    if new.cross_region_restore is not None:
        settings["crossRegionRestore"] = "Enabled" if new.cross_region_restore else "Disabled"
    return settings
