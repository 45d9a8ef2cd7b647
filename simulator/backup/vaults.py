"""Recovery Services vaults: list, get, tag (`Microsoft.RecoveryServices/vaults`).

Creating one is in `vault_creation.py`, deleting one in `vault_deletion.py`, what they can be set to in
`vault_settings.py`.
"""

from simulator.backup.render import vault_body
from simulator.backup.vault_resource import take
from simulator.core.model import Vault
from simulator.core.routing import Call, Route
from simulator.core.state import vault_id
from simulator.core.wire import Answer, page
from simulator.resources.subscriptions import find_group, find_subscription, not_found

#: Provider paths that several modules share.
GROUP = "/subscriptions/{subscription}/resourceGroups/{group}"
VAULT = GROUP + "/providers/Microsoft.RecoveryServices/vaults/{vault}"
PAGE = 200


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
    vaults = list(call.world.state.vaults.of(wanted))
    rows = [vault_body(v) for v in vaults if group in (None, v.group.lower())]
    return Answer(200, page(rows, call.query, call.url, PAGE))


def get_vault(call: Call) -> Answer:
    """One vault."""
    return Answer(200, vault_body(find_vault(call)))


def patch_vault(call: Call) -> Answer:
    """Tags, identity and encryption: what is named."""
    vault = find_vault(call)
    take(call.world.state, vault, call.body)
    call.world.state.touch("vault", vault.key, call.world.now())
    return Answer(200, vault_body(vault))


def guard_proxies(call: Call) -> Answer:
    """No multi-user authorization on any vault here."""
    find_vault(call)
    return Answer(200, {"value": []})


VAULTS = "/providers/Microsoft.RecoveryServices/vaults"
ROUTES: list[Route] = [
    ("GET", f"/subscriptions/{{subscription}}{VAULTS}", list_vaults),
    ("GET", f"{GROUP}{VAULTS}", list_vaults),
    ("GET", VAULT, get_vault),
    ("PATCH", VAULT, patch_vault),
    ("GET", f"{VAULT}/backupResourceGuardProxies", guard_proxies),
]
