"""How a vault's backups are stored: chosen with the vault or before its first item, and locked from then on.

The vault's own resource and its `backupstorageconfig` are two views of one thing. Cross-region restore needs a
geo-redundant vault, and is for good. Refuses a change that is not possible; whoever keeps the answer makes the change.
"""

from simulator.core.model import Vault
from simulator.core.wire import AzureError, Json

REDUNDANCIES = ("GeoRedundant", "LocallyRedundant", "ZoneRedundant", "ReadAccessGeoZoneRedundant")
#: Those of whose backups there is a copy in another region.
GEOGRAPHIC = ("GeoRedundant", "ReadAccessGeoZoneRedundant")


def storage(vault: Vault) -> Json:
    """`properties` of the vault's storage configuration."""
    return {
        "storageModelType": "GeoRedundant",
        "storageType": "GeoRedundant",
        "dedupState": "Disabled",
        "xcoolState": "Disabled",
        "storageTypeState": "Locked" if vault.items else "Unlocked",
        "crossRegionRestoreFlag": False,
    } | vault.settings.get("storage", {})


def changed(vault: Vault, wanted: object, flag: object) -> Json:
    """What is to be kept of the storage after this change; None for `wanted` or `flag` leaves it as it is.

    Raises AzureError 400 on a word that is none, and on a change that is not possible.
    """
    current = storage(vault)
    kind = current["storageType"] if wanted is None else wanted
    if kind not in REDUNDANCIES or not isinstance(flag, bool | None):
        message = f"The redundancy must be one of {', '.join(REDUNDANCIES)}, and cross-region restore on or off."
        raise AzureError(400, "BMSUserErrorInvalidInput", message)
    if kind != current["storageType"] and vault.items:
        message = "The storage redundancy of a vault with protected items cannot be changed."
        raise AzureError(400, "BMSUserErrorStorageTypeLocked", message)
    if current["crossRegionRestoreFlag"] and flag is False:
        raise AzureError(400, "BMSUserErrorCrossRegionRestoreIrreversible", "Cross-region restore cannot be disabled.")
    across = bool(current["crossRegionRestoreFlag"] or flag)
    if across and kind not in GEOGRAPHIC:
        message = f"Cross-region restore needs a vault whose redundancy is one of {', '.join(GEOGRAPHIC)}."
        raise AzureError(400, "BMSUserErrorCrossRegionRestoreNotSupported", message)
    return {"storageModelType": kind, "storageType": kind, "crossRegionRestoreFlag": across}
