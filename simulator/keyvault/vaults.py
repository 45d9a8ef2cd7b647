"""Key vaults: get, list, create and change (`Microsoft.KeyVault/vaults`). No keys and no secrets are in them.

Shapes are those of the REST documentation (2023-07-01). A write of a vault is done at once here.
"""

import re

from simulator.core.reading import a_list, a_location, an_object, tags
from simulator.core.routing import Call, Route
from simulator.core.surroundings import KeyVault
from simulator.core.wire import Answer, AzureError, Json, page
from simulator.resources.subscriptions import find_group, find_subscription, not_found

VAULTS = "/providers/Microsoft.KeyVault/vaults"
GROUP = "/subscriptions/{subscription}/resourceGroups/{group}"
KEY_VAULT = f"{GROUP}{VAULTS}/{{keyvault}}"
PAGE = 1000
#: 3 to 24 letters, digits and hyphens, a letter first, no two hyphens in a row (REST documentation).
NAME = re.compile(r"[a-zA-Z](?!.*--)[a-zA-Z0-9-]{1,22}[a-zA-Z0-9]")


def find_key_vault(call: Call) -> KeyVault:
    """The key vault in the path. Raises AzureError 404 as ARM words it."""
    group, name = find_group(call), call.params["keyvault"]
    found = call.world.state.around.key_vaults.get(f"{group.id}{VAULTS}/{name}".lower())
    if found is None:
        raise not_found(f"Microsoft.KeyVault/vaults/{name}", group.name)
    return found


def body_of(vault: KeyVault, tenant: str) -> Json:
    """A key vault as ARM shows it."""
    return {
        "id": vault.id,
        "name": vault.name,
        "type": "Microsoft.KeyVault/vaults",
        "location": vault.location,
        "tags": vault.tags,
        "properties": {
            "sku": {"family": "A", "name": "standard"},
            "tenantId": tenant,
            "accessPolicies": [] if vault.rbac else vault.access,
            "enabledForDiskEncryption": True,
            "enabledForDeployment": False,
            "enabledForTemplateDeployment": False,
            "enableSoftDelete": True,
            "softDeleteRetentionInDays": 90,
            "enableRbacAuthorization": vault.rbac,
            "vaultUri": f"https://{vault.name.lower()}.vault.invalid/",
            "provisioningState": "Succeeded",
            "publicNetworkAccess": "Enabled",
        },
    }


def get_key_vault(call: Call) -> Answer:
    """One key vault."""
    return Answer(200, body_of(find_key_vault(call), call.world.state.tenant))


def list_key_vaults(call: Call) -> Answer:
    """All of a subscription, or of one of its resource groups."""
    wanted = find_subscription(call).id
    group = find_group(call).name.lower() if "group" in call.params else None
    state = call.world.state
    found = [each for each in state.around.key_vaults.of(wanted) if group in (None, each.group.lower())]
    return Answer(200, page([body_of(each, state.tenant) for each in found], call.query, call.url, PAGE))


def put_key_vault(call: Call) -> Answer:
    """201 for a new one, 200 for one changed. Raises AzureError 400 on a body that is none."""
    group, name, state = find_group(call), call.params["keyvault"], call.world.state
    properties, location = call.properties, a_location(call.body)
    if NAME.fullmatch(name) is None:
        raise AzureError(400, "VaultNameNotValid", f"The vault name '{name[:100]}' is invalid.")
    access = a_list(properties, "accessPolicies")
    if not all(isinstance(each, dict) and isinstance(each.get("objectId"), str) for each in access):
        raise AzureError(400, "BadRequest", "Each of accessPolicies needs an objectId.")
    for each in access:
        for kind in ("keys", "secrets"):
            a_list(an_object(each, "permissions"), kind)
    key = f"{group.id}{VAULTS}/{name}"
    found = state.around.key_vaults.get(key.lower())
    made = found or KeyVault(key, name, group.subscription, group.name, location)
    made.tags = tags(call.body) or {}
    made.rbac, made.access = properties.get("enableRbacAuthorization") is True, access
    state.around.key_vaults[made.key] = made
    return Answer(200 if found else 201, body_of(made, state.tenant))


ROUTES: list[Route] = [
    ("GET", f"/subscriptions/{{subscription}}{VAULTS}", list_key_vaults),
    ("GET", f"{GROUP}{VAULTS}", list_key_vaults),
    ("GET", KEY_VAULT, get_key_vault),
    ("PUT", KEY_VAULT, put_key_vault),
]
