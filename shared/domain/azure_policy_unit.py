"""One rule in the making: what a definition, with its assignment, asks for, and what of that is different here."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from shared.domain.azure_policy_builtins import Builtin
from shared.domain.azure_policy_conditions import Conditions, leaves, negated
from shared.domain.azure_policy_expressions import NotUnderstoodError, NoValueError, resolve
from shared.domain.azure_policy_leaf import Selector, plain
from shared.domain.azure_policy_places import Place, location_selectors, place_of
from shared.domain.azure_policy_reading import Assignment, Definition
from shared.errors import SettingsError

_PROTECTED_ITEM = "microsoft.recoveryservices/backupprotecteditems"
_BACKUP_POLICY = re.compile(
    r"/subscriptions/(?P<sub>[^/]+)/.*/vaults/(?P<vault>[^/]+)/backupPolicies/(?P<policy>[^/]+)/?", re.IGNORECASE
)
_IMAGE = frozenset({"imagepublisher", "imageoffer", "imagesku"})
#: What the built-in exclusions see too, and more: conditions that they stand for.
_COVERED: tuple[Selector, ...] = (
    {"not": {"resourceGroups": ["databricks-rg-*"]}},
    {"not": {"imagePublishers": ["azureopenshift"]}},
    {"not": {"imagePublishers": ["azuredatabricks"]}},
)
WRITES, LOOKS = "deployifnotexists", frozenset({"auditifnotexists", "audit"})


class Kind(StrEnum):
    """What a difference is about."""

    WIDER = "wider"  # more VMs, or more is done or reported
    NARROWER = "narrower"
    OPEN = "open"  # somebody has to fill it in
    NOT_UNDERSTOOD = "notUnderstood"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing to know about the import; `rule` is empty where it concerns all of it."""

    kind: Kind
    what: str
    rule: str = ""


@dataclass(slots=True)
class Unit:
    """One rule in the making."""

    name: str
    definition: Definition
    builtin: Builtin | None
    assignment: Assignment | None
    parameters: Mapping[str, Any]
    effect: str = WRITES
    match: list[Selector] = field(default_factory=list)
    exclude: list[Selector] = field(default_factory=list)
    place: Place = field(default_factory=Place)
    differences: list[Difference] = field(default_factory=list)
    outside: list[Place] = field(default_factory=list)
    asks: dict[str, Any] = field(default_factory=dict)
    without_images: bool = False  # the definition itself is not at hand, and it has a list of images

    def tell(self, kind: Kind, what: str) -> None:
        """Note a difference of this rule."""
        self.differences.append(Difference(kind, what, self.name))


def fill(unit: Unit, exact: bool) -> None:
    """Turn the definition into match, exclusions and wishes. SettingsError where `exact` lacks the list of images."""
    unit.effect = _effect(unit)
    if unit.without_images:
        if exact:
            what = f"an exact import needs the definition {unit.definition.id}, which holds the list of images"
            raise SettingsError(what, code="DEFINITION", remedy="Give its file too, or leave out --exact")
        unit.tell(Kind.WIDER, f"any image; the original knows a list of images only ({_WHY_IMAGES})")
    conditions = Conditions(unit.parameters)
    for node, selector in conditions.parts(unit.definition.condition):
        _take(unit, node, selector, exact)
    for each in conditions.dropped:
        kind = Kind.OPEN if each.parameter else Kind.NOT_UNDERSTOOD
        lacks = f"the parameter {each.parameter} has no value, so " if each.parameter else ""
        unit.tell(kind, f"{lacks}the condition is left out, which is {each.effect}: {each.what}")
    _assigned(unit)
    _details(unit)
    for key in (*unit.definition.other, *(unit.assignment.other if unit.assignment else ())):
        unit.tell(Kind.NOT_UNDERSTOOD, f"the key '{key}'")


def _take(unit: Unit, node: Any, selector: Selector | bool, exact: bool) -> None:
    if isinstance(selector, bool):
        if not selector:
            unit.match.append({"not": {}})
            unit.tell(Kind.NOTE, "the original applies to no VM at all under these parameters, and so does the rule")
        return
    if not exact and "any" in selector and (publishers := _images_only(node)):
        names = ", ".join(publishers[:20]) + (", …" if len(publishers) > 20 else "")
        unit.tell(Kind.WIDER, f"any image; the original knows some of {names} only ({_WHY_IMAGES})")
        return
    if not exact and _folded(selector) in _COVERED:
        return
    inner = negated(selector)
    if set(selector) == {"not"} and isinstance(inner, dict) and set(inner) == {"tags"}:
        unit.exclude.append(inner)
        tags = ", ".join(inner["tags"])
        unit.tell(Kind.NOTE, f"VMs with the tag {tags} are excluded for ever, as in the original; an opt-out ends")
        return
    unit.match.append(selector)


_WHY_IMAGES = "newer images, images of one's own and of a gallery are never backed up by it; --exact keeps the list"


def _images_only(node: Any) -> list[str]:
    """The publishers in a condition that looks at images and at nothing else; empty for any other."""
    found: list[str] = []
    for each in leaves(node):
        name = str(each.get("field", "")).lower().rsplit("/", 1)[-1].rsplit(".", 1)[-1]
        name = name if name.startswith("image") else f"image{name}"
        if name not in _IMAGE or any(key.startswith("not") for key in each):
            return []
        if name == "imagepublisher":
            found += [value for key, value in each.items() if key != "field" and isinstance(value, str)]
    return list(dict.fromkeys(reversed(found)))


