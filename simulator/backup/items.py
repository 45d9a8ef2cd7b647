"""Protected items of a vault, read: one, or all of them by `$filter`.

An item that is still being configured is not there yet, as in Azure.
"""

from simulator.backup.operations import ITEM
from simulator.backup.render import item_body
from simulator.backup.vaults import PAGE, VAULT, find_vault
from simulator.core.model import IAAS, ProtectedItem, Vault
from simulator.core.routing import Call, Route
from simulator.core.wire import Answer, AzureError, page, parse_filter


def find_item(call: Call, vault: Vault) -> ProtectedItem | None:
    """The item in the path, in whatever state, or None."""
    return vault.items.get(f"{call.params['container']}/{call.params['item']}".lower())


def existing_item(call: Call, vault: Vault) -> ProtectedItem:
    """The item in the path. Raises AzureError 404 where it is absent, or not yet configured."""
    item = find_item(call, vault)
    if item is None or item.configuring:
        message = f"The protected item '{call.params['item']}' was not found in vault '{vault.name}'."
        raise AzureError(404, "ResourceNotFound", message)
    return item


def get_item(call: Call) -> Answer:
    """One item; 404 until it is configured."""
    vault = find_vault(call)
    return Answer(200, item_body(vault, existing_item(call, vault), call.world.now()))


def list_items(call: Call) -> Answer:
    """200 a page. `$filter` takes backupManagementType, itemType and policyName; other names are ignored."""
    vault = find_vault(call)
    wanted = parse_filter(call.query.get("$filter", ""))
    management, policy = wanted.get("backupmanagementtype", IAAS).lower(), wanted.get("policyname")
    items = [i for i in vault.items.values() if not i.configuring and i.management.lower() == management]
    rows = [
        item_body(vault, i, call.world.now()) for i in items if policy is None or i.policy.lower() == policy.lower()
    ]
    return Answer(200, page(rows, call.query, call.url, PAGE))


ROUTES: list[Route] = [
    ("GET", ITEM, get_item),
    ("GET", f"{VAULT}/backupProtectedItems", list_items),
]
