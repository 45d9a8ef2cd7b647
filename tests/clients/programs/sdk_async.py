"""A person's program: Microsoft's async clients and ManagedIdentityCredential, with nothing set but the environment.

    python sdk_async.py BASE SUBSCRIPTION_ID

Lists the subscription's machines and vaults, and prints how many of each there are, and an error's code.
"""

import asyncio
import json
import sys
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.identity.aio import ManagedIdentityCredential
from azure.mgmt.compute.aio import ComputeManagementClient
from azure.mgmt.recoveryservices.aio import RecoveryServicesClient


async def main(base: str, subscription: str) -> dict[str, Any]:
    common: dict[str, Any] = {"base_url": base, "credential_scopes": [f"{base}/.default"]}
    async with (
        ManagedIdentityCredential() as credential,
        ComputeManagementClient(credential, subscription, **common) as compute,
        RecoveryServicesClient(credential, subscription, **common) as vaults,
    ):
        machines = [vm.id async for vm in compute.virtual_machines.list_all()]
        found = [vault.id async for vault in vaults.vaults.list_by_subscription_id()]
        try:
            await vaults.vaults.get("no-such-group", "no-such-vault")
        except ResourceNotFoundError as error:
            code = error.error.code if error.error else None
        else:
            code = None
    return {"machines": len(machines), "vaults": len(found), "code": code}


print(json.dumps(asyncio.run(main(*sys.argv[1:]))))
