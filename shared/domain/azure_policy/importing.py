"""Azure Policy's definitions and assignments for VM backup as a policy of ours, and what is then different.

The result only looks and reports: mode audit, or disabled where the original is. Whatever is wider or narrower than the
original, left open or not understood is told; nothing is dropped in silence. `exact` keeps the original's own
conditions, its list of images before all, where by default a VM of any image is meant.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.domain.azure_policy.algebra import together
from shared.domain.azure_policy.filling import fill
from shared.domain.azure_policy.gathering import refuse_strange, units_of
from shared.domain.azure_policy.leaf import Selector
from shared.domain.azure_policy.reading import Found
from shared.domain.azure_policy.unit import LOOKS, WRITES, Difference, Kind, Unit
from shared.domain.policy import BuiltinExclusion, Exclude
from shared.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Imported:
    """`document` is the policy as it stands in the file; `sources` name what the rules come from, by rule."""

    document: Mapping[str, Any]
    differences: tuple[Difference, ...]
    sources: Mapping[str, str]


def import_azure_policy(found: Found, *, exact: bool = False, given: Mapping[str, Any] | None = None) -> Imported:
    """One policy for all that was found; `given` are parameters' values, which win. SettingsError where none is."""
    skipped = list(found.skipped)
    given = given or {}
    units = list(units_of(found, {name.lower(): value for name, value in given.items()}, skipped))
    if not units:
        raise SettingsError(
            f"nothing to import: {skipped[0] if skipped else 'no definition for VMs'}", code="NOTHING_TO_IMPORT"
        )
    refuse_strange(given, found, units)
    for unit in units:
        fill(unit, exact)
    units.sort(key=lambda each: _order(each.effect))
    document = _document(units, exact)
    differences = [Difference(Kind.NOT_UNDERSTOOD, f"left out: {each}") for each in skipped]
    differences += [each for unit in units for each in unit.differences]
    differences += _always(units, exact)
    return Imported(document, tuple(dict.fromkeys(differences)), {each.name: _source(each) for each in units})


def _document(units: Sequence[Unit], exact: bool) -> dict[str, Any]:
    alone = len(units) == 1
    spec: dict[str, Any] = {"mode": "disabled" if all(each.effect == "disabled" for each in units) else "audit"}
    exclude: dict[str, Any] = {"builtin": [each.value for each in _builtins(exact)]}
    if alone:
        scope, exclusions = _alone(units[0])
        spec |= {"scope": scope} if scope else {}
        exclude |= {"any": exclusions} if exclusions else {}
    rules = []
    for number, unit in enumerate(units, 1):
        whole = units[0].place.inner() if alone else unit.place.selector()
        found = together([each for each in (whole, *unit.match) if each])
        rule: dict[str, Any] = {"name": unit.name, "priority": number * 100}
        rule["match"] = found if isinstance(found, dict) else {}
        exclusions = [*unit.exclude, *(each.selector() for each in unit.outside)]
        rule |= {"exclude": exclusions} if exclusions and not alone else {}
        rule |= {"effect": "audit"} if unit.effect in LOOKS else {}
        rule["optOut"] = "forbidden" if exact else "allowed"
        rule |= unit.asks
        rule |= {"initialBackup": {"enabled": False}} if exact else {}
        if unit.effect != "disabled" or spec["mode"] == "disabled":
            rules.append(rule)
        else:
            unit.tell(Kind.NOTE, "the original is disabled: its rule is left out")
    spec |= {"exclude": exclude, "rules": rules}
    name = units[0].name if alone else "imported-from-azure-policy"
    return {"apiVersion": "backstop/v1", "kind": "EnforcementPolicy", "metadata": {"name": name}, "spec": spec}


def _alone(unit: Unit) -> tuple[dict[str, Any], list[Selector]]:
    """The policy's `scope` and `exclude.any` where there is one rule: then they say it more plainly than the rule."""
    scope, exclusions = unit.place.scope(), list(unit.exclude)
    for place in unit.outside:
        if place.inner():
            exclusions.append(place.selector())
            continue
        for key, names in place.scope().items():
            scope.setdefault(f"exclude{key[0].upper()}{key[1:]}", []).extend(names)
    return scope, exclusions


def _builtins(exact: bool) -> tuple[BuiltinExclusion, ...]:
    return (BuiltinExclusion.EPHEMERAL_OS_DISK,) if exact else Exclude().builtin


def _always(units: Sequence[Unit], exact: bool) -> list[Difference]:
    """What is different with every import."""
    found = [
        Difference(Kind.WIDER, "a stopped, suspended or soft-deleted protection is reported; there any item does"),
    ]
    if all(each.effect == "disabled" for each in units):
        found.append(Difference(Kind.NOTE, "the original is disabled, and so is the policy: it looks at no VM"))
    writes = any(each.effect == WRITES for each in units)
    if writes:
        old = (
            "VMs that were there before are protected too, by the sweep; there somebody has to make a remediation task"
        )
        found.append(Difference(Kind.WIDER, old))
        found.append(Difference(Kind.NOTE, "the original writes; nothing is written here until `mode` is enforce"))
    if any(each.assignment for each in units):
        found.append(Difference(Kind.WIDER, "exemptions are not imported: exempted VMs are in"))
    if exact:
        found.append(
            Difference(Kind.NARROWER, "VMs with an ephemeral OS disk are left alone: Azure cannot back them up")
        )
    else:
        nodes = "AKS, ARO, Databricks and Batch nodes, pooled AVD hosts and ephemeral OS disks"
        found += [
            Difference(Kind.NARROWER, f"{nodes} are left alone, by more marks than the original's (`exclude.builtin`)"),
            Difference(Kind.NARROWER, "owners can opt out for a while by the tag backup-opt-out (`optOut`)"),
        ]
    if writes and not exact:
        found.append(Difference(Kind.WIDER, "a first backup is started at once (`initialBackup`)"))
    if len(units) > 1:
        found.append(
            Difference(Kind.NARROWER, "one rule decides on a VM, the first that matches; there all of them do")
        )
    return found


def _source(unit: Unit) -> str:
    return (unit.assignment.title or unit.assignment.id) if unit.assignment else unit.definition.title


def _order(effect: str) -> int:
    """Rules that write come first, so that one that only looks does not stand before them."""
    return 0 if effect == WRITES else 2 if effect == "disabled" else 1
