"""Fills a rule: which VMs a definition with its assignment is about, by what effect, and what is different here."""

from collections.abc import Mapping
from typing import Any

from shared.domain.azure_policy.algebra import negated
from shared.domain.azure_policy.conditions import Conditions, leaves
from shared.domain.azure_policy.details import read_details
from shared.domain.azure_policy.expressions import resolve
from shared.domain.azure_policy.functions import NotUnderstoodError, NoValueError
from shared.domain.azure_policy.leaf import Selector
from shared.domain.azure_policy.places import Place, location_selectors, place_of
from shared.domain.azure_policy.unit import LOOKS, WRITES, Kind, Unit
from shared.errors import SettingsError

_ONLY_AUDITS = "auditifnotexists"  # of VMs without a backup, as our rules do; "audit" is of all that are meant
_IMAGE = frozenset({"imagepublisher", "imageoffer", "imagesku"})
#: What the built-in exclusions see too, and more: conditions that they stand for.
_COVERED: tuple[Selector, ...] = (
    {"not": {"resourceGroups": ["databricks-rg-*"]}},
    {"not": {"imagePublishers": ["azureopenshift"]}},
    {"not": {"imagePublishers": ["azuredatabricks"]}},
)


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
    read_details(unit)
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
        return _ONLY_AUDITS
    except NotUnderstoodError as error:
        unit.tell(Kind.NOT_UNDERSTOOD, f"the effect, {error}: the rule only audits")
        return _ONLY_AUDITS
    for override in unit.assignment.overrides if unit.assignment else ():
        plain_one = isinstance(override, Mapping) and not override.get("selectors")
        if plain_one and str(override.get("kind", "")).lower() == "policyeffect":
            effect = str(override.get("value", "")).lower()
        else:
            unit.tell(Kind.NOT_UNDERSTOOD, "an override of the effect for some resources")
    if effect not in {WRITES, "disabled", *LOOKS}:
        unit.tell(Kind.NOT_UNDERSTOOD, f"the effect {effect or '(none)'} has no counterpart: the rule only audits")
        return _ONLY_AUDITS
    if unit.assignment is not None and not unit.assignment.enforced and effect == WRITES:
        unit.tell(Kind.NOTE, "the assignment is not enforced: the rule only audits")
        return _ONLY_AUDITS
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


def _folded(selector: Selector) -> Selector:
    inner = selector.get("not")
    if isinstance(inner, dict) and len(inner) == 1:
        ((key, value),) = inner.items()
        if isinstance(value, list):
            return {"not": {key: [each.lower() for each in value if isinstance(each, str)]}}
    return selector
