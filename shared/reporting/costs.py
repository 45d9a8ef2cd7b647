"""What all the backups of a report cost in a month, added up once, so that every form of the report agrees.

Sums are of the amounts that are shown for each VM. A VM without an estimate is counted as such and never as 0.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from shared.domain.model import Finding
from shared.domain.policy import EnforcementPolicy
from shared.domain.prices.charges import Charge, Estimator, VmCost
from shared.domain.prices.model import PriceFile
from shared.domain.prices.tables import PriceTables
from shared.domain.pricing import Money

_NOTHING = Money()


@dataclass(frozen=True, slots=True)
class Sum:
    """A number of VMs, what those of them cost that could be estimated, and how many could not."""

    vms: int = 0
    cost: Money = _NOTHING
    unknown: int = 0

    @property
    def known(self) -> Money | None:
        """The cost; None where there are VMs and none of them could be estimated."""
        return None if self.vms and self.unknown == self.vms else self.cost

    def plus(self, one: VmCost) -> "Sum":
        """With one more VM."""
        if one.cost is None:
            return Sum(self.vms + 1, self.cost, self.unknown + 1)
        return Sum(self.vms + 1, self.cost + one.cost, self.unknown)

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(self.vms + other.vms, self.cost + other.cost, self.unknown + other.unknown)


_NONE = Sum()


@dataclass(frozen=True, slots=True)
class Charges:
    """`paid` now, `added` by what is planned or under way, `saved` by opt-outs: three different sets of VMs."""

    paid: Sum = _NONE
    added: Sum = _NONE
    saved: Sum = _NONE

    @property
    def total(self) -> Sum:
        """What is paid when everything planned is done."""
        return self.paid + self.added

    def plus(self, one: VmCost) -> "Charges":
        """With one more VM."""
        return Charges(
            self.paid.plus(one) if one.charge is Charge.PAID else self.paid,
            self.added.plus(one) if one.charge is Charge.ADDED else self.added,
            self.saved.plus(one) if one.charge is Charge.SAVED else self.saved,
        )


@dataclass(frozen=True, slots=True)
class RuleCost:
    """The VMs of one rule; `rule` is empty for those under none."""

    rule: str
    charges: Charges

    @property
    def label(self) -> str:
        """The rule's name as people read it."""
        return self.rule or "(no rule)"


@dataclass(frozen=True, slots=True)
class Costs:
    """Every sum of a report's costs. `by_vm` is by the VM's key and lacks VMs that cost nothing.

    `still_paid` are opted-out VMs that are backed up all the same, a part of the others' `paid` and `added`.
    """

    prices: str
    currency: str
    assumptions: str
    by_vm: Mapping[str, VmCost]
    all: Charges
    still_paid: Sum
    by_rule: tuple[RuleCost, ...]  # the most expensive first

    def dearest(self, findings: Iterable[Finding], most: int) -> list[tuple[Finding, VmCost, Money]]:
        """The VMs with the highest estimates that are paid or added, by amount and then by VM."""
        found = [
            (finding, cost, cost.cost)
            for finding in findings
            if (cost := self.by_vm.get(finding.vm.key)) is not None
            and cost.cost is not None
            and cost.charge is not Charge.SAVED
        ]
        return sorted(found, key=lambda each: (-each[2].total, each[0].vm.key))[:most]


def costs_of(findings: Iterable[Finding], file: PriceFile, policy: EnforcementPolicy) -> Costs:
    """The costs of these findings, one for each VM."""
    estimator = Estimator(PriceTables(file), policy)
    by_vm: dict[str, VmCost] = {}
    rules: dict[str, Charges] = {}
    whole, still_paid = Charges(), Sum()
    for finding in findings:
        one = estimator.estimate(finding)
        if one is None:
            continue
        by_vm[finding.vm.key] = one
        rules[finding.verdict.rule] = rules.get(finding.verdict.rule, Charges()).plus(one)
        whole = whole.plus(one)
        if one.opted_out and one.charge is not Charge.SAVED:
            still_paid = still_paid.plus(one)
    by_rule = sorted(rules.items(), key=lambda each: (-each[1].total.cost.total, each[0]))
    return Costs(
        prices=file.metadata.name,
        currency=file.spec.currency,
        assumptions=assumptions(file),
        by_vm=by_vm,
        all=whole,
        still_paid=still_paid,
        by_rule=tuple(RuleCost(rule, charges) for rule, charges in by_rule),
    )


def assumptions(file: PriceFile) -> str:
    """What the figures rest on, in one line."""
    assumed = file.spec.assume
    return (
        f"A month in {file.spec.currency} by the prices '{file.metadata.name}', when every recovery point is there; "
        f"{_percent(assumed.used_share)} of the provisioned size holds data, {_percent(assumed.daily_churn)} of it "
        f"changes in a day, vaults that are not named are {assumed.redundancy}"
    )


def amount(money: Money | None) -> str:
    """An amount as people read it, such as 1,234.50; `not known` where there is none."""
    return f"{money.total:,.2f}" if money is not None else "not known"


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f} %"
