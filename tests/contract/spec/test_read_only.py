"""What Azure's documents call read-only is not taken from a request."""

from typing import Any

import pytest

from tests.contract.spec.contract import VAULT, VM
from tests.contract.spec.definitions import Area
from tests.contract.spec.documents import openapi
from tests.simulator.client import Client
from tests.simulator.conftest import azure, served

__all__ = ["azure", "served"]  # fixtures

SENTINEL = "from-the-request"


def told(area: str, name: str) -> dict[str, str]:
    """Every read-only key of a definition, with a value that none would have."""
    return dict.fromkeys(Area(area).read_only(name), SENTINEL)


def values(body: Any) -> set[str]:
    """All strings in a body."""
    if isinstance(body, dict | list):
        return {text for each in (body.values() if isinstance(body, dict) else body) for text in values(each)}
    return {body} if isinstance(body, str) else set()


async def paths(azure: Client) -> dict[str, str]:
    vm = (await azure.label("prod"))["vmId"]
    return {VM: vm, VAULT: await azure.vault_for(vm), "group": "/".join(vm.split("/")[:5])}


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(
    ("kind", "area", "outer", "inner"),
    [(VM, "compute", "VirtualMachine", "VirtualMachineProperties"), (VAULT, "vaults", "Vault", "VaultProperties")],
)
async def test_a_resource_keeps_what_the_service_gave_it(
    azure: Client, method: str, kind: str, area: str, outer: str, inner: str
) -> None:
    path = (await paths(azure))[kind]
    before = await azure.get(path)
    body = {key: before[key] for key in ("location", "sku") if key in before}
    properties = {"storageProfile": before["properties"].get("storageProfile")} if kind == VM else {}
    assert {"id", "name", "type"} <= told(area, outer).keys()
    assert "provisioningState" in told(area, inner)
    body |= told(area, outer) | {"properties": properties | told(area, inner)}
    reply = await azure.ask(method, path, body)
    assert reply.status == 200, reply
    after = await azure.get(path)
    assert SENTINEL not in values(after) | values(reply.body)
    assert after["properties"]["provisioningState"] == before["properties"]["provisioningState"]


async def test_a_new_vault_and_a_new_vm_get_their_own_state(azure: Client) -> None:
    group = (await paths(azure))["group"]
    disk = {"storageProfile": {"osDisk": {"osType": "Linux"}}}
    for path, area, outer, inner, more in (
        ("Microsoft.Compute/virtualMachines/vm", "compute", "VirtualMachine", "VirtualMachineProperties", disk),
        ("Microsoft.RecoveryServices/vaults/vault", "vaults", "Vault", "VaultProperties", {}),
    ):
        body = told(area, outer) | {"location": "westeurope", "sku": {"name": "RS0"}}
        reply = await azure.ask("PUT", f"{group}/providers/{path}", body | {"properties": told(area, inner) | more})
        assert (reply.status, SENTINEL in values(reply.body)) == (201, False), reply


async def test_a_policys_count_and_a_jobs_state_are_the_services(azure: Client) -> None:
    definitions = openapi("backup")["definitions"]
    assert "protectedItemsCount" in definitions["ProtectionPolicy"]["properties"]
    vault = (await paths(azure))[VAULT]
    current = await azure.get(f"{vault}/backupPolicies/DefaultPolicy")
    body = {"properties": current["properties"] | {"protectedItemsCount": 777}}
    reply = await azure.ask("PUT", f"{vault}/backupPolicies/copy", body)
    assert (reply.status, reply.body["properties"]["protectedItemsCount"]) == (200, 0)
