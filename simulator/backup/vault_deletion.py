"""Deleting a vault: possible only once nothing is in it, soft-deleted items included."""

from simulator.backup.operations import operation_url
from simulator.backup.vaults import VAULT, find_vault
from simulator.core.routing import Call, Route
from simulator.core.state import vault_id
from simulator.core.wire import Answer, AzureError
from simulator.resources.subscriptions import find_group

#: Virtual seconds that deleting a vault takes; our own number.
DELETION = 8


def delete_vault(call: Call) -> Answer:
    """202 with both headers; 204 where there is none. Raises AzureError 400 where items are in it."""
    world, group = call.world, find_group(call)
    if vault_id(group.subscription, group.name, call.params["vault"]).lower() not in world.state.vaults:
        return Answer(204)
    vault = find_vault(call)
    if vault.items:
        message = (
            "The Recovery Services vault cannot be deleted: there are backup items in it, "
            "protected, stopped or in soft deleted state."
        )
        raise AzureError(400, "BMSUserErrorVaultDeletionNotAllowed", message)
    vault.provisioning = "Deleting"
    operation = world.start_operation()

    def finish() -> None:
        world.state.vaults.pop(vault.key, None)
        operation.status, operation.ended = "Succeeded", world.now()
        world.state.touch("vault", vault.key, world.now())

    world.clock.after(DELETION, finish)
    world.state.touch("vault", vault.key, world.now())
    return Answer(
        202,
        None,
        {
            "Azure-AsyncOperation": operation_url(call, f"{vault.id}/operationStatus/{operation.id}"),
            "Location": operation_url(call, f"{vault.id}/operationResults/{operation.id}"),
        },
    )


ROUTES: list[Route] = [("DELETE", VAULT, delete_vault)]
