"""What surrounds the VMs' backups, read once for each sweep: locks, Azure Policy, key vaults of encrypted VMs.

Each part that cannot be read stands as an `Unread` in its place; the others are told all the same. Costs one request
for each subscription (locks), up to four questions to Resource Graph, and one or two requests for each key vault.
"""

import logging
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from functools import partial
from typing import TypeVar

from shared.adapters.azure import hazard_queries as queries
from shared.adapters.azure.arm_errors import translated
from shared.adapters.azure.arm_reader import arm_list
from shared.adapters.azure.connection import Connection
from shared.adapters.azure.directory import object_id_of
from shared.adapters.azure.graph_reader import GraphReader, chunks
from shared.adapters.azure.key_vaults import key_vault_access
from shared.adapters.azure.wire import Wire, list_at, object_at, required_text, text_at, value_at
from shared.domain.azure_answers import Scope
from shared.domain.hazards import (
    AssignedPolicies,
    EncryptedDisk,
    HazardsSeen,
    Initiative,
    KeyVaultAccess,
    Lock,
    PolicyAssignment,
    PolicyDefinition,
)
from shared.domain.model import Unread
from shared.errors import LoginError, PermanentError, RetryLaterError
from shared.ports import Clock

#: Backup Management Service in the public cloud, the same application in every tenant (Azure Backup's documentation).
BACKUP_APPLICATION = "262044b1-e2ce-469f-a196-69ab7ada62d3"
_LOCKS = "/providers/microsoft.authorization/locks/"
T = TypeVar("T")
log = logging.getLogger(__name__)


