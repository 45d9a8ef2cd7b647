"""Which subscriptions and management groups a request to Resource Graph looks into.

Unknown subscriptions are left out unsaid, as Azure does; a request that names none that exists is refused. Codes and
wording are from error messages in public issue threads (2022 to 2025).
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from simulator.core.state import State
from simulator.core.wire import Json
from simulator.graph import groups
from simulator.graph.refusal import Refusal, unsupported

#: `authorizationScopeFilter`: Azure's default, and the one other that is known here. Both are of the policy tables.
BELOW, ABOVE_AND_BELOW = "AtScopeAndBelow", "AtScopeAboveAndBelow"


@dataclass(frozen=True)
class Scope:
    """Subscriptions (lower-case ids) and management groups' scope keys. What is the tenant's own everybody sees."""

    subscriptions: tuple[str, ...]
    groups: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """All that is looked into; the empty key is the tenant's."""
        return (*self.subscriptions, *self.groups, "")


def read(state: State, body: Json) -> Scope:
    """The scope that a request's body asks for: everything where it asks for none. Raises Refusal.

    With the option `authorizationScopeFilter` it holds what lies upon the management groups above, too.
    """
    wanted, named = _names(body, "subscriptions"), _names(body, "managementGroups")
    if wanted and named:
        raise Refusal(("InvalidScope", "subscriptions and managementGroups cannot be used at the same time."))
    if wanted:
        within = _of_subscriptions(state, wanted)
    elif named:
        within = _of_groups(state, named)
    else:
        within = Scope(tuple(state.subscriptions), _keys(groups.below(state, [state.tenant])))
    if not _looks_above(body):
        return within
    above = {group for subscription in within.subscriptions for group in groups.above(state, subscription)}
    return Scope(within.subscriptions, within.groups + tuple(sorted(groups.upon_key(name) for name in above)))


def _keys(names: Iterable[str]) -> tuple[str, ...]:
    """What is shown of management groups: themselves, and what lies upon them."""
    return tuple(key for name in names for key in (groups.scope_key(name), groups.upon_key(name)))


def _looks_above(body: Json) -> bool:
    options = body.get("options")
    asked = str(options.get("authorizationScopeFilter") or BELOW) if isinstance(options, dict) else BELOW
    if asked.lower() in (BELOW.lower(), ABOVE_AND_BELOW.lower()):
        return asked.lower() == ABOVE_AND_BELOW.lower()
    raise unsupported(f"authorizationScopeFilter {asked[:50]}")


def _of_subscriptions(state: State, wanted: list[str]) -> Scope:
    if wrong := [each for each in wanted if not _is_guid(each)]:
        raise Refusal(
            ("SubscriptionsContainInvalidGuids", f"Subscription ids have to be valid GUIDs. Given: '{wrong[0]}'.")
        )
    known = {each.lower() for each in wanted} & state.subscriptions.keys()
    if not known:
        message = "There must be at least one subscription that is eligible to contain resources."
        raise Refusal(("NoValidSubscriptionsInQueryRequest", f"{message} Given: '{', '.join(wanted)}'."))
    return Scope(tuple(sorted(known)))


def _of_groups(state: State, wanted: list[str]) -> Scope:
    found = {each: groups.find(state, each) for each in wanted}
    if unknown := [each for each, group in found.items() if group is None]:
        message = f"The provided management groups must be valid. Given: '{', '.join(unknown)}'."
        raise Refusal(("ManagementGroupsContainInvalidIds", message))
    names = [group for group in found.values() if group is not None]
    return Scope(tuple(sorted(groups.subscriptions(state, names))), _keys(groups.below(state, names)))


def _names(body: Json, field: str) -> list[str]:
    value = body.get(field)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise Refusal(("InvalidScope", f"{field} must be a list of ids."))
    return value


def _is_guid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
