"""What the compute service adds to a new VM, what it keeps to itself, and tags at every scope."""

from typing import Any

import pytest

from simulator.world import World
from tests.simulator.client import Client

TAGS = "providers/Microsoft.Resources/tags/default"


async def new_vm(azure: Client, properties: Any, **more: Any) -> Any:
    group = "/".join((await azure.label("prod"))["vmId"].split("/")[:5])
    path = f"{group}/providers/Microsoft.Compute/virtualMachines/vm-new"
    return await azure.ask("PUT", path, {"location": "West Europe", "properties": properties, **more})


async def test_a_windows_image_brings_the_guests_settings(azure: Client) -> None:
    image = {"publisher": "MicrosoftWindowsServer", "offer": "WindowsServer", "sku": "2022", "version": "latest"}
    storage = {"imageReference": image, "osDisk": {"createOption": "FromImage"}, "dataDisks": [{"lun": 0}]}
    guest = {"adminUsername": "me", "adminPassword": "secret", "customData": "c2VjcmV0", "computerName": "vm"}
    reply = await new_vm(azure, {"storageProfile": storage, "osProfile": guest})
    assert reply.status == 201
    shown = (await azure.get(reply.body["id"]))["properties"]
    assert (shown["storageProfile"]["osDisk"]["osType"], shown["storageProfile"]["osDisk"]["diskSizeGB"]) == (
        "Windows",
        127,
    )
    assert shown["storageProfile"]["dataDisks"][0]["name"] == "vm-new_disk2"
    assert shown["osProfile"]["windowsConfiguration"] == {"provisionVMAgent": True, "enableAutomaticUpdates": True}
    assert not {"adminPassword", "customData"} & shown["osProfile"].keys()


async def test_a_linux_image_is_what_any_other_is(azure: Client) -> None:
    storage = {"imageReference": {"publisher": "Canonical"}, "osDisk": {"createOption": "FromImage"}}
    reply = await new_vm(azure, {"storageProfile": storage, "osProfile": {"adminUsername": "me"}})
    shown = reply.body["properties"]
    assert (shown["storageProfile"]["osDisk"]["osType"], shown["storageProfile"]["dataDisks"]) == ("Linux", [])
    assert shown["osProfile"]["linuxConfiguration"] == {"disablePasswordAuthentication": False}


async def test_what_only_the_service_may_set_is_not_taken_from_a_request(azure: Client) -> None:
    wanted = {"storageProfile": {"osDisk": {"osType": "Linux"}}, "vmId": "mine", "provisioningState": "Failed"}
    made = await new_vm(azure, wanted | {"timeCreated": "1999-01-01T00:00:00Z"})
    assert made.body["properties"]["provisioningState"] == "Creating"
    assert made.body["properties"]["vmId"] != "mine"
    await azure.ask("PATCH", made.body["id"], {"properties": {"vmId": "mine"}})
    shown = (await azure.get(made.body["id"]))["properties"]
    assert shown["vmId"] == made.body["properties"]["vmId"]
    assert not shown["timeCreated"].startswith("1999")


@pytest.mark.parametrize(
    "properties",
    [
        {"storageProfile": "none"},
        {"storageProfile": {"osDisk": []}},
        {"storageProfile": {"osDisk": {"osType": 1}}},
        {"storageProfile": {"osDisk": {"osType": "Linux"}, "dataDisks": ["x"]}},
        {"storageProfile": {"osDisk": {"osType": "Linux"}}, "osProfile": {"windowsConfiguration": "x"}},
        {"storageProfile": {"osDisk": {"osType": "Linux"}}, "networkProfile": {"networkInterfaces": {}}},
    ],
)
async def test_a_part_of_the_wrong_type_is_refused(azure: Client, properties: Any) -> None:
    reply = await new_vm(azure, properties)
    assert (reply.status, reply.code) == (400, "InvalidRequestContent")
    assert (
        await azure.ask("GET", f"{'/'.join((await azure.label('prod'))['vmId'].split('/')[:8])}/vm-new")
    ).status == 404


async def test_deleting_a_vm_that_is_not_there_is_no_error(azure: Client) -> None:
    vm = (await azure.label("prod"))["vmId"]
    assert (await azure.ask("DELETE", f"{vm}-absent")).status == 204


async def test_tags_are_kept_at_every_scope_and_can_be_deleted(served: tuple[Client, World]) -> None:
    azure, _ = served
    vm = (await azure.label("prod"))["vmId"]
    for scope in (vm, await azure.vault_for(vm), "/".join(vm.split("/")[:5]), "/".join(vm.split("/")[:3])):
        wanted = {"properties": {"tags": {"owner": "me"}}}
        assert (await azure.ask("PUT", f"{scope}/{TAGS}", wanted)).status == 200
        assert (await azure.get(f"{scope}/{TAGS}"))["properties"]["tags"] == {"owner": "me"}
        assert (await azure.get(scope))["tags"] == {"owner": "me"}
        assert (await azure.ask("DELETE", f"{scope}/{TAGS}")).status == 200
        assert (await azure.get(f"{scope}/{TAGS}"))["properties"]["tags"] == {}
    assert (await azure.ask("DELETE", f"{vm}-absent/{TAGS}")).status == 404
