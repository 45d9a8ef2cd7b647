"""ARM's own lists: all resources alike, and the resource providers."""

from urllib.parse import quote

import pytest

from tests.simulator.client import Client


async def listed(azure: Client, scope: str, filtering: str = "") -> list[str]:
    suffix = f"?$filter={quote(filtering)}" if filtering else ""
    return [row["id"].lower() for row in await azure.rows(f"{scope}/resources{suffix}")]


async def test_a_subscription_s_resources_are_its_machines_and_vaults(azure: Client) -> None:
    scope = (await azure.rows("/subscriptions"))[0]["id"]
    machines = await azure.rows(f"{scope}/providers/Microsoft.Compute/virtualMachines")
    vaults = await azure.rows(f"{scope}/providers/Microsoft.RecoveryServices/vaults")
    both = {row["id"].lower() for row in (*machines, *vaults)}
    assert set(await listed(azure, scope)) == both
    assert set(await listed(azure, scope, "resourceType eq 'microsoft.recoveryservices/VAULTS'")) == {
        vault["id"].lower() for vault in vaults
    }
    group = "/".join(vaults[0]["id"].split("/")[:5])
    assert set(await listed(azure, group)) == {each for each in both if each.startswith(f"{group.lower()}/")}
    assert await listed(azure, scope, f"resourceGroup eq '{group.rsplit('/', 1)[1]}'") == await listed(azure, group)


async def test_tags_are_filtered_by_name_without_case_and_by_value_with(azure: Client) -> None:
    vm_id = (await azure.label("prod"))["vmId"]
    scope = "/".join(vm_id.split("/")[:3])
    assert vm_id.lower() in await listed(azure, scope, "tagName eq 'ENV' and tagValue eq 'prod'")
    assert vm_id.lower() in await listed(azure, scope, "tagName eq 'env'")
    assert await listed(azure, scope, "tagName eq 'env' and tagValue eq 'PROD'") == []
    name, location = vm_id.rsplit("/", 1)[1], (await azure.get(vm_id))["location"]
    assert vm_id.lower() in await listed(azure, scope, f"name eq '{name}' and location eq '{location}'")


@pytest.mark.parametrize("filtering", ["name ne 'a'", "colour eq 'red'", "substringof('a', name)"])
async def test_another_filter_is_refused_and_not_ignored(azure: Client, filtering: str) -> None:
    scope = (await azure.rows("/subscriptions"))[0]["id"]
    reply = await azure.ask("GET", f"{scope}/resources?$filter={quote(filtering)}")
    assert (reply.status, reply.code) == (400, "InvalidFilterInQueryString")


async def test_groups_are_filtered_by_their_tags(azure: Client) -> None:
    scope = (await azure.rows("/subscriptions"))[0]["id"]
    group = (await azure.rows(f"{scope}/resourceGroups"))[0]["id"]
    await azure.ask("PUT", group, {"location": "westeurope", "tags": {"Desk": "Payments"}})

    async def named(filtering: str) -> list[str]:
        return [row["id"] for row in await azure.rows(f"{scope}/resourceGroups?$filter={quote(filtering)}")]

    assert await named("tagName eq 'desk' and tagValue eq 'Payments'") == [group]
    assert await named("tagName eq 'desk'") == [group]
    assert await named("tagName eq 'desk' and tagValue eq 'payments'") == []
    assert await named("tagName eq 'none'") == []
    assert (await azure.ask("GET", f"{scope}/resourceGroups?$filter=name%20eq%20'x'")).status == 400
    machines = f"{scope}/providers/Microsoft.Compute/virtualMachines"
    asked = quote("'virtualMachineScaleSet/id' eq 'x'")
    assert (await azure.ask("GET", f"{machines}?$filter={asked}")).code == "InvalidParameter"


async def test_providers_tell_the_api_versions_of_their_types(azure: Client) -> None:
    scope = (await azure.rows("/subscriptions"))[0]["id"]
    for provider in await azure.rows(f"{scope}/providers"):
        assert await azure.get(f"{scope}/providers/{provider['namespace'].lower()}") == provider
        assert all(kind["apiVersions"] for kind in provider["resourceTypes"])
    reply = await azure.ask("GET", f"{scope}/providers/Microsoft.Nothing")
    assert (reply.status, reply.code) == (404, "InvalidResourceNamespace")
