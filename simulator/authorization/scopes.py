"""Scopes: what can be locked, governed or granted, and whether something at one scope holds for a resource.

A scope is an ARM id; what is put on it holds for everything below. Refuses to know what is put there.
"""

from collections.abc import Callable

from simulator.backup.vaults import VAULT, find_vault
from simulator.core.routing import Call
from simulator.core.state import State
from simulator.core.wire import AzureError
from simulator.graph import groups
from simulator.keyvault.vaults import KEY_VAULT, find_key_vault
from simulator.resources.machines import GROUP, VM, find_vm
from simulator.resources.subscriptions import find_group, find_subscription

MANAGEMENT_GROUPS = "/providers/Microsoft.Management/managementGroups/"
#: Where locks, assignments and roles can be asked for, as templates of routes.
SCOPES = ("/subscriptions/{subscription}", GROUP, VM, VAULT, KEY_VAULT)


def scope_of(call: Call) -> str:
    """The id of the scope in the path, as its owner spelt it. Raises AzureError 404 where there is none."""
    if "vm" in call.params:
        return find_vm(call).id
    if "vault" in call.params:
        return find_vault(call).id
    if "keyvault" in call.params:
        return find_key_vault(call).id
    if "group" in call.params:
        return find_group(call).id
    return f"/subscriptions/{find_subscription(call).id}"


def is_within(resource: str, scope: str) -> bool:
    """Whether the resource is the scope itself or lies in it; ids without case."""
    return f"{resource.lower()}/".startswith(f"{scope.lower()}/")


def holds_for(state: State, scope: str, resource: str) -> bool:
    """Whether what is put on this scope holds for the resource: a management group's does for all below it."""
    if not scope.lower().startswith(MANAGEMENT_GROUPS.lower()):
        return is_within(resource, scope)
    name = groups.find(state, scope[len(MANAGEMENT_GROUPS) :])
    parts = resource.split("/")
    below = groups.subscriptions(state, [name]) if name is not None else set()
    return len(parts) > 2 and parts[1].lower() == "subscriptions" and parts[2].lower() in below


def chosen_by(text: str, state: State, scope: str) -> Callable[[str], bool]:
    """Whether a list shows what is put on a scope, by the list's `$filter`: `atScope()`, `atExactScope()` or none.

    Raises AzureError 400 for any other.
    """
    match text.replace(" ", "").lower():
        case "":
            return bool  # every scope has an id
        case "atscope()":
            return lambda put_on: holds_for(state, put_on, scope)
        case "atexactscope()":
            return lambda put_on: put_on.lower() == scope.lower()
    message = f"The filter '{text[:200]}' is not supported; 'atScope()' and 'atExactScope()' are."
    raise AzureError(400, "UnsupportedFilter", message)
