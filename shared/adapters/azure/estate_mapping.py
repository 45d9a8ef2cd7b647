"""From rows of Resource Graph to the entries of an estate file (docs/estate.md). Pure; ValueError for a malformed row.

A file leaves this machine, so no secret goes into it: not the names of administrators, keys, scripts and user data, nor
anything else whose name sounds like one, at any depth. What a copy does not need (`extended`, `instanceView`) stays
away too; all else of a VM's `properties` is kept as Azure gives it.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from shared.adapters.azure.classic_mapping import classic_power
from shared.adapters.azure.protection_mapping import IAAS_VM
from shared.adapters.azure.wire import Wire, list_at, moment_at, object_at, required_text, tags_at, text_at, value_at
from shared.domain.arm_id import parse_id, parse_vm_id

Entry = dict[str, Any]
_SECRET = re.compile(
    r"admin(user)?(name|password)|custom_?data|user_?data|protected_?settings|password|secrets?$|secret_?ur[il]"
    r"|key_?(data|encryption|url|uri|vault)|^ssh$|unattend|sas_?ur[il]|token|connection_?string",
    re.IGNORECASE,
)
_NOT_A_PASSWORD = re.compile(r"disablePasswordAuthentication", re.IGNORECASE)
_RUN_TIME = frozenset({"extended", "instanceView"})
_SOFT_DELETE = {each.lower(): each for each in ("AlwaysON", "Enabled", "Disabled")}
_REDUNDANCY = {
    each.lower(): each for each in ("GeoRedundant", "LocallyRedundant", "ZoneRedundant", "ReadAccessGeoZoneRedundant")
}


def subscription_entry(row: Wire) -> Entry:
    """`{id, name}`."""
    identity = required_text(row, "subscriptionId").lower()
    return {"name": text_at(row, "name") or identity, "id": identity}


def ancestors(row: Wire) -> list[str]:
    """The names of the management groups above a subscription, the nearest first."""
    names = []
    for each in list_at(row, "ancestors"):
        if not isinstance(each, Mapping):
            raise ValueError("managementGroupAncestorsChain does not hold objects")
        names.append(required_text(each, "name"))
    return names


def management_groups(chains: Mapping[str, Sequence[str]]) -> list[Entry]:
    """The groups as trees, from each subscription's chain of ancestors; ValueError where these contradict."""
    parents: dict[str, str] = {}
    entries: dict[str, Entry] = {}
    for subscription, chain in chains.items():
        for name, parent in zip(chain, (*chain, "")[1:], strict=True):
            if parents.setdefault(name, parent) != parent:
                raise ValueError(f"management group {name} has two parents: it was moved while it was read")
            entries.setdefault(name, {"name": name})
        if chain:
            entries[chain[0]].setdefault("subscriptions", []).append(subscription)
    roots = []
    for name, entry in entries.items():
        if parents[name]:
            entries[parents[name]].setdefault("children", []).append(entry)
        else:
            roots.append(entry)
    return roots


def group_entry(row: Wire) -> Entry:
    """A resource group."""
    parts = required_text(row, "id").split("/")
    if len(parts) != 5:
        raise ValueError("not the id of a resource group")
    entry: Entry = {"name": parts[4], "subscription": parts[2].lower(), "location": required_text(row, "location")}
    return entry | _given(tags=tags_at(row, "tags"), managedBy=text_at(row, "managedBy"))


def vault_entry(row: Wire, policies: Sequence[Entry]) -> Entry:
    """A vault with its backup policies and what a decision or a protection can depend on."""
    identity = parse_id(required_text(row, "id")).text
    entry: Entry = {"id": identity, "location": required_text(row, "location")}
    entry |= _given(tags=tags_at(row, "tags"))
    state = text_at(row, "properties", "provisioningState")
    if state and state != "Succeeded":
        entry["provisioningState"] = state
    stored = object_at(row, "properties", "redundancySettings")
    if kind := _REDUNDANCY.get(text_at(stored, "standardTierStorageRedundancy").lower()):
        entry["redundancy"] = kind
    if text_at(stored, "crossRegionRestore").lower() == "enabled":
        entry["crossRegionRestore"] = True
    deleted = object_at(row, "properties", "securitySettings", "softDeleteSettings")
    if guard := _SOFT_DELETE.get(text_at(deleted, "softDeleteState").lower()):
        days = value_at(deleted, "softDeleteRetentionPeriodInDays")
        entry["softDelete"] = {"state": guard} | ({"days": days} if isinstance(days, int) and 14 <= days <= 180 else {})
    return entry | {"policies": list(policies)}


def policy_entry(row: Wire) -> Entry:
    """A backup policy with its whole definition."""
    definition = {k: v for k, v in object_at(row, "properties").items() if k != "protectedItemsCount"}
    return {
        "name": required_text(row, "name"),
        "type": "V2" if text_at(definition, "policyType").upper() == "V2" else "V1",
        **_given(management=text_at(definition, "backupManagementType")),
        "definition": without_secrets(definition),
    }


def vm_entry(row: Wire) -> Entry:
    """A VM; its `properties` without secrets and without what only describes the moment."""
    identity = parse_vm_id(required_text(row, "id"))
    properties = object_at(row, "properties")
    code = text_at(properties, "extended", "instanceView", "powerState", "code")
    power = classic_power(properties) if identity.classic else code.rpartition("/")[2].lower()
    entry: Entry = {"id": identity.text, "location": required_text(row, "location")}
    if value_at(row, "tags") is not None:
        entry["tags"] = tags_at(row, "tags")
    entry |= _given(zones=list(list_at(row, "zones")), identity=without_secrets(object_at(row, "identity")))
    entry |= _given(managedBy=text_at(row, "managedBy"), powerState=power if power.isalpha() else "")
    kept = {name: value for name, value in properties.items() if name not in _RUN_TIME}
    return entry | {"properties": without_secrets(kept)}


def item_entry(row: Wire) -> Entry | None:
    """A protected item; None for one that protects no VM and nothing inside a VM (a file share, a server)."""
    management = required_text(row, "management")
    source = text_at(row, "sourceResourceId") or text_at(row, "dataSourceId")
    if management.lower() != IAAS_VM and "/providers/microsoft.compute/virtualmachines/" not in source.lower():
        return None
    entry: Entry = {"id": required_text(row, "id"), "vm": parse_vm_id(source).text}
    if management.lower() != IAAS_VM:
        entry["management"] = management
    policy = text_at(row, "policyName") or text_at(row, "policyId").rstrip("/").rsplit("/", 1)[-1]
    entry |= _given(policy=policy) | {"state": required_text(row, "currentProtectionState")}
    for name in ("lastRecoveryPoint", "lastBackupTime"):
        if moment_at(row, name) is not None:
            entry[name] = text_at(row, name)
    return entry | _given(lastBackupStatus=text_at(row, "lastBackupStatus"))


def without_secrets(value: Any) -> Any:
    """The value without every key, at any depth, whose name sounds like a secret."""
    if isinstance(value, Mapping):
        return {name: without_secrets(each) for name, each in value.items() if not _is_secret(name)}
    if isinstance(value, list):
        return [without_secrets(each) for each in value]
    return value


@lru_cache(maxsize=4096)  # the same hundred names in every VM
def _is_secret(name: str) -> bool:
    return _SECRET.search(name) is not None and _NOT_A_PASSWORD.fullmatch(name) is None


def _given(**parts: Any) -> Entry:
    """Those that are not empty."""
    return {name: value for name, value in parts.items() if value}
