"""The PUTs of a protected item: protect, undelete, resume, change its backup policy.

To Azure they are one operation, told apart by their bodies alone: an empty `policyId`, or `ProtectionStopped`, stops a
protection. So each body is made here, whole, and nowhere else: `ProtectionStopped` is sent together with `isRehydrate`
and never without it. Each is one request that is never repeated and never waited for; whether it is right is decided
by whoever calls it, who has read the item.
"""

from azure.mgmt.recoveryservicesbackup.aio import RecoveryServicesBackupClient
from azure.mgmt.recoveryservicesbackup.models import ProtectedItemResource

from shared.adapters.azure.arm_errors import translated
from shared.adapters.azure.connection import Connection
from shared.adapters.azure.first_answer import FirstAnswer
from shared.adapters.azure.names import FABRIC, container_name, item_name, protected_item_type
from shared.domain.arm_id import ArmId, parse_id
from shared.domain.azure_answers import Accepted
from shared.domain.model import DiskSelection
from shared.errors import PermanentError


class AzureItemWrites:
    """The part of the port Backup that writes to protected items."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def protect(
        self, vault_id: str, vm_id: ArmId, backup_policy: str, disks: DiskSelection | None = None
    ) -> Accepted:
        """PUT a new protected item under the vault's backup policy of this name, which is never empty."""
        properties: dict[str, object] = {"policyId": _policy_id(vault_id, vm_id, backup_policy)}
        if disks is not None:
            selection = {"diskLunList": list(disks.luns), "isInclusionList": disks.including}
            properties["extendedProperties"] = {"diskExclusionProperties": selection}
        return await self._put(vault_id, vm_id, properties)

    async def put_under(self, vault_id: str, vm_id: ArmId, backup_policy: str) -> Accepted:
        """PUT an existing item under another policy of its vault; a stopped one is resumed by the same request."""
        return await self._put(vault_id, vm_id, {"policyId": _policy_id(vault_id, vm_id, backup_policy)})

    async def undelete(self, vault_id: str, vm_id: ArmId) -> Accepted:
        """PUT the one body that rehydrates a soft-deleted item; it stays stopped (recorded traffic, 2019)."""
        return await self._put(
            vault_id, vm_id, {"policyId": "", "protectionState": "ProtectionStopped", "isRehydrate": True}
        )

    async def _put(self, vault_id: str, vm_id: ArmId, properties: dict[str, object]) -> Accepted:
        with translated(vm_id.text):
            vault = parse_id(vault_id)
            client = self._connection.client(RecoveryServicesBackupClient, vault.subscription_id)
            answer = FirstAnswer()
            body = {"protectedItemType": protected_item_type(vm_id), "sourceResourceId": vm_id.text, **properties}
            _ = await client.protected_items.begin_create_or_update(
                vault.name,
                vault.resource_group,
                FABRIC,
                container_name(vm_id),
                item_name(vm_id),
                ProtectedItemResource({"properties": body}),
                polling=False,
                raw_response_hook=answer,
            )
            return answer.accepted()


def _policy_id(vault_id: str, vm_id: ArmId, backup_policy: str) -> str:
    if not backup_policy or "/" in backup_policy:
        raise PermanentError("an empty policyId would stop a protection: not sent", resource_id=vm_id.text)
    return f"{parse_id(vault_id).text.rstrip('/')}/backupPolicies/{backup_policy}"
