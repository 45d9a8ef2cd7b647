"""What a sweep's placement comes to: vaults and backup policies with their VMs, those to be made, days, and what waits.

Only counted, for the plan that a person reads before anything is written. It places nothing itself, and it says nothing
of VMs that no request would be sent for, such as those of a rule that only audits.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.domain.arm_id import ArmId, parse_id
from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.holdings import Holdings
from shared.domain.model import ActionKind, Finding, Status
from shared.domain.placement import DAY, Seat
from shared.domain.steps import Held, Placement


@dataclass(frozen=True, slots=True)
class PolicyUse:
    """A backup policy and how many of the VMs come under it. `to_be_changed`: it is there, and edited first."""

    name: str
    vms: int
    to_be_made: bool = False
    to_be_changed: bool = False


@dataclass(frozen=True, slots=True)
class VaultUse:
    """A vault that VMs go to. `redundancy` is what the rule asks of one to be made, empty where it asks for none.

    `per_day` are the VMs registered within each 24 hours from the moment of the plan on; `first` and `last` are the
    moments at which the first and the last of them may be.
    """

    id: ArmId
    location: str
    to_be_made: bool
    redundancy: str
    policies: tuple[PolicyUse, ...]
    per_day: tuple[int, ...]
    first: datetime
    last: datetime

    @property
    def vms(self) -> int:
        """How many VMs it gets."""
        return sum(self.per_day)


@dataclass(frozen=True, slots=True)
class HeldUp:
    """VMs that wait for the same. `first` and `until` are when the first and the last of them fit.

    Both are None where a person has to act.
    """

    code: str
    vms: int
    why: str
    remedy: str
    first: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlacementSummary:
    """Vaults with the most VMs first; of what is held, what needs a person first."""

    vaults: tuple[VaultUse, ...] = ()
    held: tuple[HeldUp, ...] = ()

    @property
    def policies(self) -> tuple[PolicyUse, ...]:
        """The backup policies of all vaults."""
        return tuple(policy for vault in self.vaults for policy in vault.policies)

    @property
    def days(self) -> int:
        """24-hour periods until the last VM is registered, the first included."""
        return max((len(each.per_day) for each in self.vaults), default=0)

    @property
    def in_words(self) -> str:
        """Such as: 2 vaults (2 to be made), 12 backup policies (12 to be made), 3 days."""
        vaults = _part(len(self.vaults), "vault", "vaults", sum(each.to_be_made for each in self.vaults))
        made = sum(each.to_be_made for each in self.policies)
        policies = _part(len(self.policies), "backup policy", "backup policies", made)
        return f"{vaults}, {policies}, {self.days:,} day{'s' * (self.days != 1)}"


def summarise_placement(
    findings: Iterable[Finding],
    placed: Mapping[str, Placement | Held],
    holdings: Holdings,
    policy: CompiledPolicy,
    now: datetime,
) -> PlacementSummary:
    """The summary of a sweep's places (by VM key) at the moment of its plan.

    `findings` with actions are those that would be carried out; any that is put off is held.
    """
    vaults: dict[str, _Vault] = {}
    held: list[Held | None] = []
    for each in findings:
        place = placed.get(each.vm.key)
        if isinstance(place, Placement) and each.actions:
            key = place.seat.vault_id.lower()
            if key not in vaults:
                vaults[key] = _Vault(place.seat, each.location)
            vaults[key].take(place, each.verdict.rule)
        held.append(_held(each, place))
    uses = [each.use(holdings, policy, now) for each in vaults.values()]
    return PlacementSummary(tuple(sorted(uses, key=lambda each: (-each.vms, each.id.key))), _together(held))


def held_up(findings: Iterable[Finding]) -> tuple[HeldUp, ...]:
    """The findings that are put off for a reason, those that wait for the same together."""
    return _together(_held(each, None) for each in findings)


@dataclass(slots=True)
class _Vault:
    """A vault while its VMs are counted."""

    seat: Seat
    location: str
    rule: str = ""
    created: bool = False
    moments: list[datetime] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)  # as first met, by lower-cased name
    under: Counter[str] = field(default_factory=Counter)
    ensured: set[str] = field(default_factory=set)

    def take(self, place: Placement, rule: str) -> None:
        """One more VM goes here."""
        name = place.seat.backup_policy.lower()
        self.names.setdefault(name, place.seat.backup_policy)
        self.moments.append(place.seat.at)
        self.under[name] += 1
        if ActionKind.ENSURE_BACKUP_POLICY in place.first:
            self.ensured.add(name)
        if ActionKind.CREATE_VAULT in place.first and not self.created:
            self.created, self.rule = True, rule

    def use(self, holdings: Holdings, policy: CompiledPolicy, now: datetime) -> VaultUse:
        """The count."""
        contents, vault = holdings.contents.get(self.seat.vault_id.lower()), parse_id(self.seat.vault_id)
        rule = policy.rule_named(self.rule)
        days = Counter((max(each, now) - now) // DAY for each in self.moments)
        policies = []
        for name, vms in self.under.items():
            there = contents is not None and contents.policy(name) is not None
            ensured = name in self.ensured
            policies.append(PolicyUse(self.names[name], vms, ensured and not there, ensured and there))
        return VaultUse(
            vault,
            self.location,
            self.created,
            (rule.rule.vault.redundancy or "") if rule is not None else "",
            tuple(sorted(policies, key=lambda each: each.name.lower())),
            tuple(days[day] for day in range(max(days) + 1)),
            max(min(self.moments), now),
            max(*self.moments, now),
        )


def _held(finding: Finding, place: Placement | Held | None) -> Held | None:
    if isinstance(place, Held):
        return place
    if place is not None and place.held is not None:
        return place.held
    outcome = finding.outcome
    if outcome.status is not Status.DEFERRED or not outcome.error_code:
        return None
    return Held(outcome.error_code, outcome.error, outcome.remedy, outcome.look_again)


def _together(held: Iterable[Held | None]) -> tuple[HeldUp, ...]:
    groups: dict[tuple[str, str, str], list[datetime | None]] = {}
    for each in held:
        if each is not None:
            groups.setdefault((each.code, each.why, each.remedy), []).append(each.until)
    found = []
    for (code, why, remedy), waiting in groups.items():
        known = [each for each in waiting if each is not None]
        found.append(HeldUp(code, len(waiting), why, remedy, min(known, default=None), max(known, default=None)))
    return tuple(sorted(found, key=_rank))


def _rank(held: HeldUp) -> tuple[bool, int, str, float, str]:
    """What needs a person first, then what most VMs wait for, then what ends first."""
    ends = held.first.timestamp() if held.first is not None else 0
    return held.first is not None, -held.vms, held.code, ends, held.why


def _part(count: int, one: str, several: str, made: int) -> str:
    return f"{count:,} {one if count == 1 else several}" + (f" ({made:,} to be made)" if made else "")
