"""What a vault's owner says of the resource itself: tags, identity, encryption.

Azure makes the ids of an identity; here they are made of the vault's seed. Keys are named, not looked at.
"""

from simulator.core.model import Vault
from simulator.core.reading import an_object, tags
from simulator.core.state import State
from simulator.core.wire import AzureError, Json

KINDS = ("None", "SystemAssigned", "UserAssigned", "SystemAssigned, UserAssigned")


def _id(state: State, key: str) -> str:
    """An id in the form of a uuid that belongs to `key`."""
    parts = [state.spread(f"{key}:{number}", 0, 2**32 - 1) for number in range(4)]
    text = "".join(f"{part:08x}" for part in parts)
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:32]}"


def take(state: State, vault: Vault, body: Json) -> None:
    """Keep what a PUT or PATCH says; what it does not name stays. Raises AzureError 400 before anything is changed."""
    given, wanted = tags(body), an_object(body, "identity")
    encryption = an_object(an_object(body, "properties"), "encryption")
    key_owner = an_object(encryption, "kekIdentity")
    if key_owner:
        encryption = encryption | {"kekIdentity": {"useSystemAssignedIdentity": False} | key_owner}
    if wanted:
        identity = _identity(state, vault, wanted)
        vault.settings["identity"] = identity
        if identity["type"] == "None":
            del vault.settings["identity"]
    if encryption:
        vault.settings["encryption"] = vault.settings.get("encryption", {}) | encryption
    if given is not None:
        vault.tags = given


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
