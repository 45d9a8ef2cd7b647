"""What a person looks at with the Azure CLI before they change anything."""

import json
from pathlib import Path

from tests.clients.conftest import Az, Place, Simulator, place_of


def test_the_account_is_that_of_the_simulator(az: Az, simulator: Simulator) -> None:
    accounts = az("account list")
    assert len(accounts) == 4
    assert {account["cloudName"] for account in accounts} == {"BackstopSimulator"}
    assert az("account show")["id"] in {account["id"] for account in accounts}
    assert az("cloud show")["endpoints"]["resourceManager"] == simulator.base
    assert {place["name"] for place in az("account list-locations")} >= {"westeurope", "eastus"}
    assert az("account get-access-token")["tenant"] == accounts[0]["tenantId"]


def test_a_service_principal_logs_in_and_out_with_a_folder_of_its_own(
    az: Az, simulator: Simulator, tmp_path: Path
) -> None:
    own = Az(simulator.environment | {"AZURE_CONFIG_DIR": str(tmp_path)})
    own("config set core.instance_discovery=false --only-show-errors")
    own(f"cloud register -n Other --endpoint-resource-manager {simulator.base}")
    own("cloud set -n Other")
    tenant = az("account show")["tenantId"]
    own(f"login --service-principal -u any -p any --tenant {tenant}")
    assert len(own("account list")) == 4
    assert own("group list")
    own("logout")
    assert own("account list") == []
    assert "az login" in own.refused("group list")


def test_machines_with_their_state_and_addresses(az: Az, simulator: Simulator) -> None:
    vm = simulator.vm("plain-unprotected")
    group, name, subscription = vm.split("/")[4], vm.split("/")[8], f"--subscription {vm.split('/')[2]}"
    assert az(f"group show -n {group} {subscription}")["name"] == group
    assert group in {each["name"] for each in az(f"group list {subscription}")}
    plain = {each["id"].lower(): each for each in az(f"vm list {subscription}")}
    detailed = {each["id"].lower(): each for each in az(f"vm list -d {subscription}")}
    assert set(plain) == set(detailed)
    assert vm.lower() in plain
    assert {each["powerState"] for each in detailed.values()} <= {"VM running", "VM deallocated"}
    assert all(each["privateIps"].startswith("10.") for each in detailed.values())
    assert az(f"vm show -d -g {group} -n {name} {subscription}") == detailed[vm.lower()]
    view = az(f"vm get-instance-view -g {group} -n {name} {subscription}")["instanceView"]
    assert view["statuses"][1]["displayStatus"] == detailed[vm.lower()]["powerState"]
    [addresses] = az(f"vm list-ip-addresses -g {group} -n {name} {subscription}")
    private = addresses["virtualMachine"]["network"]["privateIpAddresses"]
    assert private == [detailed[vm.lower()]["privateIps"]]
    assert az(f"resource show --ids {vm}")["properties"]["vmId"] == plain[vm.lower()]["vmId"]
    typed = az(f"resource list --resource-type Microsoft.Compute/virtualMachines {subscription}")
    assert {each["id"].lower() for each in typed} == set(plain)


