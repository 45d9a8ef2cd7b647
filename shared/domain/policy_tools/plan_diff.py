"""One plan against the one before: which VMs are newly to be changed, which no longer, and for which the steps differ.

A VM that could not be read this time is neither: nothing is known about it. This module reads and keeps nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.domain.model import Finding, State

Step = Mapping[str, Any]  # a planned write, as every JSON of Backstop shows it


@dataclass(frozen=True, slots=True)
class Planned:
    """A VM to be changed, by its id, with the steps in order."""

    vm: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What was planned at a moment (ISO 8601, UTC) under a policy; `vms` by lower-cased id."""

    at: str
    policy_name: str
    policy_hash: str
    vms: Mapping[str, Planned]


@dataclass(frozen=True, slots=True)
class NoLonger:
    """A VM that is no longer to be changed. `why`: its verdict's state and first reason now, or `GONE`."""

    planned: Planned
    why: str


@dataclass(frozen=True, slots=True)
class PlanDiff:
    """`changed` holds (before, now). `unread` are the VMs of the older plan that could not be read this time."""

    newly: tuple[Planned, ...] = ()
    no_longer: tuple[NoLonger, ...] = ()
    changed: tuple[tuple[Planned, Planned], ...] = ()
    unread: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.newly or self.no_longer or self.changed)


def compare(before: Plan, now: Plan, findings: Iterable[Finding]) -> PlanDiff:
    """What differs. `findings` are all of this time, from which it is told why a VM is no longer in the plan."""
    here = {each.vm.key: each for each in findings if each.vm.key in before.vms}
    unread = {key for key, each in here.items() if each.verdict.state is State.UNKNOWN}
    gone = [key for key in before.vms if key not in now.vms and key not in unread]
    both = [key for key in now.vms if key in before.vms]
    return PlanDiff(
        newly=tuple(each for key, each in now.vms.items() if key not in before.vms),
        no_longer=tuple(NoLonger(before.vms[key], _why(here.get(key))) for key in gone),
        changed=tuple((before.vms[key], now.vms[key]) for key in both if before.vms[key].steps != now.vms[key].steps),
        unread=tuple(before.vms[key].vm for key in before.vms if key in unread),
    )


def _why(finding: Finding | None) -> str:
    if finding is None:
        return "GONE"
    return f"{finding.verdict.state}: {finding.verdict.reasons[0].reason.code}"
