"""What an estate file says of the surroundings of VMs: locks, Azure Policy, key vaults, and what is inside a VM.

A scope by name must exist, as a reference must anywhere else in the file; one by its whole id is taken as it comes.
"""

from typing import TYPE_CHECKING, Any

from simulator.authorization.policy_builtin import BUILT_IN
from simulator.core.surroundings import Guest, KeyVault, Lock, PolicyAssignment, PolicyDefinition, RoleAssignment
from simulator.core.wire import Json
from simulator.estate.file_model import AssignmentEntry, DefinitionEntry, KeyVaultEntry, LockEntry, Scoped, VmEntry
from simulator.estate.file_text import Entry, shown
from simulator.keyvault.access import KEY_VAULT_ADMINISTRATOR, backup_principal
from simulator.keyvault.encryption import settings_for

if TYPE_CHECKING:
    from simulator.estate.file_build import Building

KEY_VAULTS = "Microsoft.KeyVault/vaults"
AUTHORIZATION = "/providers/Microsoft.Authorization"
ALL = ["get", "list", "backup"]


def guest_of(given: VmEntry) -> Guest | None:
    """What is unusual inside the VM; None where the entry says nothing of it."""
    if given.agent is None and not given.agent_version and not given.extensions and not given.scripts:
        return None
    return Guest(given.agent or "ok", given.agent_version or "", dict(given.extensions), given.scripts)


def encrypt(building: "Building", entry: Entry, given: VmEntry, properties: Json) -> None:
    """Write the VM's `diskEncryption` into its properties; EstateFileError where they say it too."""
    if given.disk_encryption is None:
        return
    disk = properties["storageProfile"]["osDisk"]
    if disk.get("encryptionSettings") is not None:
        what = "stands in properties.storageProfile.osDisk.encryptionSettings too; say it once"
        raise entry.error(building.file, what, "diskEncryption")
    vault = _key_vault(building, entry, given.disk_encryption.key_vault)
    settings = settings_for(vault, with_key=given.disk_encryption.key_encryption_key)
    storage = properties["storageProfile"] | {"osDisk": disk | {"encryptionSettings": settings}}
    properties["storageProfile"] = storage  # the entry's own is not to be written to


def _key_vault(building: "Building", entry: Entry, text: str) -> str:
    """The id of the key vault that is meant; one by its whole id may be none of the file's."""
    vaults = building.state.around.key_vaults
    if text.startswith("/"):
        return vaults[text.lower()].id if text.lower() in vaults else text
    named = [each for each in vaults.values() if each.name.lower() == text.lower()]
    if not named:
        what = f"there is no key vault {shown(text)!r}"
        raise entry.error(building.file, what, "diskEncryption", "keyVault")
    return named[0].id  # their names are unique in all of Azure


def add_key_vault(building: "Building", entry: Entry, given: KeyVaultEntry) -> None:
    """A key vault, with the backup service's access to it."""
    group, _, name, location = building.place(entry, given, KEY_VAULTS, "rg-keys")
    state, identity = building.state, f"{group.id}/providers/{KEY_VAULTS}/{name}"
    if any(each.name.lower() == name.lower() for each in state.around.key_vaults.values()):
        raise entry.error(building.file, f"the key vault {shown(name)!r} is there twice", "id" if given.id else "name")
    made = KeyVault(identity, name, group.subscription, group.name, location, given.tags or {}, given.rbac)
    made.access = [_policy(state.tenant, each.object_id, each.keys, each.secrets) for each in given.access_policies]
    principal = backup_principal(state.tenant)
    if given.backup_access != "none" and given.rbac:
        role = f"/subscriptions/{group.subscription}{AUTHORIZATION}/roleDefinitions/{KEY_VAULT_ADMINISTRATOR}"
        granted = f"{identity}{AUTHORIZATION}/roleAssignments/{principal}"
        state.around.roles[granted.lower()] = RoleAssignment(granted, principal, identity, role, principal)
    elif given.backup_access != "none":
        made.access.append(_policy(state.tenant, principal, ALL if given.backup_access == "all" else [], ALL))
    state.around.key_vaults[made.key] = made


def _policy(tenant: str, principal: str, keys: list[str], secrets: list[str]) -> Json:
    permissions = {"keys": keys, "secrets": secrets, "certificates": []}
    return {"tenantId": tenant, "objectId": principal, "permissions": permissions}


def _scope(building: "Building", entry: Entry, given: Scoped) -> str:
    """The id of what this is put on."""
    if given.scope is not None:
        return given.scope.rstrip("/")
    if given.management_group is not None:
        known = {name.lower(): name for name in (*building.state.management_groups, building.state.tenant)}
        if given.management_group.lower() not in known:
            what = f"there is no management group {shown(given.management_group)!r}"
            raise entry.error(building.file, what, "managementGroup")
        return f"/providers/Microsoft.Management/managementGroups/{known[given.management_group.lower()]}"
    subscription = building.subscription(entry, given.subscription, "subscription")
    if given.resource_group is None:
        return f"/subscriptions/{subscription}"
    group = building.state.group(subscription, given.resource_group)
    if group is None:
        what = f"there is no resource group {shown(given.resource_group)!r}; give it an entry under resourceGroups"
        raise entry.error(building.file, what, "resourceGroup")
    return group.id


def _once(building: "Building", entry: Entry, table: dict[str, Any], identity: str) -> str:
    if identity.lower() in table:
        raise entry.error(building.file, "this is there twice", "name")
    return identity


def add_locks(building: "Building", locks: list[tuple[Entry, LockEntry]]) -> None:
    """The management locks."""
    table = building.state.around.locks
    for entry, given in locks:
        scope = _scope(building, entry, given)
        identity = _once(building, entry, table, f"{scope}{AUTHORIZATION}/locks/{given.name}")
        table[identity.lower()] = Lock(identity, given.name, scope, given.level, given.notes or "")


def add_policies(
    building: "Building",
    definitions: list[tuple[Entry, DefinitionEntry]],
    assignments: list[tuple[Entry, AssignmentEntry]],
) -> None:
    """Azure Policy: the estate's own definitions, then what is assigned."""
    around = building.state.around
    for entry, own in definitions:
        base = _scope(building, entry, own)
        identity = _once(building, entry, around.definitions, f"{base}{AUTHORIZATION}/policyDefinitions/{own.name}")
        made = PolicyDefinition(identity, own.name, own.display_name or own.name, own.rule, own.parameters, own.mode)
        around.definitions[identity.lower()] = made
    known = {each.name.lower(): each.id for each in (*BUILT_IN.values(), *around.definitions.values())}
    known |= {each.display_name.lower(): each.id for each in BUILT_IN.values()}
    for entry, given in assignments:
        definition = given.definition if given.definition.startswith("/") else known.get(given.definition.lower())
        if definition is None:
            what = f"there is no definition {shown(given.definition)!r}"
            raise entry.error(building.file, what, "definition")
        scope = _scope(building, entry, given)
        identity = _once(building, entry, around.assignments, f"{scope}{AUTHORIZATION}/policyAssignments/{given.name}")
        around.assignments[identity.lower()] = PolicyAssignment(
            id=identity,
            name=given.name,
            scope=scope,
            definition=definition,
            display_name=given.display_name or "",
            parameters={name: {"value": value} for name, value in given.parameters.items()},
            not_scopes=given.not_scopes,
            enforcement="Default" if given.enforce else "DoNotEnforce",
        )
