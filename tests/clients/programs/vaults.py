"""A person's program: the ids of the vaults that could protect a VM, those of its subscription and region.

python vaults.py BASE VM_ID
"""

import json
import sys
from typing import Any

from azure.identity import DefaultAzureCredential
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.recoveryservices import RecoveryServicesClient

base, vm_id = sys.argv[1:]
subscription, group, name = vm_id.split("/")[2], vm_id.split("/")[4], vm_id.split("/")[8]
common: dict[str, Any] = {"base_url": base, "credential_scopes": [f"{base}/.default"]}

with (
    DefaultAzureCredential() as credential,
    ComputeManagementClient(credential, subscription, **common) as compute,
    RecoveryServicesClient(credential, subscription, **common) as vaults,
):
    location = compute.virtual_machines.get(group, name).location
    print(json.dumps([each.id for each in vaults.vaults.list_by_subscription_id() if each.location == location]))
