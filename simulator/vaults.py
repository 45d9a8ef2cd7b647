"""Recovery Services vaults: list, get and create, with their fixed settings (`Microsoft.RecoveryServices/vaults`).

Refuses nothing that Azure accepts of a name it knows; deleting a vault is not simulated.
"""

import re

from simulator.model import Vault, default_policies
from simulator.render import vault_body
from simulator.routing import Call, Route
from simulator.state import vault_id
from simulator.subscriptions import find_group, find_subscription, not_found
from simulator.wire import Answer, AzureError, page

#: Provider paths that several modules share.
GROUP = "/subscriptions/{subscription}/resourceGroups/{group}"
VAULT = GROUP + "/providers/Microsoft.RecoveryServices/vaults/{vault}"
PAGE = 200
#: Virtual seconds that a new vault stays in `Provisioning`.
PROVISIONING = 8
NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,49}")


def find_vault(call: Call) -> Vault:
    """The vault in the path. Raises AzureError 404 as Azure words it (recorded traffic, 2026)."""
    find_group(call)
    subscription, group, name = (call.params[k] for k in ("subscription", "group", "vault"))
    vault = call.world.state.vaults.get(vault_id(subscription, group, name).lower())
    if vault is None:
        raise not_found(f"Microsoft.RecoveryServices/vaults/{name}", group)
    return vault


def list_vaults(call: Call) -> Answer:
    """All vaults of a subscription, or of one of its resource groups."""
    wanted = find_subscription(call).id
    group = find_group(call).name.lower() if "group" in call.params else None
    vaults = [v for v in call.world.state.vaults.values() if v.subscription == wanted]
    rows = [vault_body(v) for v in vaults if group in (None, v.group.lower())]
    return Answer(200, page(rows, call.query, call.url, PAGE))


def get_vault(call: Call) -> Answer:
    return Answer(200, vault_body(find_vault(call)))


def put_vault(call: Call) -> Answer:
    """Create (201, `Provisioning`, Azure-AsyncOperation) or update the tags (200)."""
    from simulator.operations import operation_url  # operations shows items of vaults, and needs this module first

    world, state = call.world, call.world.state
    group, body = find_group(call), call.body
    key = vault_id(group.subscription, group.name, call.params["vault"])
    existing = state.vaults.get(key.lower())
    if existing is not None:
        existing.tags = dict(body.get("tags") or existing.tags)
        state.touch("vault", existing.key, world.now())
        return Answer(200, vault_body(existing))
    if not NAME.fullmatch(call.params["vault"]):
        raise AzureError(400, "InvalidVaultName", f"The vault name '{call.params['vault']}' is not valid.")
    if not body.get("location") or not (body.get("sku") or {}).get("name"):
        raise AzureError(400, "InvalidRequestContent", "A vault needs location and sku.name.")
    location = str(body["location"]).replace(" ", "").lower()
    vault = Vault(
        id=key,
        name=call.params["vault"],
        subscription=group.subscription,
        group=group.name,
        location=location,
        created=world.now(),
        tags=dict(body.get("tags") or {}),
        provisioning="Provisioning",
        casing=state.spread(key.lower(), 0, 2),
        policies=default_policies(),
    )
    state.vaults[vault.key] = vault
    operation = world.start_operation()

    def finish() -> None:
        vault.provisioning = "Succeeded"
        operation.status, operation.ended = "Succeeded", world.now()
        state.touch("vault", vault.key, world.now())

    world.clock.after(PROVISIONING, finish)
    state.touch("vault", vault.key, world.now())
    headers = {"Azure-AsyncOperation": operation_url(call, f"{vault.id}/operationStatus/{operation.id}")}
    return Answer(201, vault_body(vault), headers)


def patch_vault(call: Call) -> Answer:
    vault = find_vault(call)
    vault.tags = dict(call.body.get("tags") or vault.tags)
    call.world.state.touch("vault", vault.key, call.world.now())
    return Answer(200, vault_body(vault))


def storage_config(call: Call) -> Answer:
    vault = find_vault(call)
    locked = "Locked" if vault.items else "Unlocked"
    return Answer(
        200,
        {
            "id": f"{vault.id}/backupstorageconfig/vaultstorageconfig",
            "name": "vaultstorageconfig",
            "type": "Microsoft.RecoveryServices/vaults/backupstorageconfig",
            "properties": {
                "storageModelType": "GeoRedundant",
                "storageType": "GeoRedundant",
                "storageTypeState": locked,
                "crossRegionRestoreFlag": False,
            },
        },
    )


def vault_config(call: Call) -> Answer:
    vault = find_vault(call)
    return Answer(
        200,
        {
            "id": f"{vault.id}/backupconfig/vaultconfig",
            "name": "vaultconfig",
            "type": "Microsoft.RecoveryServices/vaults/backupconfig",
            "properties": {
                "enhancedSecurityState": "Enabled",
                "softDeleteFeatureState": "AlwaysON",
                "isSoftDeleteFeatureStateEditable": False,
            },
        },
    )


def guard_proxies(call: Call) -> Answer:
    """No multi-user authorization on any vault here."""
    find_vault(call)
    return Answer(200, {"value": []})


VAULTS = "/providers/Microsoft.RecoveryServices/vaults"
ROUTES: list[Route] = [
    ("GET", f"/subscriptions/{{subscription}}{VAULTS}", list_vaults),
    ("GET", f"{GROUP}{VAULTS}", list_vaults),
    ("GET", VAULT, get_vault),
    ("PUT", VAULT, put_vault),
    ("PATCH", VAULT, patch_vault),
    ("GET", f"{VAULT}/backupstorageconfig/vaultstorageconfig", storage_config),
    ("GET", f"{VAULT}/backupconfig/vaultconfig", vault_config),
    ("GET", f"{VAULT}/backupResourceGuardProxies", guard_proxies),
]
