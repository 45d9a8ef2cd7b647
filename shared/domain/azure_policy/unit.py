"""One rule in the making, and what is to be told about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from shared.domain.azure_policy.builtins import Builtin
from shared.domain.azure_policy.leaf import Selector
from shared.domain.azure_policy.places import Place
from shared.domain.azure_policy.reading import Assignment, Definition

WRITES, LOOKS = "deployifnotexists", frozenset({"auditifnotexists", "audit"})


class Kind(StrEnum):
    """What a difference is about."""

    WIDER = "wider"  # more VMs, or more is done or reported
    NARROWER = "narrower"
    OPEN = "open"  # somebody has to fill it in
    NOT_UNDERSTOOD = "notUnderstood"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing to know about the import; `rule` is empty where it concerns all of it."""

    kind: Kind
    what: str
    rule: str = ""


@dataclass(slots=True)
class Unit:
    """One rule in the making."""

    name: str
    definition: Definition
    builtin: Builtin | None
    assignment: Assignment | None
    parameters: Mapping[str, Any]
    effect: str = WRITES
    match: list[Selector] = field(default_factory=list)
    exclude: list[Selector] = field(default_factory=list)
    place: Place = field(default_factory=Place)
    differences: list[Difference] = field(default_factory=list)
    outside: list[Place] = field(default_factory=list)
    asks: dict[str, Any] = field(default_factory=dict)
    without_images: bool = False  # the definition itself is not at hand, and it has a list of images

    def tell(self, kind: Kind, what: str) -> None:
        """Note a difference of this rule."""
        self.differences.append(Difference(kind, what, self.name))
