"""A dictionary of resources that also knows which of them belong to a subscription.

Lists are asked for by subscription; with 100,000 VMs a walk over all of them for every list would cost more than
the list itself. Refuses nothing and knows no resource: anything with a `subscription` goes in.
"""

from collections import UserDict
from collections.abc import Collection
from typing import Protocol, TypeVar


class InSubscription(Protocol):
    """A resource that belongs to a subscription."""

    @property
    def subscription(self) -> str:
        """The subscription's id, lower-case."""
        ...


T = TypeVar("T", bound=InSubscription)


class Table(UserDict[str, T]):
    """Resources by lower-cased id. A resource must not move to another subscription while it is in the table."""

    def __init__(self) -> None:
        self._of: dict[str, dict[str, T]] = {}
        super().__init__()

    def __setitem__(self, key: str, resource: T) -> None:
        if key in self.data:
            del self[key]
        self.data[key] = resource
        self._of.setdefault(resource.subscription, {})[key] = resource

    def __delitem__(self, key: str) -> None:
        resource = self.data.pop(key)
        del self._of[resource.subscription][key]

    def of(self, subscription: str) -> Collection[T]:
        """Those of one subscription, in the order in which they came; empty for one that has none."""
        return self._of.get(subscription, {}).values()
