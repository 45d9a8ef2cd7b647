"""Built-in definitions of Azure Policy that can stop a backup: those that deny resource groups or untagged resources.

Ids and meanings as Azure has them for every tenant (Azure Policy's list of built-in definitions); each rule here says
the same in as few words as it takes.
"""

from simulator.core.surroundings import PolicyDefinition
from simulator.core.wire import Json

PREFIX = "/providers/Microsoft.Authorization/policyDefinitions/"
GROUPS = {"field": "type", "equals": "Microsoft.Resources/subscriptions/resourceGroups"}
TAG = "[concat('tags[', parameters('tagName'), ']')]"


def _definition(guid: str, name: str, mode: str, conditions: list[Json], **parameters: str) -> PolicyDefinition:
    kinds = {each: {"type": kind} for each, kind in parameters.items()}
    rule = {"if": {"allOf": conditions}, "then": {"effect": "deny"}}
    return PolicyDefinition(f"{PREFIX}{guid}", guid, name, rule, kinds, mode, "BuiltIn")


_ALL = (
    _definition(
        "96670d01-0a4d-4649-9c89-2d3abc0a5025",
        "Require a tag on resource groups",
        "All",
        [GROUPS, {"field": TAG, "exists": "false"}],
        tagName="String",
    ),
    _definition(
        "8ce3da23-7156-49e4-b145-24f95f9dcb46",
        "Require a tag and its value on resource groups",
        "All",
        [GROUPS, {"not": {"field": TAG, "equals": "[parameters('tagValue')]"}}],
        tagName="String",
        tagValue="String",
    ),
    _definition(
        "871b6d14-10aa-478d-b590-94f262ecfa99",
        "Require a tag on resources",
        "Indexed",
        [{"field": TAG, "exists": "false"}],
        tagName="String",
    ),
    _definition(
        "e765b5de-1225-4ba3-bd56-1ac6695af988",
        "Allowed locations for resource groups",
        "All",
        [GROUPS, {"field": "location", "notIn": "[parameters('listOfAllowedLocations')]"}],
        listOfAllowedLocations="Array",
    ),
)
#: By lower-cased id.
BUILT_IN = {each.id.lower(): each for each in _ALL}
