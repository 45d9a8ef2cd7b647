"""Management groups as Resource Graph sees them: a tree under the tenant's root group, whose id is the tenant's.

A subscription is in one group. `State.management_groups` may list it under the group's parents too, and need not.
"""

from collections.abc import Iterable, Iterator

from simulator.core.state import State
from simulator.core.wire import Json
from simulator.graph.schema import DYNAMIC, TEXT

ROOT_NAME = "Tenant Root Group"


def scope_key(name: str) -> str:
    """What a scope says of a group that it shows."""
    return f"group:{name.lower()}"


def upon_key(name: str) -> str:
    """What a scope says of a group whose policies it shows: the group's own, and those of groups below it."""
    return f"upon:{name.lower()}"


def above(state: State, subscription: str) -> list[str]:
    """The groups that a subscription is in, directly or through others."""
    return list(_upwards(state, home(state, subscription)))


def find(state: State, name: str) -> str | None:
    """The group's id as its maker spelt it; None where there is none."""
    wanted = name.lower()
    if wanted == state.tenant.lower():
        return state.tenant
    return next((each for each in state.management_groups if each.lower() == wanted), None)


def parent(state: State, name: str) -> str | None:
    """The group above; None for the root."""
    if name == state.tenant:
        return None
    return state.management_parents.get(name, state.tenant)


def below(state: State, names: Iterable[str]) -> Iterator[str]:
    """These groups and all under them."""
    wanted = set(names)
    for name in (state.tenant, *state.management_groups):
        above: str | None = name
        while above is not None and above not in wanted:
            above = parent(state, above)
        if above is not None:
            yield name


def subscriptions(state: State, names: Iterable[str]) -> set[str]:
    """Every subscription in these groups or under them."""
    found: set[str] = set()
    for name in below(state, names):
        found.update(state.subscriptions if name == state.tenant else state.management_groups[name])
    return found


def home(state: State, subscription: str) -> str:
    """The group that a subscription is in: the lowest that lists it."""
    holding = [name for name, members in state.management_groups.items() if subscription in members]
    return max(holding, key=lambda name: len(list(_upwards(state, name))), default=state.tenant)


def chain(state: State, name: str | None) -> list[Json]:
    """The group and all above it, as `managementGroupAncestorsChain` lists them: the root comes last."""
    return [{"displayName": _shown(state, each), "name": each} for each in _upwards(state, name)]


def rows(state: State) -> list[Json]:
    """Table `resourcecontainers`: a row for each group. Names of properties as Resource Graph's sample queries have."""
    made = []
    for name in (state.tenant, *state.management_groups):
        above = parent(state, name)
        details: Json = {"version": 1, "managementGroupAncestorsChain": chain(state, above)}
        if above is not None:
            details["parent"] = {"id": _id(above), "name": above, "displayName": _shown(state, above)}
        properties = {"displayName": _shown(state, name), "tenantId": state.tenant, "details": details}
        row: Json = dict.fromkeys(TEXT, "") | dict.fromkeys(DYNAMIC)
        row |= {"id": _id(name), "name": name, "type": "microsoft.management/managementgroups"}
        made.append(row | {"tenantId": state.tenant, "properties": properties, "scope": scope_key(name)})
    return made


def _upwards(state: State, name: str | None) -> Iterator[str]:
    while name is not None:
        yield name
        name = parent(state, name)


def _shown(state: State, name: str) -> str:
    return ROOT_NAME if name == state.tenant else name


def _id(name: str) -> str:
    return f"/providers/Microsoft.Management/managementGroups/{name}"
