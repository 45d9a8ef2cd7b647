"""A person's program: Microsoft's clients and DefaultAzureCredential, with nothing set but the environment.

    python sdk_sync.py BASE VM_ID VAULT_ID

Protects the VM, starts its backup, and prints what each client says.
"""

import json
import sys
from typing import Any

from azure.identity import DefaultAzureCredential
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.recoveryservices import RecoveryServicesClient
from azure.mgmt.recoveryservicesbackup import RecoveryServicesBackupClient
from azure.mgmt.recoveryservicesbackup.models import BackupRequestResource, IaasVMBackupRequest, ProtectedItemResource
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.resource.subscriptions import SubscriptionClient
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest

base, vm_id, vault_id = sys.argv[1:]
subscription, group, name = vm_id.split("/")[2], vm_id.split("/")[4], vm_id.split("/")[8]
where = (vault_id.split("/")[8], vault_id.split("/")[4], "Azure")
item = (*where, f"IaasVMContainer;iaasvmcontainerv2;{group};{name}", f"vm;iaasvmcontainerv2;{group};{name}")
said: dict[str, Any] = {}
common: dict[str, Any] = {"base_url": base, "credential_scopes": [f"{base}/.default"]}

with DefaultAzureCredential() as credential:
    with SubscriptionClient(credential, **common) as client:
        said["subscriptions"] = [each.subscription_id for each in client.subscriptions.list()]
    with ComputeManagementClient(credential, subscription, **common) as compute:
        vm = compute.virtual_machines.get(group, name)
        said["vm"], said["location"] = vm.id, vm.location
    with RecoveryServicesClient(credential, subscription, **common) as vaults:
        said["vaults"] = [vault.id for vault in vaults.vaults.list_by_subscription_id()]
    with RecoveryServicesBackupClient(credential, subscription, **common) as backup:
        properties = {
            "protectedItemType": "Microsoft.Compute/virtualMachines",
            "sourceResourceId": vm_id,
            "policyId": f"{vault_id}/backupPolicies/DefaultPolicy",
        }
        body = ProtectedItemResource({"properties": properties})
        protected = backup.protected_items.begin_create_or_update(*item, body, polling_interval=1).result()
        said["state"] = dict(protected.properties or {})["protectionState"]
        backup.backups.trigger(*item, BackupRequestResource(properties=IaasVMBackupRequest()))
        running = "operation eq 'Backup' and status eq 'InProgress'"
        jobs = [job.properties for job in backup.backup_jobs.list(*where[:2], filter=running) if job.properties]
        said["running"] = [job.entity_friendly_name for job in jobs]
    with ResourceManagementClient(credential, subscription, **common) as resources:
        said["tags"] = resources.tags.get_at_scope(vm_id).properties.tags
        said["listed"] = vm_id.lower() in [str(each.id).lower() for each in resources.resources.list()]
    with ResourceGraphClient(credential, **common) as graph:
        query = f"resources | where id =~ '{vm_id}' | project id"
        said["graph"] = graph.resources(QueryRequest(query=query)).data
print(json.dumps(said))
