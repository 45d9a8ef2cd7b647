"""Azure's Recovery Services vault in the core's words, from ARM's answer or a row of Resource Graph. Pure."""

from shared.adapters.azure.wire import Wire, required_text, tags_at, text_at
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
    )


def vault_from_row(row: Wire) -> Vault:
    """A vault of a row that `queries.VAULTS` gives."""
    return vault_from_wire({**row, "properties": {"provisioningState": text_at(row, "provisioningState")}})
