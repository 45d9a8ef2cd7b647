"""Azure's Recovery Services vault in the core's words, from ARM's answer or a row of Resource Graph. Pure."""

from typing import TypedDict

from shared.adapters.azure.wire import Wire, object_at, required_text, tags_at, text_at
from shared.domain.arm_id import parse_id
from shared.domain.model import Vault
from shared.domain.selectors import normalise_location


def vault_from_wire(node: Wire) -> Vault:
    """A vault; ValueError where it has no id or location. A new one is `Provisioning` at first (recorded, 2026)."""
    state = text_at(node, "properties", "provisioningState").lower()
    return Vault(
        id=parse_id(required_text(node, "id")),
        location=normalise_location(required_text(node, "location")),
        tags=tags_at(node, "tags"),
        ready=state in {"", "succeeded"},
        failed=state == "failed",
        **_settings(object_at(node, "properties")),
    )


class _Settings(TypedDict):
    redundancy: str
    cross_region_restore: bool | None
    soft_delete: bool | None
    immutability: str
    guarded: bool | None


_SWITCHED = {"enabled": True, "alwayson": True, "disabled": False}  # recorded traffic, 2026: `AlwaysON`


def _settings(properties: Wire) -> _Settings:
    """What newer api-versions show of a vault (recorded traffic, 2026); `Invalid` is the service's word for nothing."""
    security = object_at(properties, "securitySettings")

    def switched(*path: str, of: Wire) -> bool | None:
        return _SWITCHED.get(text_at(of, *path).lower())

    redundancy = text_at(properties, "redundancySettings", "standardTierStorageRedundancy")
    return _Settings(
        redundancy="" if redundancy == "Invalid" else redundancy,
        cross_region_restore=switched("redundancySettings", "crossRegionRestore", of=properties),
        soft_delete=switched("softDeleteSettings", "softDeleteState", of=security),
        immutability=text_at(security, "immutabilitySettings", "state"),
        guarded=switched("multiUserAuthorization", of=security),
    )


def vault_from_row(row: Wire) -> Vault:
    """A vault of a row that `queries.VAULTS` gives."""
    properties = {
        "provisioningState": text_at(row, "provisioningState"),
        "redundancySettings": object_at(row, "redundancySettings"),
        "securitySettings": object_at(row, "securitySettings"),
    }
    return vault_from_wire({**row, "properties": properties})
