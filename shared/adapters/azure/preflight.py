"""Questions to Azure Backup about a VM that is to be protected, and the vault's search for VMs (discovery).

`backupPreValidateProtection` and `backupValidateFeatures` change nothing; `refreshContainers` lets the vault look for
VMs in its subscription and region and protects none of them. Each is one request, never repeated and never waited for.
"""

from azure.mgmt.recoveryservicesbackup.aio import RecoveryServicesBackupClient
from azure.mgmt.recoveryservicesbackup.models import (
    AzureVMResourceFeatureSupportRequest,
    PreValidateEnableBackupRequest,
)

from shared.adapters.azure.arm_errors import clean, translated
from shared.adapters.azure.connection import Connection, require_list
from shared.adapters.azure.first_answer import FirstAnswer
from shared.adapters.azure.names import FABRIC
from shared.adapters.azure.wire import required_text, text_at
from shared.domain.arm_id import ArmId, parse_id
from shared.domain.azure_answers import Accepted, PreflightAnswer

_VMS = "backupManagementType eq 'AzureIaasVM'"


class AzurePreflight:
    """The port Preflight on the backup service's REST API."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def prevalidate(self, vault_id: str, vm_id: ArmId, location: str) -> PreflightAnswer:
        """POST backupPreValidateProtection: whether the vault has room, and whether the VM is protected already.

        200 whatever the verdict, which stands in `status`. `properties` is a text that no document describes and the
        published example leaves empty (spec 2021-06-01), so it is left empty here.
        """
        with translated(vm_id.text):
            client = self._connection.client(RecoveryServicesBackupClient, vm_id.subscription_id)
            answer = await client.protection_intent.validate(
                location,
                PreValidateEnableBackupRequest(
                    resource_type="VM", resource_id=vm_id.text, vault_id=vault_id, properties=""
                ),
            )
            return PreflightAnswer(
                status=required_text(answer, "status"),
                code=clean(text_at(answer, "errorCode")),
                message=clean(text_at(answer, "errorMessage")),
                recommendation=clean(text_at(answer, "recommendation")),
            )

    async def feature_support(self, subscription_id: str, location: str, vm_size: str, vm_sku: str) -> str:
        """POST backupValidateFeatures. `vm_sku` is the kind of VM: Premium, Managed, … as the published schema has it.

        The answer is Azure's word (SDK 11.2): Supported, DefaultON, DefaultOFF, NotSupported or Invalid.
        """
        with translated(f"/subscriptions/{subscription_id}"):
            client = self._connection.client(RecoveryServicesBackupClient, subscription_id)
            answer = await client.feature_support.validate(
                location, AzureVMResourceFeatureSupportRequest(vm_size=vm_size, vm_sku=vm_sku)
            )
            return required_text(answer, "supportStatus")

    async def refresh_containers(self, vault_id: str) -> Accepted:
        """POST refreshContainers: 202, followed to 204 or to a status that has ended; 10 to 60 s were observed."""
        with translated(vault_id):
            vault = parse_id(vault_id)
            client = self._connection.client(RecoveryServicesBackupClient, vault.subscription_id)
            answer = FirstAnswer()
            await client.protection_containers.refresh(
                vault.name, vault.resource_group, FABRIC, raw_response_hook=answer
            )
            return answer.accepted()

    async def protectable(self, vault_id: str, vm_id: ArmId) -> bool:
        """backupProtectableItems, all pages, until the VM's is found; compared by its whole id and without case.

        The SDK does not make its own class of these items (11.2), so they are read as they come over the wire.
        """
        with translated(vm_id.text):
            vault = parse_id(vault_id)
            client = self._connection.client(RecoveryServicesBackupClient, vault.subscription_id)
            pages = client.backup_protectable_items.list(
                vault.name, vault.resource_group, filter=_VMS, raw_response_hook=require_list
            )
            async for each in pages:
                if text_at(each, "properties", "virtualMachineId").lower() == vm_id.key:
                    return True
            return False
