"""ARM's own lists, which know every resource alike: resources of a subscription or group, and resource providers.

The Azure CLI asks a provider for its api-versions before it reads a resource by its bare id (`az resource show`).
Only what the simulator keeps is listed; nothing is written here.
"""

from simulator.core.model import Vault, VirtualMachine
from simulator.core.routing import Call, Route
from simulator.core.wire import Answer, AzureError, Json, page
from simulator.estate.catalog import BARE_REGION, REGIONS
from simulator.resources.filters import clauses, is_tagged
from simulator.resources.render import vm_row_id, vm_type
from simulator.resources.subscriptions import find_group, find_subscription

SUBSCRIPTION = "/subscriptions/{subscription}"
GROUP = SUBSCRIPTION + "/resourceGroups/{group}"
PAGE = 1000
#: Provider to its types with the api-versions that are told. Any other version is answered all the same.
PROVIDERS: dict[str, dict[str, list[str]]] = {
    "Microsoft.ClassicCompute": {"virtualMachines": ["2017-04-01", "2016-11-01"]},
    "Microsoft.Authorization": {
        "locks": ["2020-05-01", "2016-09-01"],
        "policyAssignments": ["2024-04-01", "2022-06-01"],
        "roleAssignments": ["2022-04-01"],
    },
    "Microsoft.Compute": {"virtualMachines": ["2026-04-01", "2024-07-01", "2021-03-01"]},
    "Microsoft.KeyVault": {"vaults": ["2023-07-01", "2021-10-01"]},
    "Microsoft.Network": {
        "networkInterfaces": ["2024-05-01", "2021-03-01"],
        "publicIPAddresses": ["2024-05-01", "2021-03-01"],
    },
    "Microsoft.RecoveryServices": {"vaults": ["2026-10-01", "2024-04-01", "2021-06-01"]},
    "Microsoft.Resources": {
        "resourceGroups": ["2025-04-01", "2021-04-01"],
        "subscriptions": ["2022-12-01", "2021-01-01"],
        "tags": ["2025-04-01", "2021-04-01"],
    },
}
FILTERED = {"resourcetype", "resourcegroup", "name", "location", "tagname", "tagvalue"}


def list_resources(call: Call) -> Answer:
    """Machines and vaults. `$filter` takes resourceType, resourceGroup, name, location, tagName and tagValue."""
    wanted, within = find_subscription(call).id, find_group(call).name.lower() if "group" in call.params else None
    state, filtering = call.world.state, clauses(call.query.get("$filter", ""), FILTERED)
    found: list[VirtualMachine | Vault] = [*state.vms.of(wanted), *state.vaults.of(wanted)]
    rows = [_row(each) for each in found if within in (None, each.group.lower())]
    return Answer(200, page([row for row in rows if _matches(row, filtering)], call.query, call.url, PAGE))


def _row(resource: VirtualMachine | Vault) -> Json:
    row: Json = {
        "id": vm_row_id(resource) if isinstance(resource, VirtualMachine) else resource.id,
        "name": resource.name,
        "type": vm_type(resource) if isinstance(resource, VirtualMachine) else "Microsoft.RecoveryServices/vaults",
        "location": resource.location,
    }
    if isinstance(resource, Vault):
        row["sku"] = {"name": "RS0", "tier": "Standard"}
    if resource.tags:
        row["tags"] = resource.tags
    return row


def _matches(row: Json, wanted: dict[str, str]) -> bool:
    facts = {
        "resourcetype": row["type"],
        "resourcegroup": row["id"].split("/")[4],
        "name": row["name"],
        "location": row["location"],
    }
    equal = all(facts[name].lower() == value.lower() for name, value in wanted.items() if name in facts)
    return equal and is_tagged(row.get("tags"), wanted)


def _provider(subscription: str, namespace: str) -> Json:
    regions = [*REGIONS, BARE_REGION]
    return {
        "id": f"/subscriptions/{subscription}/providers/{namespace}",
        "namespace": namespace,
        "registrationState": "Registered",
        "registrationPolicy": "RegistrationRequired",
        "resourceTypes": [
            {"resourceType": name, "locations": regions, "apiVersions": versions, "capabilities": "SupportsTags"}
            for name, versions in PROVIDERS[namespace].items()
        ],
    }


def list_providers(call: Call) -> Answer:
    """The providers that the simulator stands in for, all registered."""
    subscription = find_subscription(call).id
    return Answer(200, page([_provider(subscription, each) for each in PROVIDERS], call.query, call.url, PAGE))


def get_provider(call: Call) -> Answer:
    """One provider. Raises AzureError 404 for any other."""
    subscription, asked = find_subscription(call).id, call.path.rsplit("/", 1)[1]
    for namespace in PROVIDERS:
        if namespace.lower() == asked.lower():
            return Answer(200, _provider(subscription, namespace))
    raise AzureError(404, "InvalidResourceNamespace", f"The resource namespace '{asked}' is invalid.")


ROUTES: list[Route] = [
    ("GET", f"{SUBSCRIPTION}/resources", list_resources),
    ("GET", f"{GROUP}/resources", list_resources),
    ("GET", f"{SUBSCRIPTION}/providers", list_providers),
    # By name too: where other routes go on from a provider's name, the router does not look further.
    *(("GET", f"{SUBSCRIPTION}/providers/{namespace}", get_provider) for namespace in PROVIDERS),
    ("GET", f"{SUBSCRIPTION}/providers/{{namespace}}", get_provider),
]
