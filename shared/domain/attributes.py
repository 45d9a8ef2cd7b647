"""What each condition of a selector looks at on a VM: one table for matching, explaining and the rules' index.

A `Subject` is a VM at a moment. It folds tag names once, however many rules ask. Nothing here compares anything.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain.model import Vm


class Need(StrEnum):
    """Parts of a VM that cost a request of their own and are read only where the policy asks for them."""

    SUBSCRIPTION = "subscription"  # its name, tags and management groups
    POWER_STATE = "powerState"


class Subject:
    """A VM at a moment, as conditions see it. `now` is UTC.

    `tags` are the VM's own, names lower-cased; `group` is the name of its resource group and `managers` are the ids of
    what manages the VM or its group, all of them lower-cased too: every VM is asked for these several times.
    """

    __slots__ = ("_effective", "_group_tags", "_subscription_tags", "group", "managers", "now", "tags", "vm")

    def __init__(self, vm: Vm, now: datetime) -> None:
        self.vm = vm
        self.now = now
        self.tags = fold(vm.tags)
        self.group = vm.id.resource_group.lower()
        self.managers = f"{vm.managed_by} {vm.group_managed_by}".lower()
        self._group_tags: Mapping[str, str] | None = None
        self._subscription_tags: Mapping[str, str] | None = None
        self._effective: Mapping[str, str] | None = None

    @property
    def group_tags(self) -> Mapping[str, str]:
        """The resource group's tags, names lower-cased."""
        if self._group_tags is None:
            self._group_tags = fold(self.vm.group_tags)
        return self._group_tags

    @property
    def subscription_tags(self) -> Mapping[str, str]:
        """The subscription's tags, names lower-cased."""
        if self._subscription_tags is None:
            self._subscription_tags = fold(self.vm.subscription_tags)
        return self._subscription_tags

    @property
    def effective_tags(self) -> Mapping[str, str]:
        """The VM's tags over its resource group's over its subscription's, names lower-cased."""
        if self._effective is None:
            self._effective = {**self.subscription_tags, **self.group_tags, **self.tags}
        return self._effective


def fold(tags: Mapping[str, str]) -> Mapping[str, str]:
    """The tags with lower-cased names, by which Azure compares them."""
    return {name.lower(): value for name, value in tags.items()}


@dataclass(frozen=True, slots=True)
class TextAttribute:
    """An attribute that is compared with globs. `one` gives the single value that it has, `many` all of several."""

    words: str
    one: Callable[[Vm], str] | None = None
    many: Callable[[Vm], tuple[str, ...]] | None = None
    need: Need | None = None

    def values(self, vm: Vm) -> tuple[str, ...]:
        """All values; of one that is empty, none."""
        if self.one is not None:
            value = self.one(vm)
            return (value,) if value else ()
        return self.many(vm) if self.many is not None else ()


@dataclass(frozen=True, slots=True)
class TagAttribute:
    """Tags of one origin, names lower-cased."""

    words: str
    read: Callable[[Subject], Mapping[str, str]]
    need: Need | None = None


TEXTS: Mapping[str, TextAttribute] = {
    "subscriptions": TextAttribute(
        "subscription",
        many=lambda vm: (
            (vm.id.subscription_id, vm.subscription_name) if vm.subscription_name else (vm.id.subscription_id,)
        ),
    ),
    "management_groups": TextAttribute(
        "management group", many=lambda vm: vm.management_groups, need=Need.SUBSCRIPTION
    ),
    "resource_groups": TextAttribute("resource group", one=lambda vm: vm.id.resource_group),
    "names": TextAttribute("name", one=lambda vm: vm.id.name),
    "locations": TextAttribute("location", one=lambda vm: vm.location),
    "os": TextAttribute("operating system", one=lambda vm: vm.os_type),
    "sizes": TextAttribute("size", one=lambda vm: vm.size),
    "image_publishers": TextAttribute("image publisher", one=lambda vm: vm.image.publisher),
    "image_offers": TextAttribute("image offer", one=lambda vm: vm.image.offer),
    "image_skus": TextAttribute("image sku", one=lambda vm: vm.image.sku),
    "security_types": TextAttribute("security type", one=lambda vm: vm.security_type or "Standard"),
    "disk_types": TextAttribute("disk type", many=lambda vm: vm.disk_types),
    "encryption": TextAttribute("encryption", many=lambda vm: vm.encryption),
    "zones": TextAttribute("zone", many=lambda vm: vm.zones),
    "priorities": TextAttribute("priority", one=lambda vm: vm.priority or "Regular"),
    "power_states": TextAttribute("power state", one=lambda vm: vm.power_state, need=Need.POWER_STATE),
}

TAGS: Mapping[str, TagAttribute] = {
    "tags": TagAttribute("tag", lambda subject: subject.tags),
    "resource_group_tags": TagAttribute("resource group's tag", lambda subject: subject.group_tags),
    "subscription_tags": TagAttribute(
        "subscription's tag", lambda subject: subject.subscription_tags, Need.SUBSCRIPTION
    ),
    "effective_tags": TagAttribute("effective tag", lambda subject: subject.effective_tags, Need.SUBSCRIPTION),
}


def image_kind(vm: Vm) -> str:
    """`marketplace` for an image with a publisher; all others, images of one's own and attached disks, are `custom`."""
    return "marketplace" if vm.image.publisher else "custom"
