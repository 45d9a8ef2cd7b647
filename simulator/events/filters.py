"""Which events an event subscription wants: types, subject, and advanced filters (documentation of event filtering).

Several values of one filter are or-ed, several filters and-ed; strings compare without case. A filter that could not
be applied as written is refused when it is made, with Azure's limits: 25 filters and 25 values in all.
"""

from collections.abc import Callable, Sequence
from typing import Any

from simulator.core.wire import AzureError, Json
from simulator.events.event import TYPES

MAX_FILTERS = MAX_VALUES = 25
MAX_LENGTH = 512
#: CloudEvents' names of the envelope's fields, and what they are in Event Grid's schema.
ALIASES = {"source": "topic", "type": "eventtype", "eventid": "id", "time": "eventtime"}

Test = Callable[[Any, Any], bool]
STRINGS: dict[str, Test] = {
    "StringIn": lambda found, wanted: found == wanted,
    "StringContains": lambda found, wanted: wanted in found,
    "StringBeginsWith": lambda found, wanted: found.startswith(wanted),
    "StringEndsWith": lambda found, wanted: found.endswith(wanted),
}
NUMBERS: dict[str, Test] = {
    "NumberIn": lambda found, wanted: found == wanted,
    "NumberInRange": lambda found, wanted: wanted[0] <= found <= wanted[1],
}
SINGLE: dict[str, Test] = {
    "NumberLessThan": lambda found, wanted: found < wanted,
    "NumberLessThanOrEquals": lambda found, wanted: found <= wanted,
    "NumberGreaterThan": lambda found, wanted: found > wanted,
    "NumberGreaterThanOrEquals": lambda found, wanted: found >= wanted,
}
#: The operators that are another one's opposite.
NOT = {
    "StringNotIn": "StringIn",
    "StringNotContains": "StringContains",
    "StringNotBeginsWith": "StringBeginsWith",
    "StringNotEndsWith": "StringEndsWith",
    "NumberNotIn": "NumberIn",
    "NumberNotInRange": "NumberInRange",
}
#: Those that an absent key passes; any other one but IsNullOrUndefined it fails (documentation).
PASSED_BY_ABSENCE = ("StringNotIn", "NumberNotIn")
NULLS = ("IsNullOrUndefined", "IsNotNull")
OPERATORS = frozenset((*STRINGS, *NUMBERS, *SINGLE, *NOT, *NULLS, "BoolEquals"))


def check(rules: Json) -> None:
    """Raises AzureError 400 where the `filter` of an event subscription is none."""
    types = rules.get("includedEventTypes") or []
    known = {name.lower() for name in TYPES} | {"all"}
    if not isinstance(types, list) or not all(isinstance(t, str) and t.lower() in known for t in types):
        raise _refused(f"The event types {types} are not all among those of this topic type.")
    for name in ("subjectBeginsWith", "subjectEndsWith"):
        if not isinstance(rules.get(name) or "", str):
            raise _refused(f"filter.{name} must be a string.")
    filters = rules.get("advancedFilters") or []
    if not isinstance(filters, list) or not all(isinstance(each, dict) for each in filters):
        raise _refused("filter.advancedFilters must be a list of filters.")
    if len(filters) > MAX_FILTERS:
        raise _refused(f"The number of advanced filters {len(filters)} exceeds the limit of {MAX_FILTERS}.")
    count = sum(len(_checked_values(each)) for each in filters)
    if count > MAX_VALUES:
        raise _refused(f"The number of advanced filter values {count} exceeds the limit of {MAX_VALUES}.")


def _checked_values(rule: Json) -> Sequence[Any]:
    """A filter's values. Raises AzureError 400 where they are not what its operator compares."""
    operator, key = rule.get("operatorType"), rule.get("key")
    if operator not in OPERATORS or not isinstance(key, str) or not key:
        raise _refused(f"The advanced filter {rule} has no known operatorType or no key.")
    if operator in NULLS:
        return ()
    if operator == "BoolEquals" or operator in SINGLE:
        value = rule.get("value")
        if not (isinstance(value, bool) if operator == "BoolEquals" else _is_number(value)):
            raise _refused(f"The advanced filter {rule} needs a fitting value.")
        return (value,)
    values = rule.get("values")
    plain = NOT.get(operator, operator)
    fits: Callable[[Any], bool] = _is_range if plain == "NumberInRange" else _is_number
    if plain in STRINGS:
        fits = lambda value: isinstance(value, str) and len(value) <= MAX_LENGTH  # noqa: E731
    if not isinstance(values, list) or not values or not all(fits(value) for value in values):
        raise _refused(f"The advanced filter {rule} needs fitting values.")
    return values


def _refused(message: str) -> AzureError:
    return AzureError(400, "InvalidRequest", message)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_range(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_number, value)) and value[0] <= value[1]


def wanted(source: Json, rules: Json) -> bool:
    """Whether an event (Event Grid's schema) passes a `filter` that `check` has let through."""
    types = [name.lower() for name in rules.get("includedEventTypes") or []]
    if types and "all" not in types and source["eventType"].lower() not in types:
        return False
    subject = source["subject"]
    begin, end = rules.get("subjectBeginsWith") or "", rules.get("subjectEndsWith") or ""
    if not rules.get("isSubjectCaseSensitive"):
        subject, begin, end = subject.lower(), begin.lower(), end.lower()
    if not subject.startswith(begin) or not subject.endswith(end):
        return False
    arrays = bool(rules.get("enableAdvancedFilteringOnArrays"))
    return all(_passes(find(source, rule["key"]), rule, arrays) for rule in rules.get("advancedFilters") or [])


def find(source: Json, key: str) -> Any:
    """What stands under a dotted key; None where nothing does. Keys match without case."""
    found: Any = source
    for number, part in enumerate(key.lower().split(".")):
        held = {k.lower(): v for k, v in found.items()} if isinstance(found, dict) else {}
        found = held.get(ALIASES.get(part, part) if number == 0 else part)
    return found


def _passes(found: Any, rule: Json, arrays: bool) -> bool:
    operator: str = rule["operatorType"]
    if operator in NULLS:
        return (found is None) == (operator == "IsNullOrUndefined")
    plain = NOT.get(operator, operator)
    values = [rule["value"]] if plain in SINGLE or plain == "BoolEquals" else rule["values"]
    if isinstance(found, list):
        candidates: list[Any] | None = [c for c in found if _fits(c, plain)] if arrays else None
    else:
        candidates = [found] if _fits(found, plain) else None
    if candidates is None:
        return operator in PASSED_BY_ABSENCE
    if plain in STRINGS:
        candidates, values = [c.lower() for c in candidates], [v.lower() for v in values]
    test = STRINGS.get(plain) or NUMBERS.get(plain) or SINGLE.get(plain) or (lambda one, other: one is other)
    return any(test(candidate, value) for candidate in candidates for value in values) != (operator in NOT)


def _fits(found: object, plain: str) -> bool:
    if plain == "BoolEquals":
        return isinstance(found, bool)
    return isinstance(found, str) if plain in STRINGS else _is_number(found)
