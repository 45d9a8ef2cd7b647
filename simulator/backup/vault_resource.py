"""What a vault's owner says of the resource itself: tags, identity, encryption, redundancy, security, network.

Azure makes the ids of an identity; here they are made of the vault's seed. Keys are named, not looked at. Soft delete
is always on here, as it is in new vaults; only its days are taken (`vault_settings.py` has the rest).
"""

from simulator.backup.redundancy import changed
from simulator.core.model import SOFT_DELETE_DAYS, Vault
from simulator.core.reading import a_text, an_object, tags
from simulator.core.state import State
from simulator.core.wire import AzureError, Json

KINDS = ("None", "SystemAssigned", "UserAssigned", "SystemAssigned, UserAssigned")
#: Each more than the one before it; the last is for good.
IMMUTABILITY = ("Disabled", "Unlocked", "Locked")
ALWAYS, MOST_DAYS = "AlwaysON", 180


def _id(state: State, key: str) -> str:
    """An id in the form of a uuid that belongs to `key`."""
    parts = [state.spread(f"{key}:{number}", 0, 2**32 - 1) for number in range(4)]
    text = "".join(f"{part:08x}" for part in parts)
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:32]}"


def take(state: State, vault: Vault, body: Json) -> None:
    """Keep what a PUT or PATCH says; what it does not name stays. Raises AzureError 400 before anything is changed."""
    given, wanted = tags(body), an_object(body, "identity")
    properties = an_object(body, "properties")
    settings = _redundancy(vault, properties) | _security(vault, properties) | _network(properties)
    encryption = an_object(properties, "encryption")
    key_owner = an_object(encryption, "kekIdentity")
    if key_owner:
        encryption = encryption | {"kekIdentity": {"useSystemAssignedIdentity": False} | key_owner}
    if wanted:
        identity = _identity(state, vault, wanted)
        vault.settings["identity"] = identity
        if identity["type"] == "None":
            del vault.settings["identity"]
    vault.settings.update(settings)
    if encryption:
        vault.settings["encryption"] = vault.settings.get("encryption", {}) | encryption
    if given is not None:
        vault.tags = given


def _redundancy(vault: Vault, properties: Json) -> dict[str, Json]:
    given = an_object(properties, "redundancySettings")
    kind, across = a_text(given, "standardTierStorageRedundancy"), a_text(given, "crossRegionRestore")
    if across not in ("", "Enabled", "Disabled"):
        raise _invalid("crossRegionRestore must be Enabled or Disabled.")
    if not kind and not across:
        return {}
    return {"storage": changed(vault, kind or None, across == "Enabled" if across else None)}


def _security(vault: Vault, properties: Json) -> dict[str, Json]:
    """Soft delete (its days, and that it be always on) and immutability."""
    given, kept = an_object(properties, "securitySettings"), dict(vault.settings.get("security", {}))
    soft, immutable = (an_object(given, name) for name in ("softDeleteSettings", "immutabilitySettings"))
    state, days = a_text(soft, "softDeleteState"), soft.get("softDeleteRetentionPeriodInDays")
    if state.lower() == ALWAYS.lower():
        kept["softDeleteFeatureState"] = ALWAYS
    elif state and state != kept.get("softDeleteFeatureState", ALWAYS):
        message = "Soft delete is set by the vault's backupconfig; where it is always on it stays so."
        raise AzureError(400, "BMSUserErrorSoftDeleteStateNotEditable", message)
    if days is not None:
        if not isinstance(days, int) or isinstance(days, bool) or not SOFT_DELETE_DAYS <= days <= MOST_DAYS:
            raise _invalid(f"softDeleteRetentionPeriodInDays must be {SOFT_DELETE_DAYS} to {MOST_DAYS}.")
        kept["softDeleteRetentionPeriodInDays"] = days
    wanted, current = a_text(immutable, "state"), vault.settings.get("immutability", {}).get("state")
    if wanted and wanted not in IMMUTABILITY:
        raise _invalid(f"immutabilitySettings.state must be one of {', '.join(IMMUTABILITY)}.")
    if wanted and current == "Locked" != wanted:
        raise AzureError(400, "BMSUserErrorImmutabilityLocked", "The vault's immutability is locked for good.")
    return {"security": kept} | ({"immutability": {"state": wanted}} if wanted else {})


def _network(properties: Json) -> dict[str, Json]:
    access = a_text(properties, "publicNetworkAccess")
    if access not in ("", "Enabled", "Disabled"):
        raise _invalid("publicNetworkAccess must be Enabled or Disabled.")
    return {"network": {"publicNetworkAccess": access}} if access else {}


def _invalid(message: str) -> AzureError:
    return AzureError(400, "BMSUserErrorInvalidInput", message)


def _identity(state: State, vault: Vault, wanted: Json) -> Json:
    kind = str(wanted.get("type"))
    if kind not in KINDS:
        raise AzureError(400, "InvalidIdentityType", f"The identity type '{kind[:100]}' is not one of {KINDS}.")
    identity: Json = {"type": kind}
    if "SystemAssigned" in kind:
        identity |= {"tenantId": state.tenant, "principalId": _id(state, vault.key)}
    if "UserAssigned" in kind:
        identity["userAssignedIdentities"] = {
            name: {"clientId": _id(state, f"client:{name}"), "principalId": _id(state, f"principal:{name}")}
            for name in an_object(wanted, "userAssignedIdentities")
        }
    return identity
