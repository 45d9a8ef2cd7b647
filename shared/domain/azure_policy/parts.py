"""What is to become a rule: each assignment of a definition, and each part of a set of definitions (an initiative).

A part has the values that its set gives it, which are expressions over the set's own parameters. A value that cannot be
told is never taken for the definition's default: it has none, and that is told.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from shared.domain.azure_policy.expressions import resolve
from shared.domain.azure_policy.functions import Around, Field, NotUnderstoodError, NoValueError
from shared.domain.azure_policy.reading import Assignment, DefinitionSet, Found, Member, last_part, lowered

_REFERENCE = "policydefinitionreferenceid"


@dataclass(frozen=True, slots=True)
class Part:
    """A definition's `key` with the `values` of its parameters, by lower-cased name.

    `unset` are parameters without a value, with what was not understood of it where the set gives one; `of` is the
    title of the set that it is of.
    """

    assignment: Assignment | None
    key: str
    values: Mapping[str, Any]
    unset: Mapping[str, str]
    of: str = ""


def parts(found: Found, given: Mapping[str, Any]) -> Iterator[Part]:
    """The parts of all assignments, or of the sets and definitions where there are none; `given` values win."""
    sets = {each.key: each for each in found.sets if each.key}
    for assignment in found.assignments:
        key = last_part(assignment.definition_id).lower()
        whole = sets.get(key) if assignment.of_set else None
        if whole is None:
            yield Part(assignment, key, {**assignment.parameters, **given}, {})
        else:
            yield from _opened(whole, assignment, given)
    if found.assignments:
        return
    for each in found.sets:
        yield from _opened(each, None, given)
    within = {last_part(member.definition_id).lower() for each in found.sets for member in each.members}
    for definition in found.definitions:
        if definition.key not in within:
            yield Part(None, definition.key, given, {})


def _opened(whole: DefinitionSet, assignment: Assignment | None, given: Mapping[str, Any]) -> Iterator[Part]:
    known = {**whole.parameters, **(assignment.parameters if assignment else {}), **given}
    title = (assignment.title if assignment else "") or whole.title or whole.key
    for member in whole.members:
        values: dict[str, Any] = {}
        unset: dict[str, str] = {}
        for name, value in member.parameters.items():
            try:
                values[name] = _value(value, known)
            except NoValueError:
                unset[name] = ""
            except NotUnderstoodError as error:
                unset[name] = str(error)
        for name in given.keys() & unset.keys():
            del unset[name]
        mine = replace(assignment, overrides=tuple(_overrides(assignment, member))) if assignment else None
        yield Part(mine, last_part(member.definition_id).lower(), {**values, **given}, unset, title)


def _value(value: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_value(each, known) for each in value]
    found = resolve(value, known)
    if isinstance(found, Field | Around):
        raise NotUnderstoodError(f"the expression {value}")
    return found


def _overrides(assignment: Assignment, member: Member) -> Iterator[Any]:
    """The overrides that concern this part, without the selectors that chose it; others stay as they are."""
    for override in assignment.overrides:
        keys = lowered(override)
        selectors = [lowered(each) for each in keys.get("selectors") or ()]
        if not selectors or any(str(each.get("kind", "")).lower() != _REFERENCE for each in selectors):
            yield override
        elif all(_chosen(each, member.reference) for each in selectors):
            yield {name: value for name, value in keys.items() if name != "selectors"}


def _chosen(selector: Mapping[str, Any], reference: str) -> bool:
    among, beside = selector.get("in"), selector.get("notin")
    inside = not isinstance(among, list) or reference.lower() in {str(each).lower() for each in among}
    outside = isinstance(beside, list) and reference.lower() in {str(each).lower() for each in beside}
    return inside and not outside
