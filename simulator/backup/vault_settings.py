"""The configurations of a vault: how its backups are stored, and how they are guarded.

A new vault is geo-redundant with soft delete always on. What is stored under which redundancy cannot be changed once
something is protected; soft delete that is always on cannot be turned off. Other settings are kept as given.
"""

from simulator.backup.redundancy import changed, storage
from simulator.backup.vaults import VAULT, find_vault
from simulator.core.model import SOFT_DELETE_DAYS, Vault
from simulator.core.routing import Call, Route
from simulator.core.wire import Answer, AzureError, Json

ALWAYS = "AlwaysON"


def _resource(vault: Vault, kind: str, name: str, properties: Json) -> Answer:
    return Answer(
        200,
        {
            "id": f"{vault.id}/{kind}/{name}",
            "name": name,
            "type": f"Microsoft.RecoveryServices/vaults/{kind}",
            "properties": properties,
        },
    )


def _guard(vault: Vault) -> Json:
    kept: Json = {
        "enhancedSecurityState": "Enabled",
        "softDeleteFeatureState": ALWAYS,
        "softDeleteRetentionPeriodInDays": SOFT_DELETE_DAYS,
    } | vault.settings.get("security", {})
    return kept | {"isSoftDeleteFeatureStateEditable": kept["softDeleteFeatureState"] != ALWAYS}


def soft_deletes(vault: Vault) -> bool:
    """Whether what is deleted in the vault is kept for a while."""
    return bool(_guard(vault)["softDeleteFeatureState"] != "Disabled")


def get_storage(call: Call) -> Answer:
    """How the vault's backups are stored; locked once something is protected."""
    vault = find_vault(call)
    return _resource(vault, "backupstorageconfig", "vaultstorageconfig", storage(vault))


def put_storage(call: Call) -> Answer:
    """200 with the configuration. Raises AzureError 400 on a change that is not possible."""
    vault, given = find_vault(call), call.properties
    wanted = given.get("storageModelType") or given.get("storageType")
    vault.settings["storage"] = changed(vault, wanted, given.get("crossRegionRestoreFlag"))
    call.world.state.touch("vault", vault.key, call.world.now())
    return get_storage(call)


def patch_storage(call: Call) -> Answer:
    """As `put_storage`, but answered with 204."""
    put_storage(call)
    return Answer(204)


def get_guard(call: Call) -> Answer:
    """How the vault's backups are guarded."""
    vault = find_vault(call)
    return _resource(vault, "backupconfig", "vaultconfig", _guard(vault))


def put_guard(call: Call) -> Answer:
    """200 with the configuration; PATCH is answered the same. Raises AzureError 400."""
    vault, given, current = find_vault(call), call.properties, _guard(find_vault(call))
    kept: Json = {}
    for name, values in (
        ("enhancedSecurityState", ("Enabled", "Disabled")),
        ("softDeleteFeatureState", ("Enabled", "Disabled", ALWAYS)),
    ):
        value = given.get(name)
        if value is None:
            continue
        spelt = {each.lower(): each for each in values}.get(str(value).lower())
        if spelt is None:
            raise _invalid(f"{name} must be one of {', '.join(values)}.")
        kept[name] = spelt
    days = given.get("softDeleteRetentionPeriodInDays")
    if days is not None:
        if not isinstance(days, int) or isinstance(days, bool) or not SOFT_DELETE_DAYS <= days <= 180:
            raise _invalid(f"softDeleteRetentionPeriodInDays must be {SOFT_DELETE_DAYS} to 180.")
        kept["softDeleteRetentionPeriodInDays"] = days
    if kept.get("softDeleteFeatureState") == "Disabled" and not current["isSoftDeleteFeatureStateEditable"]:
        message = "Soft delete of this vault is always on and cannot be disabled."
        raise AzureError(400, "BMSUserErrorSoftDeleteStateNotEditable", message)
    if not current["isSoftDeleteFeatureStateEditable"]:
        kept.pop("softDeleteFeatureState", None)
    vault.settings["security"] = vault.settings.get("security", {}) | kept
    return get_guard(call)


def _invalid(message: str) -> AzureError:
    return AzureError(400, "BMSUserErrorInvalidInput", message)


STORAGE, GUARD = f"{VAULT}/backupstorageconfig/vaultstorageconfig", f"{VAULT}/backupconfig/vaultconfig"
ROUTES: list[Route] = [
    ("GET", STORAGE, get_storage),
    ("PUT", STORAGE, put_storage),
    ("PATCH", STORAGE, patch_storage),
    ("GET", GUARD, get_guard),
    ("PUT", GUARD, put_guard),
    ("PATCH", GUARD, put_guard),
]
