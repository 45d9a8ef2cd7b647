"""The costs as the page shows them: amounts as texts, a bar for each rule, the most expensive VMs."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

from shared.domain.model import Finding
from shared.domain.prices.charges import Charge
from shared.domain.pricing import Money
from shared.reporting.charts import Slice, stacked_bar
from shared.reporting.costs import Charges, Costs, RuleCost, Sum, amount
from shared.reporting.summary import ComplianceReport

WORDS = {Charge.PAID: "paid now", Charge.ADDED: "newly protected", Charge.SAVED: "saved by the opt-out"}
_MOST_VMS = 10
_MOST_RULES = 12


@dataclass(frozen=True, slots=True)
class CostsPage:
    """`by_rule` are label, bar and amount; `parts` label, class and amount; `dearest` finding, words and amount.

    `of` tells one VM's cost in words, or nothing.
    """

    currency: str
    assumptions: str
    all: Charges
    still_paid: Sum
    by_rule: list[tuple[str, Markup, str]]
    parts: list[tuple[str, str, str]]
    dearest: list[tuple[Finding, str, str]]
    amount: Callable[[Money | None], str]
    of: Callable[[Finding], str]


def costs_page(report: ComplianceReport) -> CostsPage | None:
    """None where no price file is set."""
    costs = report.costs
    if costs is None:
        return None
    whole = costs.all.total.cost
    return CostsPage(
        currency=costs.currency,
        assumptions=costs.assumptions,
        all=costs.all,
        still_paid=costs.still_paid,
        by_rule=_bars(costs.by_rule),
        parts=[(each.label, each.css, each.shown) for each in _slices(whole)],
        dearest=[
            (finding, WORDS[cost.charge], amount(money))
            for finding, cost, money in costs.dearest(report.findings, _MOST_VMS)
        ],
        amount=amount,
        of=lambda finding: vm_words(costs, finding),
    )


def vm_words(costs: Costs, finding: Finding) -> str:
    """Such as `12.00 EUR a month, paid now`; empty where nothing is or would be paid."""
    cost = costs.by_vm.get(finding.vm.key)
    if cost is None:
        return ""
    if cost.cost is None:
        return f"cost not known: {cost.why}"
    return f"{amount(cost.cost)} {costs.currency} a month, {WORDS[cost.charge]}"


def _bars(rules: tuple[RuleCost, ...]) -> list[tuple[str, Markup, str]]:
    """The most expensive rules and one line for all others, so that the bars add up to the total."""
    paying = [each for each in rules if each.charges.total.vms]
    shown = paying if len(paying) <= _MOST_RULES else paying[: _MOST_RULES - 1]
    lines = [(each.label, each.charges.total) for each in shown]
    rest = paying[len(shown) :]
    if rest:
        lines.append((f"{len(rest)} others", sum((each.charges.total for each in rest), Sum())))
    largest = max((_cents(each.cost.total) for _, each in lines), default=0)
    return [(label, stacked_bar(_slices(total.cost), largest), amount(total.known)) for label, total in lines]


def _slices(cost: Money) -> list[Slice]:
    parts = (
        ("Instance fees", "instance", cost.instance),
        ("Storage", "storage", cost.storage),
        ("Snapshots", "snapshots", cost.snapshots),
    )
    return [Slice(_cents(part), label, css, f"{part:,.2f}") for label, css, part in parts]


def _cents(value: Decimal) -> int:
    return int(value * 100)
