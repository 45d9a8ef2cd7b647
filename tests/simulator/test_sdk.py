"""Microsoft's own async clients, unpatched but for the token that they refuse to send over plain http."""

from collections.abc import Callable
from typing import Any

import pytest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.compute.aio import ComputeManagementClient
from azure.mgmt.recoveryservices.aio import RecoveryServicesClient
from azure.mgmt.recoveryservicesbackup.aio import RecoveryServicesBackupClient
from azure.mgmt.recoveryservicesbackup.models import (
    BackupRequestResource,
    BackupStatusRequest,
    IaasVMBackupRequest,
    ProtectedItemResource,
)
from azure.mgmt.resourcegraph.aio import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions

from tests.simulator.client import Client, protect_body


class NoLogin:
    """No token is ever asked for, since the policy that would ask is replaced."""

    async def get_token(self, *_scopes: str, **_options: Any) -> Any:
        raise AssertionError("no token is needed")


class Bearer(SansIOHTTPPolicy[Any, Any]):
    def on_request(self, request: Any) -> None:
        request.http_request.headers["Authorization"] = "Bearer any"


@pytest.fixture
def client(azure: Client) -> Callable[..., Any]:
    def make(kind: Any, *args: str) -> Any:
        return kind(
            NoLogin(),
            *args,
            base_url=azure.base,
            credential_scopes=["any"],
            authentication_policy=Bearer(),
        )

    return make


async def test_the_sdk_protects_backs_up_and_queries(azure: Client, client: Callable[..., Any]) -> None:
    vm_id = (await azure.label("plain-unprotected"))["vmId"]
    _, _, subscription, _, group, *_, name = vm_id.split("/")
    async with (
        client(ComputeManagementClient, subscription) as compute,
        client(RecoveryServicesClient, subscription) as vaults,
        client(RecoveryServicesBackupClient, subscription) as backup,
        client(ResourceGraphClient) as graph,
    ):
        vm = await compute.virtual_machines.get(group, name, expand="instanceView")
        assert vm.id == vm_id
        assert vm.time_created.tzinfo is not None
        listed = [each.name async for each in compute.virtual_machines.list_all()]
        assert name in listed
        vault, *_ = [v async for v in vaults.vaults.list_by_subscription_id() if v.location == vm.location]
        where = (vault.name, vault.id.split("/")[4], "Azure")
        item = (*where, f"IaasVMContainer;iaasvmcontainerv2;{group};{name}", f"VM;iaasvmcontainerv2;{group};{name}")

        poller = await backup.protected_items.begin_create_or_update(
            *item,
            ProtectedItemResource(protect_body(vm_id, f"{vault.id}/backupPolicies/DefaultPolicy")),
            polling_interval=0,
        )
        await azure.advance()
        protected = await poller.result()
        assert protected.properties["protectionState"] == "IRPending"
        assert protected.properties.source_resource_id == vm_id

        body = BackupRequestResource(properties=IaasVMBackupRequest())
        await backup.backups.trigger(*item, body)
        jobs = [job async for job in backup.backup_jobs.list(*where[:2], filter="operation eq 'Backup'")]
        [job] = [job for job in jobs if job.properties.status == "InProgress"]
        assert job.properties.is_user_triggered
        await azure.until_idle()
        detail = await backup.job_details.get(*where[:2], job.name)
        assert detail.properties.status == "Completed"
        names = {policy.name: policy async for policy in backup.backup_policies.list(*where[:2])}
        assert names["EnhancedPolicy"].properties.policy_type == "V2"
        request = BackupStatusRequest(resource_type="VM", resource_id=vm_id)
        assert (await backup.backup_status.get(vm.location, request)).protection_status == "Protected"

        query = QueryRequest(
            query=f"resources | where id =~ '{vm_id}' | project id, tags",
            options=QueryRequestOptions(result_format="objectArray"),
        )
        answer = await graph.resources(query)
        assert (answer.count, answer.data[0]["id"]) == (1, vm_id)
