"""Creating a vault: accepted at once, usable some virtual seconds later (recorded traffic, 2026)."""

import re

from simulator.backup.operations import operation_url
from simulator.backup.render import vault_body
from simulator.backup.vault_resource import take
from simulator.backup.vaults import VAULT
from simulator.core.model import Vault, default_policies
from simulator.core.reading import a_location, a_text, an_object
from simulator.core.routing import Call, Route
from simulator.core.state import vault_id
from simulator.core.wire import Answer, AzureError
from simulator.resources.subscriptions import find_group

#: Virtual seconds that a new vault stays in `Provisioning`.
PROVISIONING = 8
NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,49}")


def put_vault(call: Call) -> Answer:
    """Create (201, `Provisioning`, Azure-AsyncOperation) or change what is named (200)."""
    world, state = call.world, call.world.state
    group, body = find_group(call), call.body
    key = vault_id(group.subscription, group.name, call.params["vault"])
    existing = state.vaults.get(key.lower())
    if existing is not None:
        take(state, existing, body)
        state.touch("vault", existing.key, world.now())
        return Answer(200, vault_body(existing))
    if not NAME.fullmatch(call.params["vault"]):
        raise AzureError(400, "InvalidVaultName", f"The vault name '{call.params['vault']}' is not valid.")
    if not a_text(body, "location") or not a_text(an_object(body, "sku"), "name"):
        raise AzureError(400, "InvalidRequestContent", "A vault needs location and sku.name.")
    world.limits.quotas.add_vault(len(state.vaults.of(group.subscription)))
    vault = Vault(
        id=key,
        name=call.params["vault"],
        subscription=group.subscription,
        group=group.name,
        location=a_location(body),
        created=world.now(),
        provisioning="Provisioning",
        casing=state.spread(key.lower(), 0, 2),
        policies=default_policies(),
    )
    take(state, vault, body)
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


ROUTES: list[Route] = [("PUT", VAULT, put_vault)]
