"""What is put on a scope and asked for there: list, get, put and delete, alike for locks, assignments and roles.

A list holds what lies at the scope, above it and below it; `$filter=atScope()` leaves out what lies below, as the
REST documentation has it, and `atExactScope()`, which the Azure CLI asks with, what lies above too. How each kind looks
and is read lives with that kind.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from simulator.authorization.scopes import SCOPES, chosen_by, holds_for, is_within, scope_of
from simulator.core.routing import Call, Route
from simulator.core.state import State
from simulator.core.wire import Answer, AzureError, Json, page

NAMESPACE = "/providers/Microsoft.Authorization"
PAGE = 1000


class OnScope(Protocol):
    """Something that is put on a scope."""

    @property
    def id(self) -> str:
        """Its ARM id."""
        ...

    @property
    def scope(self) -> str:
        """The id of what it is put on."""
        ...


T = TypeVar("T", bound=OnScope)


@dataclass(frozen=True)
class Extension(Generic[T]):
    """One kind. `read` makes a record of `(call, id, name, scope)`; `missing` is the code of a 404.

    `chosen` gives a list's rows by its `$filter` (the filter, the state, the scope, what lies at, above and below it);
    `changed` is told of each write.
    """

    noun: str
    missing: str
    table: Callable[[State], dict[str, T]]
    body: Callable[[State, T], Json]
    read: Callable[[Call, str, str, str], T]
    chosen: Callable[[str, State, str, list[T]], list[T]]
    changed: Callable[[Call, T], None]

    def listed(self, call: Call) -> Answer:
        """200 with a page."""
        state, scope = call.world.state, scope_of(call)
        found = [
            each
            for each in self.table(state).values()
            if holds_for(state, each.scope, scope) or is_within(each.scope, scope)
        ]
        rows = self.chosen(call.query.get("$filter", ""), state, scope, found)
        return Answer(200, page([self.body(state, each) for each in rows], call.query, call.url, PAGE))

    def _id(self, call: Call) -> tuple[str, str, str]:
        scope, name = scope_of(call), call.params["name"]
        return f"{scope}{NAMESPACE}/{self.noun}/{name}", name, scope

    def get(self, call: Call) -> Answer:
        """200 with the one in the path. Raises AzureError 404."""
        identity, name, _ = self._id(call)
        found = self.table(call.world.state).get(identity.lower())
        if found is None:
            raise AzureError(404, self.missing, f"The {self.noun.removesuffix('s')} '{name}' could not be found.")
        return Answer(200, self.body(call.world.state, found))

    def put(self, call: Call) -> Answer:
        """201 for a new one, 200 for one changed. Raises AzureError 400 on a body that is none."""
        identity, name, scope = self._id(call)
        table = self.table(call.world.state)
        is_new = identity.lower() not in table
        table[identity.lower()] = made = self.read(call, identity, name, scope)
        self.changed(call, made)
        return Answer(201 if is_new else 200, self.body(call.world.state, made))

    def delete(self, call: Call) -> Answer:
        """200 with what is gone now, 204 where there was nothing."""
        identity, _, _ = self._id(call)
        gone = self.table(call.world.state).pop(identity.lower(), None)
        if gone is None:
            return Answer(204)
        self.changed(call, gone)
        return Answer(200, self.body(call.world.state, gone))

    def routes(self) -> list[Route]:
        """The routes at every scope."""
        made: list[Route] = []
        for scope in SCOPES:
            base = f"{scope}{NAMESPACE}/{self.noun}"
            one = f"{base}/{{name}}"
            made += [("GET", base, self.listed), ("GET", one, self.get)]
            made += [("PUT", one, self.put), ("DELETE", one, self.delete)]
        return made


def by_scope(text: str, state: State, scope: str, found: list[T]) -> list[T]:
    """`chosen` for kinds whose lists know no filter but those by scope."""
    shows = chosen_by(text, state, scope)
    return [each for each in found if shows(each.scope)]


def untold(_call: Call, _record: object) -> None:
    """`changed` for kinds that nobody follows."""
