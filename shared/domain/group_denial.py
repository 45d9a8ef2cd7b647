"""Whether a definition of Azure Policy denies a resource group that Azure Backup makes: one without any tags. Pure.

Three answers: yes, no, and None where the rule asks for something that is not judged here; None is told, never taken
for no. Conditions, operators and how they treat what is absent are Azure Policy's (definition structure, 2024). Not
looked at are other assignments whose `modify` or `append` would add the missing tag first.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shared.domain.azure_policy.expressions import resolve
from shared.domain.azure_policy.functions import Around, Field, NotUnderstoodError, NoValueError
from shared.domain.hazards import Initiative, PolicyAssignment, PolicyDefinition

GROUP_TYPE = "Microsoft.Resources/subscriptions/resourceGroups"
_TAG = re.compile(r"tags(?:\.(?P<plain>.+)|\[(?P<quoted>.+)\])", re.IGNORECASE)
_ABSENT = object()
_NOT_UNDERSTOOD = Around("policy")
_NOT_KNOWN = object()
_MOST_DEPTH = 50
_NEGATED = {
    "notequals": "equals",
    "notin": "in",
    "notlike": "like",
    "notcontains": "contains",
    "notcontainskey": "containskey",
}


def of_single_definitions(
    assignment: PolicyAssignment, initiatives: Mapping[str, Initiative]
) -> list[PolicyAssignment]:
    """The assignment as assignments of single definitions: itself, or one for each member of its initiative.

    A parameter whose expression is not understood is handed on as what it is: not known.
    """
    initiative = initiatives.get(assignment.definition)
    if initiative is None:
        return [assignment]
    given = {name.lower(): value for name, value in {**initiative.defaults, **assignment.parameters}.items()}
    return [
        replace(assignment, definition=member, parameters={name: _handed(value, given) for name, value in own.items()})
        for member, own in initiative.members
    ]


def _handed(value: object, given: Mapping[str, Any]) -> object:
    try:
        return resolve(value, given)
    except (NotUnderstoodError, NoValueError):
        return _NOT_UNDERSTOOD


def denies(
    definition: PolicyDefinition, assignment: PolicyAssignment, subscription_id: str, location: str
) -> bool | None:
    """Whether making `AzureBackupRG_<location>_1` would be denied; None where that cannot be said.

    Only the mode `All` looks at resource groups; any effect but `deny` lets them pass.
    """
    if definition.mode.lower() != "all":
        return False
    given = {**definition.defaults, **assignment.parameters}
    parameters = {name.lower(): value for name, value in given.items()}
    then = definition.rule.get("then")
    try:
        effect = resolve(then.get("effect") if isinstance(then, Mapping) else None, parameters)
    except (NotUnderstoodError, NoValueError):
        return None
    if isinstance(effect, Field | Around):
        return None
    if not isinstance(effect, str) or effect.lower() != "deny":
        return False
    name = f"AzureBackupRG_{location}_1"
    group = {
        "type": GROUP_TYPE,
        "name": name,
        "fullname": name,
        "location": location,
        "id": f"/subscriptions/{subscription_id}/resourceGroups/{name}",
    }
    return _met(definition.rule.get("if"), group, parameters, 0)


def _met(condition: object, group: Mapping[str, str], parameters: Mapping[str, Any], depth: int) -> bool | None:
    if not isinstance(condition, Mapping) or depth > _MOST_DEPTH:
        return None
    node = {str(key).lower(): value for key, value in condition.items()}
    if "allof" in node or "anyof" in node:
        parts = node.get("allof", node.get("anyof"))
        if not isinstance(parts, list):
            return None
        inner = [_met(each, group, parameters, depth + 1) for each in parts]
        decisive = "anyof" in node  # one part that is so decides it
        if decisive in inner:
            return decisive
        return None if None in inner else not decisive
    if "not" in node:
        inside = _met(node["not"], group, parameters, depth + 1)
        return None if inside is None else not inside
    try:
        return _compared(node, group, parameters)
    except (NotUnderstoodError, NoValueError):
        return None


def _compared(node: Mapping[str, Any], group: Mapping[str, str], parameters: Mapping[str, Any]) -> bool | None:
    operators = [key for key in node if key not in {"field", "value"}]
    if len(operators) != 1 or len(node) != 2:
        return None
    have = _seen(resolve(node["field"], parameters), group) if "field" in node else _value(node["value"], parameters)
    if have is _NOT_KNOWN:
        return None
    asked = resolve(node[operators[0]], parameters)
    operator = _NEGATED.get(operators[0], operators[0])
    result = _holds(operator, have, asked)
    return result if result is None or operator == operators[0] else not result


def _seen(field: object, group: Mapping[str, str]) -> object:
    if not isinstance(field, str):
        return _NOT_KNOWN
    if _TAG.fullmatch(field):
        return _ABSENT  # the group that the service makes has no tags
    return group.get(field.lower(), _NOT_KNOWN)


def _value(value: object, parameters: Mapping[str, Any]) -> object:
    found = resolve(value, parameters)
    return _NOT_KNOWN if isinstance(found, Field | Around) else found


def _holds(operator: str, have: object, asked: object) -> bool | None:
    if isinstance(asked, Field | Around):
        return None
    if operator == "exists":
        wanted = str(asked).lower()
        return None if wanted not in {"true", "false"} else (have is not _ABSENT) == (wanted == "true")
    if have is _ABSENT:
        return False if operator in {"equals", "in", "like", "contains", "containskey"} else None
    if not isinstance(have, str | int | bool):
        return None
    text = str(have).lower()
    match operator:
        case "equals":
            return text == str(asked).lower() if isinstance(asked, str | int | bool) else None
        case "in":
            return text in [str(each).lower() for each in asked] if isinstance(asked, list) else None
        case "like":
            pattern = re.escape(str(asked).lower()).replace(r"\*", ".*")
            return re.fullmatch(pattern, text) is not None
        case "contains":
            return str(asked).lower() in text
        case _:
            return None
