"""Writes to a vault itself, next to those to its items in `backup.py`.

Each is one request that is never repeated and never waited for: Azure's 202 is handed back, to be followed. This module
refuses to decide whether a write is right; whoever calls it has read the vault and holds the guards.
"""

from azure.mgmt.recoveryservicesbackup.aio import RecoveryServicesBackupClient
from azure.mgmt.recoveryservicesbackup.models import ProtectionPolicyResource

from shared.adapters.azure.arm_errors import translated
from shared.adapters.azure.connection import Connection
from shared.adapters.azure.first_answer import FirstAnswer
from shared.adapters.azure.policy_body import policy_to_wire
from shared.domain.arm_id import parse_id
from shared.domain.azure_answers import Accepted
from shared.domain.backup_policy import BackupPolicy


class AzureVaultWrites:
    """The part of the port Backup that writes to vaults."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

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
