"""Whether Azure Backup may get, list and back up what lies in a key vault, from the vault and its roles. Reads only.

What it needs is Azure Backup's documentation on encrypted VMs (2024): those three rights to secrets and keys by an
access policy, or the role Key Vault Administrator where the vault has RBAC. The two officers' roles hold all three for
one kind each. Any other role is not judged: it may be a person's own and suffice, so the answer is then not known.
"""

import re
from collections.abc import Mapping
from urllib.parse import quote

from azure.core.exceptions import HttpResponseError

from shared.adapters.azure.arm_errors import code_of, is_not_found, translated
from shared.adapters.azure.arm_reader import arm_list, arm_object
from shared.adapters.azure.connection import Connection
from shared.adapters.azure.wire import Wire, flag_at, list_at, object_at, text_at
from shared.domain.hazards import KeyVaultAccess
from shared.domain.model import Unread

_NEEDED = frozenset({"get", "list", "backup"})
_KEY_VAULT = re.compile(
    r"/subscriptions/[0-9a-f-]{36}/resourcegroups/[^/?#\s]{1,90}/providers/microsoft\.keyvault/vaults/[a-z0-9-]{3,24}"
)
#: Built-in roles by the last part of their definitions' ids, and the kinds for which they hold all that is needed.
_ROLES: Mapping[str, frozenset[str]] = {
    "00482a5a-887f-4fb3-b363-3b7fe8e74483": frozenset({"secrets", "keys"}),  # Key Vault Administrator
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": frozenset({"secrets"}),  # Key Vault Secrets Officer
    "14b46e9e-c2b7-41b4-b07b-48a6ebf60603": frozenset({"keys"}),  # Key Vault Crypto Officer
}
_GONE = KeyVaultAccess(secrets=False, keys=False, why="the key vault does not exist")


async def key_vault_access(connection: Connection, vault_id: str, principal: str) -> KeyVaultAccess | Unread:
    """What the principal (an object id) may do in the vault: one request, two where it has RBAC.

    Raises as every adapter does where a read fails.
    """
    if _KEY_VAULT.fullmatch(vault_id.lower()) is None:
        return Unread("the key vault", "the VM names it by an id that is none of a key vault", retryable=False)
    with translated(vault_id):
        try:
            node = await arm_object(connection, vault_id, "2023-07-01")
        except HttpResponseError as error:
            if is_not_found(error) and code_of(error).lower() in {"resourcenotfound", "resourcegroupnotfound"}:
                return _GONE
            raise
        properties = object_at(node, "properties")
        if not flag_at(properties, "enableRbacAuthorization"):
            return _by_policy(properties, principal)
        chosen = quote(f"assignedTo('{principal}') and atScope()")
        path = f"{vault_id}/providers/Microsoft.Authorization/roleAssignments"
        roles = [
            text_at(each, "properties", "roleDefinitionId")
            for each in await arm_list(connection, path, "2022-04-01", chosen)
        ]
        return _by_roles(roles)


def _by_policy(properties: Wire, principal: str) -> KeyVaultAccess:
    given: dict[str, set[str]] = {"secrets": set(), "keys": set()}
    for each in list_at(properties, "accessPolicies"):
        if not isinstance(each, Mapping):
            raise ValueError("accessPolicies holds something that is not an object")
        if text_at(each, "objectId").lower() == principal.lower():
            for kind, words in given.items():
                words |= {str(word).lower() for word in list_at(each, "permissions", kind)}
    allowed = {kind: "all" in words or words >= _NEEDED for kind, words in given.items()}
    lacking = sorted({word for kind, words in given.items() if not allowed[kind] for word in _NEEDED - words})
    why = f"its access policies lack {', '.join(lacking)}" if lacking else ""
    return KeyVaultAccess(allowed["secrets"], allowed["keys"], why)


def _by_roles(roles: list[str]) -> KeyVaultAccess | Unread:
    names = [each.lower().rsplit("/", 1)[-1] for each in roles]
    kinds = {kind for name in names for kind in _ROLES.get(name, ())}
    if any(name not in _ROLES for name in names) and kinds < {"secrets", "keys"}:
        return Unread("the key vault's roles", "the backup service has a role there that Backstop does not know")
    why = "" if kinds == {"secrets", "keys"} else "the backup service has no role there that holds what it needs"
    return KeyVaultAccess("secrets" in kinds, "keys" in kinds, why)
