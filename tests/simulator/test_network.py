"""Network interfaces and public addresses: each follows from the machine that names it."""

from tests.simulator.client import Client


async def test_every_machine_has_the_interface_that_it_names(azure: Client) -> None:
    vm = await azure.get((await azure.label("plain-unprotected"))["vmId"])
    [reference] = vm["properties"]["networkProfile"]["networkInterfaces"]
    nic = await azure.get(reference["id"])
    assert nic["id"] == reference["id"]
    assert nic["properties"]["virtualMachine"]["id"] == vm["id"]
    [configuration] = nic["properties"]["ipConfigurations"]
    assert configuration["properties"]["privateIPAddress"].startswith("10.")
    listed = await azure.rows("/".join(vm["id"].split("/")[:5]) + "/providers/Microsoft.Network/networkInterfaces")
    assert nic in listed


async def test_a_public_address_belongs_to_its_interface_and_is_nobody_s(azure: Client) -> None:
    found = 0
    for subscription in await azure.rows("/subscriptions"):
        nics = await azure.rows(f"{subscription['id']}/providers/Microsoft.Network/networkInterfaces")
        settings = {nic["id"]: nic["properties"]["ipConfigurations"][0]["properties"] for nic in nics}
        named = {s["publicIPAddress"]["id"] for s in settings.values() if "publicIPAddress" in s}
        listed = await azure.rows(f"{subscription['id']}/providers/Microsoft.Network/publicIPAddresses")
        assert {address["id"] for address in listed} == named
        for address in listed:
            assert await azure.get(address["id"]) == address
            assert address["properties"]["ipAddress"].startswith("203.0.113.")
            owner = address["properties"]["ipConfiguration"]["id"].partition("/ipConfigurations/")[0]
            assert settings[owner]["publicIPAddress"]["id"] == address["id"]
        found += len(listed)
    assert found


async def test_an_interface_or_address_that_no_machine_has_is_not_found(azure: Client) -> None:
    vm_id = (await azure.label("plain-unprotected"))["vmId"]
    group = "/".join(vm_id.split("/")[:5])
    for kind in ("networkInterfaces", "publicIPAddresses"):
        reply = await azure.ask("GET", f"{group}/providers/Microsoft.Network/{kind}/none")
        assert (reply.status, reply.code) == (404, "ResourceNotFound")
        reply = await azure.ask("GET", f"{group}-none/providers/Microsoft.Network/{kind}/none")
        assert (reply.status, reply.code) == (404, "ResourceGroupNotFound")


async def test_an_interface_goes_with_its_machine(azure: Client) -> None:
    vm_id = (await azure.label("plain-unprotected"))["vmId"]
    [reference] = (await azure.get(vm_id))["properties"]["networkProfile"]["networkInterfaces"]
    await azure.ask("DELETE", vm_id)
    await azure.until_idle()
    assert (await azure.ask("GET", reference["id"])).status == 404


async def test_a_machine_made_with_a_network_profile_of_no_use_harms_no_list(azure: Client) -> None:
    vm_id = (await azure.label("plain-unprotected"))["vmId"]
    made = vm_id.rsplit("/", 1)[0] + "/made"
    disk = {"osDisk": {"osType": "Linux", "name": "d"}}
    for profile in (None, {}, {"networkInterfaces": None}, {"networkInterfaces": [{}, {"id": None}, {"id": "x"}]}):
        body = {"location": "westeurope", "properties": {"storageProfile": disk, "networkProfile": profile}}
        assert (await azure.ask("PUT", made, body)).status in (200, 201)
        subscription = "/".join(vm_id.split("/")[:3])
        nics = await azure.rows(f"{subscription}/providers/Microsoft.Network/networkInterfaces")
        assert all(nic["properties"]["virtualMachine"]["id"] != made for nic in nics)
