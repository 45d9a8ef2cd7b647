"""Scopes of Azure Policy (a management group, a subscription, a resource group, a VM) as scope or match of ours."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.domain.azure_policy.algebra import either, together
from shared.domain.azure_policy.leaf import Selector, plain

_MANAGEMENT_GROUP = re.compile(r"/providers/Microsoft\.Management/managementGroups/([^/]+)/?", re.IGNORECASE)
_INSIDE = re.compile(
    r"/subscriptions/(?P<sub>[^/]+)(?:/resourceGroups/(?P<group>[^/]+)"
    r"(?:/providers/Microsoft\.Compute/virtualMachines/(?P<vm>[^/]+))?)?/?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something holds; empty where it holds everywhere or could not be told."""

    management_group: str = ""
    subscription: str = ""
    resource_group: str = ""
    vm: str = ""

    def scope(self) -> dict[str, Any]:
        """Its management group or subscription as a policy's `scope`."""
        found = {"managementGroups": self.management_group, "subscriptions": self.subscription}
        return {key: [plain(name)] for key, name in found.items() if name}

    def inner(self) -> Selector:
        """The rest of it, as a `match`."""
        found = {"resourceGroups": self.resource_group, "names": self.vm}
        return {key: [plain(name)] for key, name in found.items() if name}

    def selector(self) -> Selector:
        """All of it, as a `match`."""
        return {**self.scope(), **self.inner()}


def place_of(scope: str) -> Place:
    """The place with this id; an empty one for what is none of the four."""
    if (match := _MANAGEMENT_GROUP.fullmatch(scope)) is not None:
        return Place(management_group=match[1])
    if (match := _INSIDE.fullmatch(scope)) is not None:
        return Place("", match["sub"], match["group"] or "", match["vm"] or "")
    return Place()


def location_selectors(selectors: Iterable[Any]) -> tuple[Selector | None, list[str]]:
    """An assignment's `resourceSelectors` as one selector, and what of them was not understood.

    One of them suffices, and in it all must hold. Only the location narrows; the type is a VM's anyhow.
    """
    found: list[Selector] = []
    refused: list[str] = []
    everywhere = False
    for each in selectors:
        parts: list[Selector] = []
        for one in _inner(each):
            kind = str(one.get("kind", "")).lower()
            places, but = _texts(one.get("in")), _texts(one.get("notIn"))
            if kind == "resourcelocation" and (places or but):
                if places:
                    parts.append({"locations": [plain(place) for place in places]})
                if but:
                    parts.append({"not": {"locations": [plain(place) for place in but]}})
            elif kind != "resourcetype" or "microsoft.compute/virtualmachines" not in map(str.lower, places):
                refused.append(f"the resource selector by {one.get('kind')} is left out")
        whole = together(parts)
        if isinstance(whole, dict):
            found.append(whole)
        else:
            everywhere = True
    if everywhere or not found:
        return None, refused
    joined = either(found)
    return (joined if isinstance(joined, dict) else None), refused


def _inner(selector: Any) -> list[Mapping[str, Any]]:
    inner = selector.get("selectors") if isinstance(selector, Mapping) else None
    return [each for each in inner if isinstance(each, Mapping)] if isinstance(inner, list) else []


def _texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