def _effect(unit: Unit) -> str:
    try:
        effect = str(resolve(unit.definition.then.get("effect", ""), unit.parameters)).lower()
    except NoValueError as error:
        unit.tell(Kind.OPEN, f"the effect is the parameter {error.name}, which has no value: the rule only audits")
        return "audit"
    except NotUnderstoodError as error:
        unit.tell(Kind.NOT_UNDERSTOOD, f"the effect, {error}: the rule only audits")
        return "audit"
    for override in unit.assignment.overrides if unit.assignment else ():
        plain_one = isinstance(override, Mapping) and not override.get("selectors")
        if plain_one and str(override.get("kind", "")).lower() == "policyeffect":
            effect = str(override.get("value", "")).lower()
        else:
            unit.tell(Kind.NOT_UNDERSTOOD, "an override of the effect for some resources")
    if effect not in {WRITES, "disabled", *LOOKS}:
        unit.tell(Kind.NOT_UNDERSTOOD, f"the effect {effect or '(none)'} has no counterpart: the rule only audits")
        return "audit"
    if unit.assignment is not None and not unit.assignment.enforced and effect == WRITES:
        unit.tell(Kind.NOTE, "the assignment is not enforced: the rule only audits")
        return "audit"
    return effect


def _assigned(unit: Unit) -> None:
    assignment = unit.assignment
    if assignment is None:
        unit.tell(Kind.WIDER, "the whole estate: a definition alone has no scope; an assignment's is taken over")
        return
    if not assignment.scope:
        unit.tell(Kind.NOT_UNDERSTOOD, "the assignment's scope is not in the file: the rule holds everywhere")
    else:
        unit.place = place_of(assignment.scope)
        if unit.place == Place():
            unit.tell(Kind.NOT_UNDERSTOOD, f"the scope {assignment.scope}: the rule holds everywhere")
    for each in assignment.not_scopes:
        place = place_of(each)
        if place == Place():
            unit.tell(Kind.NOT_UNDERSTOOD, f"the excluded scope {each}: its VMs are in, which is wider")
        else:
            unit.outside.append(place)
    if assignment.selectors:
        found, refused = location_selectors(assignment.selectors)
        for what in refused:
            unit.tell(Kind.NOT_UNDERSTOOD, f"{what}, which is wider")
        if found is not None:
            unit.match.append(found)


def _details(unit: Unit) -> None:
    """What the original asks and does about a VM that it applies to."""
    details = {str(key).lower(): value for key, value in _mapping(unit.definition.then.get("details")).items()}
    if "existencecondition" in details:
        unit.tell(Kind.NOT_UNDERSTOOD, "the existence condition: any protection as asked by the rule counts here")
    if "type" in details and str(details["type"]).lower() != _PROTECTED_ITEM:
        unit.tell(Kind.NOT_UNDERSTOOD, f"it looks for a {details['type']}, not for a protected item")
    if unit.effect == "audit" and "type" not in details:
        unit.tell(Kind.NOTE, "the original reports every VM that it applies to, this rule those without a backup")
    choices = {each.group(0): each for each in map(_backup_policy, unit.parameters.values()) if each is not None}
    template = details.get("deployment")
    if len(choices) == 1:
        (choice,) = choices.values()
        unit.asks["vault"] = {"select": {"names": [plain(choice["vault"])]}}
        unit.asks["backupPolicy"] = {"name": choice["policy"]}
        unit.tell(Kind.WIDER, f"a VM under another backup policy than {choice['policy']} is reported; any does there")
        only = f"VMs of the subscription {choice['sub']} only can be put into the vault {choice['vault']}"
        unit.tell(Kind.NARROWER, only)
    elif choices:
        unit.tell(Kind.NOT_UNDERSTOOD, "several backup policies are named: the vault's DefaultPolicy is taken")
    elif (unit.builtin is not None and unit.builtin.vault == "existing") or _mentions(template, "backuppolicyid"):
        unit.tell(Kind.OPEN, "the parameter backupPolicyId has no value: any vault of the VM's region, DefaultPolicy")
    if (unit.builtin is not None and unit.builtin.vault == "new") or _makes_vault(template):
        unit.tell(Kind.NARROWER, "no vault is made; a VM without a vault in its region is reported")


def _backup_policy(value: Any) -> re.Match[str] | None:
    return _BACKUP_POLICY.fullmatch(value.strip()) if isinstance(value, str) else None


def _folded(selector: Selector) -> Selector:
    inner = selector.get("not")
    if isinstance(inner, dict) and len(inner) == 1:
        ((key, value),) = inner.items()
        if isinstance(value, list):
            return {"not": {key: [each.lower() for each in value if isinstance(each, str)]}}
    return selector


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _walk(value: Any) -> Iterator[Any]:
    stack = [value]
    while stack:
        each = stack.pop()
        yield each
        if isinstance(each, Mapping):
            stack += each.values()
        elif isinstance(each, list):
            stack += each


def _makes_vault(template: Any) -> bool:
    return any(
        str(each.get("type", "")).lower() == "microsoft.recoveryservices/vaults"
        for each in _walk(template)
        if isinstance(each, Mapping)
    )


def _mentions(template: Any, parameter: str) -> bool:
    wanted = f"parameters('{parameter}')"
    return any(wanted in each.lower() for each in _walk(template) if isinstance(each, str))
