"""Whether the backup service may read what an encrypted VM's keys are kept in.

What it needs is Azure Backup's documentation (2024): Get, List and Backup for secrets, and for keys too where a key
encrypts the secret; or, in a key vault with RBAC, the role Key Vault Administrator. Other roles count for nothing here.
"""

import uuid

from simulator.authorization.scopes import holds_for
from simulator.core.state import State
from simulator.core.surroundings import KeyVault
from simulator.core.wire import Json
from simulator.keyvault.encryption import encryption_of, source_of

#: "Backup Management Service" in the public cloud (documentation of Azure Backup): an application, the same everywhere.
BACKUP_APPLICATION = "262044b1-e2ce-469f-a196-69ab7ada62d3"
KEY_VAULT_ADMINISTRATOR = "00482a5a-887f-4fb3-b363-3b7fe8e74483"
NEEDED = frozenset({"get", "list", "backup"})


def backup_principal(tenant: str) -> str:
    """The object id under which a tenant knows the backup service: each tenant has its own."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{tenant}:{BACKUP_APPLICATION}"))


def may_back_up(state: State, properties: Json) -> bool:
    """Whether the keys of this VM (ARM's `properties`) can be read; True where it has none."""
    settings = encryption_of(properties)
    if settings is None:
        return True
    secret, key = source_of(settings, "diskEncryptionKey"), source_of(settings, "keyEncryptionKey")
    return _grants(state, secret, {"secrets"}) and (not key or _grants(state, key, {"keys"}))


def _grants(state: State, vault_id: str, kinds: set[str]) -> bool:
    vault = state.around.key_vaults.get(vault_id.lower())
    if vault is None:
        return False
    principal = backup_principal(state.tenant)
    if vault.rbac:
        return any(
            role.principal.lower() == principal
            and role.role.lower().endswith(KEY_VAULT_ADMINISTRATOR)
            and holds_for(state, role.scope, vault.id)
            for role in state.around.roles.values()
        )
    return all(_allowed(vault, principal, kind) for kind in kinds)


def _allowed(vault: KeyVault, principal: str, kind: str) -> bool:
    given = {
        str(word).lower()
        for each in vault.access
        if str(each.get("objectId", "")).lower() == principal
        for word in (each.get("permissions") or {}).get(kind) or []
    }
    return given >= NEEDED or "all" in given
