"""Which rules an import makes: one for each assignment or part of a set that is about VMs; all else is told.

What a rule then says, `filling.py` finds.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from shared.domain.azure_policy.builtins import ABOUT_VAULTS, BUILTINS
from shared.domain.azure_policy.conditions import about_vms
from shared.domain.azure_policy.parts import Part, parts
from shared.domain.azure_policy.reading import Definition, Found
from shared.domain.azure_policy.unit import Kind, Unit
from shared.domain.policy_file.model_errors import closest, meaning
from shared.errors import SettingsError

_MOST_NAMED = 10


def refuse_strange(given: Mapping[str, Any], found: Found, units: Sequence[Unit]) -> None:
    """SettingsError for a given parameter that nothing here asks for: left alone, it would seem to have its value."""
    if not given:
        return
    texts = json.dumps(
        [[each.definition.condition, each.definition.then] for each in units]
        + [list(member.parameters.values()) for each in found.sets for member in each.members]
    )
    known = set(_PARAMETER.findall(texts))
    known |= {"backupPolicyId" for each in units if each.builtin is not None and each.builtin.vault == "existing"}
    taken = {name.lower() for name in known}
    for name in given:
        if name.lower() not in taken:
            near = meaning(closest(name, known)) or f"; there are {', '.join(sorted(known)[:_MOST_NAMED]) or 'none'}"
            raise SettingsError(f"--parameter {name}: there is no such parameter here{near}", code="PARAMETER")


_PARAMETER = re.compile(r"parameters\(\s*'([^']+)'\s*\)", re.IGNORECASE)


def units_of(found: Found, given: Mapping[str, Any], skipped: list[str]) -> Iterator[Unit]:
    """The rules to be filled, in the order of the files; what becomes none is added to `skipped`, with the reason."""
    skipped += [
        f"the set of definitions '{each.title or each.key}' is empty" for each in found.sets if not each.members
    ]
    by_key = {each.key: each for each in found.definitions if each.key}
    names: set[str] = set()
    left: dict[tuple[str, str], list[str]] = {}  # of a set, since most parts of most sets have nothing to do with VMs
    for part in parts(found, given):
        definition, builtin = by_key.get(part.key), BUILTINS.get(part.key)
        at_hand = definition is not None
        if definition is None and builtin is not None:
            definition = builtin.definition(part.key)
        title = _title(part, definition)
        parameters = {**(definition.parameters if definition else {}), **part.values}
        parameters = {name: value for name, value in parameters.items() if name not in part.unset}
        why = _not_for_vms(part, definition, parameters)
        if why and part.of:
            left.setdefault((part.of, why), []).append(definition.title if definition else part.key)
        elif why:
            skipped.append(f"'{title}' {_WHY[why].format(key=part.key)}")
        elif definition is not None:
            assignment = replace(part.assignment, title=title) if part.assignment else None
            lacking = builtin is not None and builtin.images and not at_hand
            name = _slug(title or "imported", names)
            unit = Unit(name, definition, builtin, assignment, parameters, without_images=lacking)
            for parameter, reason in part.unset.items():
                if reason:
                    unit.tell(Kind.NOT_UNDERSTOOD, f"the set's value of the parameter {parameter}: {reason}")
            yield unit
    for (of, why), titles in left.items():
        more = ", …" if len(titles) > _MOST_NAMED else ""
        skipped.append(f"of the set '{of}' {len(titles)} {_OF_SET[why]}: {', '.join(titles[:_MOST_NAMED])}{more}")


_WHY = {
    "vaults": "is about vaults, not about VMs",
    "set": "assigns a set of definitions that is not among the files (az policy set-definition show --name {key})",
    "missing": "assigns the definition {key}, which is not among the files (az policy definition show --name {key})",
    "others": "is not about VMs",
}
_OF_SET = {
    "vaults": "about vaults, not about VMs",
    "missing": "whose definitions are not among the files",
    "others": "not about VMs",
}


def _not_for_vms(part: Part, definition: Definition | None, parameters: Mapping[str, Any]) -> str:
    """Why this makes no rule, as a key of `_WHY`; empty where it does."""
    if part.key in ABOUT_VAULTS:
        return "vaults"
    if definition is None:
        return "set" if part.assignment is not None and part.assignment.of_set and not part.of else "missing"
    return "" if about_vms(definition.condition, parameters) else "others"


def _title(part: Part, definition: Definition | None) -> str:
    own = definition.title if definition else part.key
    if part.of:
        return f"{part.of}: {own}"
    return (part.assignment.title if part.assignment else "") or (definition.title if definition else "")


_LONGEST_NAME = 50


def _slug(title: str, taken: set[str]) -> str:
    """A rule's name, unlike the others."""
    base = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "imported"
    if len(base) > _LONGEST_NAME:  # cut between words, where there are any
        base = base[: _LONGEST_NAME + 1].rpartition("-")[0] or base[:_LONGEST_NAME]
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    taken.add(name)
    return name