def test_a_vault_with_its_settings_policies_items_and_jobs(az: Az, simulator: Simulator) -> None:
    place = place_of(az, simulator.vm("protected"))
    vaults = az(f"backup vault list {place.subscription}")
    places = [Place(place.vm, vault) for vault in vaults if vault["location"] == place.vault["location"]]
    place, item = next(
        (each, item) for each in places for item in az(f"backup item list {each.in_vault}") if is_of(item, place.vm)
    )
    in_vault = place.in_vault
    named = in_vault.replace(" -v ", " -n ")
    assert az(f"backup vault show {named}")["properties"]["provisioningState"] == "Succeeded"
    storage, config = az(f"backup vault backup-properties show {named}")
    assert storage["properties"]["storageTypeState"] == "Locked"
    assert config["properties"]["softDeleteFeatureState"] == "AlwaysON"
    policies = {policy["name"]: policy for policy in az(f"backup policy list {in_vault}")}
    assert {"DefaultPolicy", "EnhancedPolicy", "HourlyLogBackup"} <= set(policies)
    policy = az(f"backup policy show {in_vault} -n {item['properties']['policyName']}")
    assert policy["properties"]["protectedItemsCount"] > 0
    associated = az(f"backup policy list-associated-items {in_vault} -n {policy['name']}")
    assert item["id"] in [each["id"] for each in associated]
    container = az(f"backup container show {in_vault} -n {place.container} --backup-management-type AzureIaasVM")
    assert container["properties"]["registrationStatus"] == "Registered"
    listed = az(f"backup container list {in_vault} --backup-management-type AzureIaasVM")
    assert container["id"] in [each["id"] for each in listed]
    shown = az(f"backup item show {in_vault} -c {place.container} -n {place.item} --backup-management-type AzureIaasVM")
    assert shown["properties"]["protectionState"] == "Protected"
    jobs = az(f"backup job list {in_vault} --status Completed --operation Backup")
    assert az(f"backup job show {in_vault} -n {jobs[0]['name']}")["properties"]["status"] == "Completed"
    [point, *_] = az(f"backup recoverypoint list {place.protected}")
    assert az(f"backup recoverypoint show {place.protected} -n {point['name']}")["id"] == point["id"]
    assert az(f"backup protection check-vm {place.subscription} --vm {place.vm}").lower() == place.vault["id"].lower()
    assert az(f"backup protectable-item list {in_vault} --workload-type MSSQL") == []


def is_of(item: dict[str, dict[str, str]], vm: str) -> bool:
    return item["properties"]["sourceResourceId"].lower() == vm.lower()


def test_resource_graph_by_az_rest_with_a_query_alone_and_with_a_scope(az: Az, simulator: Simulator) -> None:
    address = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01"
    query = "resources | where type =~ 'microsoft.compute/virtualmachines' | project id | order by id asc"
    everywhere = az(f"rest -m post -u {address} -b", json.dumps({"query": query}))
    whole = az(f"rest -m post -u {simulator.base}{address} -b", json.dumps({"query": query}))
    assert everywhere == whole
    assert everywhere["totalRecords"] == 60
    subscription = simulator.vm("protected").split("/")[2]
    body = {"query": query, "subscriptions": [subscription], "options": {"resultFormat": "objectArray"}}
    scoped = az(f"rest -m post -u {address} -b", json.dumps(body))
    machines = az(f"vm list --subscription {subscription}")
    assert {row["id"].lower() for row in scoped["data"]} == {vm["id"].lower() for vm in machines}
    broken = az.refused(f"rest -m post -u {address} -b", json.dumps({"query": "nothing | where"}))
    assert "Bad Request" in broken


def test_what_is_not_there_is_told_in_azure_s_words(az: Az, simulator: Simulator) -> None:
    place = place_of(az, simulator.vm("protected"))
    vault = place.in_vault
    nowhere = f"{place.subscription} -g {place.vault['resourceGroup']} -v nope"
    for command, code in (
        (f"group show -n nope {place.subscription}", "ResourceGroupNotFound"),
        (f"vm show -n nope -g {place.vm.split('/')[4]} {place.subscription}", "ResourceNotFound"),
        (f"vm list -g nope {place.subscription}", "ResourceGroupNotFound"),
        (f"backup vault show {nowhere.replace(' -v ', ' -n ')}", "ResourceNotFound"),
        (f"backup policy list {nowhere}", "ResourceNotFound"),
        (f"backup item list {nowhere}", "ResourceNotFound"),
        (f"backup job list {nowhere}", "ResourceNotFound"),
        (f"backup policy show {vault} -n nope", "BMSUserErrorPolicyNotFound"),
        (f"backup job show {vault} -n nope", "BMSUserErrorJobNotFound"),
    ):
        assert f"({code})" in az.refused(command), command