class AzureHazards:
    """The port Hazards."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._graph = GraphReader(connection, clock)

    async def look(self, subscriptions: Collection[str], key_vaults: Collection[str]) -> HazardsSeen:
        """Locks of these subscriptions, policies that reach them, and access to these key vaults (ids).

        Access to the key vaults that the subscriptions' encrypted disks name is read as well.
        """
        wanted = sorted({each.lower() for each in subscriptions})
        locks = {each: await _or_unread("its locks", partial(self._locks, each)) for each in wanted}
        policies: AssignedPolicies | Unread = AssignedPolicies()
        if wanted:
            policies = await _or_unread("assignments of Azure Policy", partial(self._policies, wanted))
        disks: tuple[EncryptedDisk, ...] | Unread = ()
        if wanted:
            disks = await _or_unread("encrypted disks", partial(self._encrypted_disks, wanted))
        named = {each.lower() for each in key_vaults}
        if not isinstance(disks, Unread):
            named |= {vault.lower() for disk in disks for vault in (disk.secret_vault, disk.key_vault) if vault}
        return HazardsSeen(locks, policies, await self._key_vaults(sorted(named)), disks)

    async def _locks(self, subscription: str) -> tuple[Lock, ...]:
        """Those of the subscription, its resource groups and its resources (Management Locks 2016-09-01)."""
        path = f"/subscriptions/{subscription}/providers/Microsoft.Authorization/locks"
        with translated(f"/subscriptions/{subscription}"):
            return tuple([_lock(each) for each in await arm_list(self._connection, path, "2016-09-01")])

    async def _policies(self, subscriptions: list[str]) -> AssignedPolicies:
        assignments: dict[str, PolicyAssignment] = {}
        definitions: dict[str, PolicyDefinition] = {}
        initiatives: dict[str, Initiative] = {}
        for where in chunks(Scope(tuple(subscriptions))):
            async for row in self._graph.rows(queries.ASSIGNMENTS, where, above=True):
                with translated(text_at(row, "id")):
                    assignments[required_text(row, "id").lower()] = _assignment(row)
            if not assignments:
                continue
            async for row in self._graph.rows(queries.DEFINITIONS, where, above=True):
                with translated(text_at(row, "id")):
                    definitions[required_text(row, "id").lower()] = _definition(row)
            async for row in self._graph.rows(queries.INITIATIVES, where, above=True):
                with translated(text_at(row, "id")):
                    initiatives[required_text(row, "id").lower()] = _initiative(row)
        return AssignedPolicies(tuple(assignments.values()), definitions, initiatives)

    async def _encrypted_disks(self, subscriptions: list[str]) -> tuple[EncryptedDisk, ...]:
        """Those that are attached. A disk has a setting for each encrypted volume (Compute 2021-04-01)."""
        found: dict[EncryptedDisk, None] = {}
        for where in chunks(Scope(tuple(subscriptions))):
            async for row in self._graph.rows(queries.ENCRYPTED_DISKS, where):
                with translated(text_at(row, "id")):
                    found |= dict.fromkeys(_encrypted(row))
        return tuple(found)

    async def _key_vaults(self, vaults: list[str]) -> Mapping[str, KeyVaultAccess | Unread]:
        if not vaults:
            return {}
        who = "as whom the tenant knows the backup service"
        principal = await _or_unread(who, partial(object_id_of, self._connection, BACKUP_APPLICATION))
        if isinstance(principal, Unread):
            return dict.fromkeys(vaults, principal)
        if not principal:
            why = "the tenant does not know the application Backup Management Service yet"
            return dict.fromkeys(vaults, KeyVaultAccess(secrets=False, keys=False, why=why))
        found: dict[str, KeyVaultAccess | Unread] = {}
        for each in vaults:
            asked = partial(key_vault_access, self._connection, each, principal)
            found[each] = await _or_unread("the key vault", asked)
        return found


def _encrypted(row: Wire) -> Iterator[EncryptedDisk]:
    vm_key = text_at(row, "managedBy").lower()
    for each in list_at(row, "settings"):
        if not isinstance(each, Mapping):
            raise ValueError("encryptionSettings holds something that is not an object")
        secret = text_at(each, "diskEncryptionKey", "sourceVault", "id")
        if vm_key and secret:
            yield EncryptedDisk(vm_key, secret, text_at(each, "keyEncryptionKey", "sourceVault", "id"))


def _lock(node: Wire) -> Lock:
    identity = required_text(node, "id")
    scope, found, _ = identity.lower().partition(_LOCKS)
    if not found:
        raise ValueError("not the id of a lock")
    return Lock(identity, scope, required_text(node, "properties", "level"))


def _assignment(row: Wire) -> PolicyAssignment:
    parameters = object_at(row, "parameters")
    return PolicyAssignment(
        id=required_text(row, "id"),
        scope=required_text(row, "scope").lower().rstrip("/"),
        definition=required_text(row, "definition").lower(),
        name=text_at(row, "displayName"),
        parameters={name: value_at(parameters, name, "value") for name in parameters},
        not_scopes=tuple(str(each).lower().rstrip("/") for each in list_at(row, "notScopes")),
    )


def _definition(row: Wire) -> PolicyDefinition:
    return PolicyDefinition(required_text(row, "id"), text_at(row, "mode"), object_at(row, "rule"), _defaults(row))


def _initiative(row: Wire) -> Initiative:
    members = []
    for each in list_at(row, "members"):
        if not isinstance(each, Mapping):
            raise ValueError("policyDefinitions holds something that is not an object")
        given = object_at(each, "parameters")
        own = {name: value_at(given, name, "value") for name in given}
        members.append((required_text(each, "policyDefinitionId").lower(), own))
    return Initiative(required_text(row, "id"), tuple(members), _defaults(row))


def _defaults(row: Wire) -> Mapping[str, object]:
    given = object_at(row, "parameters")
    return {name: value_at(given, name, "defaultValue") for name in given if "defaultValue" in object_at(given, name)}


async def _or_unread(what: str, ask: Callable[[], Awaitable[T]]) -> T | Unread:
    try:
        return await ask()
    except (RetryLaterError, PermanentError, LoginError) as error:
        log.warning("%s could not be read: %s", what, error.message)
        return Unread(what, error.message, error.code, error.remedy, retryable=isinstance(error, RetryLaterError))
