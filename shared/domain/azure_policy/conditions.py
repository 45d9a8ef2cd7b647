"""The `if` of an Azure Policy definition as a selector of ours: which VMs it applies to.

Conditions compare without case and take a missing value for none, as Azure's do (azure-docs, "policy definition
structure": conditions). What cannot be said in a selector is left out and told, with what the leaving out does: in an
`allOf` it widens, in an `anyOf` it narrows, and under a `not` the other way round. Nothing is guessed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from shared.domain.azure_policy.algebra import either, negated, together
from shared.domain.azure_policy.expressions import resolve
from shared.domain.azure_policy.functions import Around, Field, NotUnderstoodError, NoValueError
from shared.domain.azure_policy.leaf import NEGATIONS, VM_TYPE, Selector, compare, condition_on

_MOST_DEPTH = 100


class Effect(StrEnum):
    """What a difference does to the set of VMs, or what stands in the way of telling."""

    WIDER = "wider"
    NARROWER = "narrower"


@dataclass(frozen=True, slots=True)
class Dropped:
    """A condition that was left out. `parameter` names the one without a value that it needs, or is empty."""

    what: str
    effect: Effect
    parameter: str = ""


@dataclass(frozen=True, slots=True)
class _Unknown:
    """Stands where a condition could not be turned into anything; each part as (what, parameter)."""

    parts: tuple[tuple[str, str], ...]


@dataclass
class Conditions:
    """Turns conditions into selectors under the given parameters; `dropped` fills on the way.

    With `types_only` nothing but the resource's type is looked at, and what is left out is not told.
    """

    parameters: Mapping[str, Any]
    types_only: bool = False
    dropped: list[Dropped] = field(default_factory=list)

    def selector(self, condition: Any) -> Selector | bool:
        """The selector for a whole `if`; True and False where it holds for all VMs or none."""
        found = self._together([self._any(condition, True, 0)], True)
        return True if isinstance(found, _Unknown) else found

    def parts(self, condition: Any) -> list[tuple[Any, Selector | bool]]:
        """The `if` as the conditions of its outermost `allOf`, each with its selector, so that each can be judged."""
        found: list[tuple[Any, Selector | bool]] = []
        for each in _flat(condition):
            one = self._any(each, True, 0)
            if isinstance(one, _Unknown):
                self._drop(one, Effect.WIDER)
            elif one is not True:
                found.append((each, one))
        return found

    def _any(self, node: Any, positive: bool, depth: int) -> "Selector | bool | _Unknown":
        if depth > _MOST_DEPTH:
            return _unknown("conditions nested deeper than 100 levels")
        if not isinstance(node, Mapping):
            return _unknown(f"what stands where a condition should: {str(node)[:60]}")
        keys = {str(key).lower(): value for key, value in node.items()}
        for group, combine in (("allof", self._together), ("anyof", self._either)):
            if group in keys:
                if len(keys) > 1 or not isinstance(keys[group], list):
                    return _unknown(f"an {'allOf' if group == 'allof' else 'anyOf'} of another shape")
                return combine([self._any(each, positive, depth + 1) for each in keys[group]], positive)
        if "not" in keys:
            if len(keys) > 1:
                return _unknown("a `not` with more beside it")
            inner = self._any(keys["not"], not positive, depth + 1)
            return inner if isinstance(inner, _Unknown) else negated(inner)
        try:
            return self._leaf(keys)
        except NoValueError as error:
            return _Unknown(((_words(keys), error.name),))
        except NotUnderstoodError as error:
            return _unknown(f"{_words(keys)}: {error}" if str(error) else _words(keys))

    def _together(self, found: "list[Selector | bool | _Unknown]", positive: bool) -> "Selector | bool | _Unknown":
        """All of them; without a condition that is not understood the selector takes in more VMs."""
        if any(each is False for each in found):
            return False
        return self._understood(found, together, Effect.WIDER if positive else Effect.NARROWER)

    def _either(self, found: "list[Selector | bool | _Unknown]", positive: bool) -> "Selector | bool | _Unknown":
        """Any of them; without a condition that is not understood the selector takes in fewer VMs."""
        if any(each is True for each in found):
            return True
        return self._understood(found, either, Effect.NARROWER if positive else Effect.WIDER)

    def _understood(
        self,
        found: "list[Selector | bool | _Unknown]",
        combine: Callable[[list[Selector]], Selector | bool],
        effect: Effect,
    ) -> "Selector | bool | _Unknown":
        """Those that are understood, combined; the others are dropped, which has this effect."""
        unknown = [each for each in found if isinstance(each, _Unknown)]
        known = [each for each in found if isinstance(each, dict)]
        if unknown and not known:
            return _Unknown(tuple(part for each in unknown for part in each.parts))
        for each in unknown:
            self._drop(each, effect)
        return combine(known)

    def _drop(self, unknown: _Unknown, effect: Effect) -> None:
        self.dropped += [Dropped(what, effect, parameter) for what, parameter in unknown.parts]

    def _leaf(self, keys: Mapping[str, Any]) -> "Selector | bool | _Unknown":
        subject = [key for key in ("field", "value") if key in keys]
        operators = [key for key in keys if key not in {"field", "value"}]
        if len(subject) != 1 or len(operators) != 1:
            raise NotUnderstoodError("")
        (operator,) = operators
        looked_at = resolve(keys[subject[0]], self.parameters)
        if subject[0] == "field" and isinstance(looked_at, str):
            looked_at = Field(looked_at)
        if isinstance(looked_at, Field) and looked_at.name.lower() == "type":
            looked_at = VM_TYPE
        elif self.types_only:
            raise NotUnderstoodError("")
        operand = resolve(keys[operator], self.parameters)
        if isinstance(operand, Field | Around):
            raise NotUnderstoodError("two parts of the VM are compared with each other")
        positive = NEGATIONS.get(operator, operator)
        if isinstance(looked_at, Field | Around):
            made: Selector | bool = condition_on(looked_at, positive, operand)
        else:
            made = compare(looked_at, positive, operand)
        return negated(made) if positive != operator else made


def about_vms(condition: Any, parameters: Mapping[str, Any]) -> bool:
    """Whether the `if` can hold for a VM at all, by the resource types that it names."""
    return Conditions(parameters, types_only=True).selector(condition) is not False


def leaves(condition: Any) -> list[Mapping[str, Any]]:
    """The conditions without the groups around them, their keys lower-cased."""
    stack: list[Any] = [condition]
    found: list[Mapping[str, Any]] = []
    while stack:
        node = stack.pop()
        if not isinstance(node, Mapping):
            continue
        keys = {str(key).lower(): value for key, value in node.items()}
        inner = [each for group in ("allof", "anyof") if isinstance(keys.get(group), list) for each in keys[group]]
        inner += [keys["not"]] if "not" in keys else []
        stack += inner
        if not inner:
            found.append(keys)
    return found


def _flat(condition: Any, depth: int = 0) -> list[Any]:
    if depth < _MOST_DEPTH and isinstance(condition, Mapping) and len(condition) == 1:
        ((key, inner),) = condition.items()
        if str(key).lower() == "allof" and isinstance(inner, list):
            return [part for each in inner for part in _flat(each, depth + 1)]
    return [condition]


def _unknown(what: str) -> _Unknown:
    return _Unknown(((what, ""),))


def _words(keys: Mapping[str, Any]) -> str:
    return " ".join(f"{key} {str(value)[:80]}" for key, value in keys.items())[:200]
