"""Azure Policy's own definitions for VM backup by id, so that an assignment can be imported without its definition.

Only what Backstop needs of them is here, in its own words; their list of images is not, and an exact import asks for
the definition itself. Source: Azure/azure-policy, folder Backup, version 9.5.0 (2026-02).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from shared.domain.azure_policy.reading import Definition

_TYPE = {"field": "type", "equals": "Microsoft.Compute/virtualMachines"}
_NO_NODES = [
    {"field": "id", "notContains": "/resourceGroups/databricks-rg-"},
    {"field": "Microsoft.Compute/imagePublisher", "notEquals": "azureopenshift"},
    {"field": "Microsoft.Compute/imagePublisher", "notEquals": "AzureDatabricks"},
]
_LOCATION = {"field": "location", "equals": "[parameters('vaultLocation')]"}
_NOTHING_NAMED = [
    {"value": f"[empty(parameters('exclusionTag{part}'))]", "equals": "true"} for part in ("Value", "Name")
]
_WITHOUT_TAG = {
    "not": {
        "field": "[concat('tags[', parameters('exclusionTagName'), ']')]",
        "in": "[parameters('exclusionTagValue')]",
    }
}
_WITH_TAG = {
    "field": "[concat('tags[', parameters('inclusionTagName'), ']')]",
    "in": "[parameters('inclusionTagValue')]",
}
_EXCLUSION = {"exclusionTagName": "", "exclusionTagValue": []}


@dataclass(frozen=True, slots=True)
class Builtin:
    """One of them. `defaults` are those of its parameters; `images` tells that it knows a list of images only."""

    title: str
    conditions: tuple[Mapping[str, Any], ...]
    defaults: Mapping[str, Any]
    vault: Literal["existing", "new", ""]
    images: bool = True

    def definition(self, key: str) -> Definition:
        """It as it stands in Azure, without the list of images and the deployment."""
        condition = {"allOf": [_TYPE, *_NO_NODES, *self.conditions]}
        defaults = {name.lower(): value for name, value in self.defaults.items()}
        return Definition(key, self.title, condition, {"effect": "[parameters('effect')]"}, defaults)


_DEPLOY = {"effect": "DeployIfNotExists"}

BUILTINS: Mapping[str, Builtin] = {
    "09ce66bc-1220-4153-8104-e3f51c936913": Builtin(
        "Backup of VMs without a given tag, existing vault",
        (_LOCATION, {"anyOf": [_WITHOUT_TAG, *_NOTHING_NAMED]}),
        _DEPLOY | _EXCLUSION,
        "existing",
    ),
    "345fa903-145c-4fe1-8bcd-93ec2adccde8": Builtin(
        "Backup of VMs with a given tag, existing vault",
        (_LOCATION, _WITH_TAG),
        _DEPLOY | {"inclusionTagName": ""},
        "existing",
    ),
    "98d0b9f8-fd90-49c9-88e2-d3baf3b0dd86": Builtin(
        "Backup of VMs without a given tag, new vault", (_WITHOUT_TAG,), _DEPLOY | _EXCLUSION, "new"
    ),
    "83644c87-93dd-49fe-bf9f-6aff8fd0834e": Builtin(
        "Backup of VMs with a given tag, new vault",
        (
            {
                "anyOf": [
                    _WITH_TAG,
                    {"value": "[empty(parameters('inclusionTagValue'))]", "equals": "true"},
                    {"value": "[empty(parameters('inclusionTagName'))]", "equals": "true"},
                ]
            },
        ),
        _DEPLOY | {"inclusionTagName": "", "inclusionTagValue": []},
        "new",
    ),
    "013e242c-8828-4970-87b3-ab247555486d": Builtin(
        "VMs should have a backup", (), {"effect": "AuditIfNotExists"}, "", images=False
    ),
}

#: Those that are about vaults, told by name because assignments of them often stand in the same export.
ABOUT_VAULTS = frozenset({"31b8092a-36b8-434b-9af7-5ec844364148"})
