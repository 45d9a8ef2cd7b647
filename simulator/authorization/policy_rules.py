"""Whether Azure Policy denies that something is made: assignments looked up, their definitions' rules evaluated.

Knows the conditions and functions that rules about names, places and tags use. A rule with anything else in it, and an
initiative, denies nothing here: the simulator must not refuse what Azure might allow. Pure.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from simulator.authorization.policy_builtin import BUILT_IN
from simulator.authorization.scopes import holds_for
from simulator.core.state import State
from simulator.core.surroundings import PolicyAssignment, PolicyDefinition

_CALL = re.compile(r"\[(?:parameters\('(\w+)'\)|concat\((.*)\))\]")
_PART = re.compile(r"\s*(?:'([^']*)'|parameters\('(\w+)'\))\s*(?:,|$)")
_TAG = re.compile(r"tags(?:\.([^\[\]']+)|\['?([^\]']+)'?\])", re.IGNORECASE)


class NotUnderstoodError(Exception):
    """A rule says something that is not known here."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to make. `type` as ARM spells it."""

    id: str
    type: str
    location: str
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_group(self) -> bool:
        return self.type.lower() == "microsoft.resources/subscriptions/resourcegroups"


def denied(state: State, wanted: Wanted) -> PolicyAssignment | None:
    """The assignment that denies this, or None. Assignments that are not enforced deny nothing."""
    for assignment in state.around.assignments.values():
        if assignment.enforcement != "Default" or not holds_for(state, assignment.scope, wanted.id):
            continue
        if any(holds_for(state, scope, wanted.id) for scope in assignment.not_scopes):
            continue
        key = assignment.definition.lower()
        definition = state.around.definitions.get(key) or BUILT_IN.get(key)
        if definition is not None and _denies(definition, assignment, wanted):
            return assignment
    return None


def _denies(definition: PolicyDefinition, assignment: PolicyAssignment, wanted: Wanted) -> bool:
    if definition.mode.lower() == "indexed" and wanted.is_group:
        return False  # such rules look at what has tags and a location, and not at resource groups
    rule, then = _Rule(definition, assignment, wanted), definition.rule.get("then")
    try:
        effect = rule.value(then.get("effect") if isinstance(then, dict) else None)
        return str(effect).lower() == "deny" and rule.meets(definition.rule.get("if"))
    except NotUnderstoodError:
        return False


class _Rule:
    """One rule with the parameters of one assignment, about one thing."""

    def __init__(self, definition: PolicyDefinition, assignment: PolicyAssignment, wanted: Wanted) -> None:
        self._wanted = wanted
        self._parameters: dict[str, object] = {}
        for name, told in definition.parameters.items():
            if isinstance(told, dict) and "defaultValue" in told:
                self._parameters[name.lower()] = told["defaultValue"]
        for name, given in assignment.parameters.items():
            if isinstance(given, dict) and "value" in given:
                self._parameters[name.lower()] = given["value"]

    def value(self, said: object) -> object:
        """What an expression stands for; anything else stands for itself."""
        if not isinstance(said, str) or not said.startswith("[") or said.startswith("[["):
            return said
        call = _CALL.fullmatch(said)
        if call is None:
            raise NotUnderstoodError(said)
        return self._parameter(call[1]) if call[1] else self._joined(call[2])

    def _parameter(self, name: str) -> object:
        if name.lower() not in self._parameters:
            raise NotUnderstoodError(name)
        return self._parameters[name.lower()]

    def _joined(self, inside: str) -> str:
        text, at = "", 0
        while at < len(inside):
            part = _PART.match(inside, at)
            if part is None:
                raise NotUnderstoodError(inside)
            text += part[1] if part[2] is None else str(self._parameter(part[2]))
            at = part.end()
        return text

    def meets(self, condition: object) -> bool:
        """Whether the thing meets a condition of the rule's `if`."""
        if not isinstance(condition, dict):
            raise NotUnderstoodError(str(condition))
        for several, combined in (("allOf", all), ("anyOf", any)):
            if several in condition:
                if not isinstance(condition[several], list):
                    raise NotUnderstoodError(several)
                return combined(self.meets(each) for each in condition[several])
        if "not" in condition:
            return not self.meets(condition["not"])
        rest = {name: each for name, each in condition.items() if name != "field"}
        if "field" not in condition or len(rest) != 1:
            raise NotUnderstoodError(str(condition))
        [(how, said)] = rest.items()
        return _compared(self._field(str(self.value(condition["field"]))), how, self.value(said))

    def _field(self, name: str) -> str | None:
        wanted, tag = self._wanted, _TAG.fullmatch(name)
        if tag is not None:
            spelt = {key.lower(): value for key, value in wanted.tags.items()}
            return spelt.get((tag[1] or tag[2]).lower())
        known = {"type": wanted.type, "location": wanted.location, "id": wanted.id}
        known |= {"name": wanted.id.rsplit("/", 1)[1], "fullname": wanted.id.rsplit("/", 1)[1]}
        if name.lower() not in known:
            raise NotUnderstoodError(name)
        return known[name.lower()]


def _compared(found: str | None, how: str, said: object) -> bool:
    """One comparison; texts without case, as Azure Policy compares them. An absent field equals nothing."""
    name = how.lower()
    if name == "exists":
        return (found is not None) == (str(said).lower() == "true")
    if name.startswith("not") and name in ("notequals", "notin", "notlike", "notcontains"):
        return not _compared(found, name.removeprefix("not"), said)
    text = (found or "").lower()
    if name == "equals":
        return found is not None and text == str(said).lower()
    if name == "in" and isinstance(said, list):
        return found is not None and text in [str(each).lower() for each in said]
    if name == "like":
        return found is not None and fnmatchcase(text, str(said).lower().replace("[", "[[]"))
    if name == "contains":
        return found is not None and str(said).lower() in text
    raise NotUnderstoodError(how)
