"""The costs of a report for machines. Amounts are numbers with two digits after the point, for a month."""

from decimal import Decimal

from shared.domain.prices.charges import VmCost
from shared.domain.pricing import Money
from shared.reporting.costs import Charges, Costs, Sum


def costs_data(costs: Costs) -> dict[str, object]:
    """All sums. `newlyProtected` is what the plan adds, `optedOut` what opt-outs save and what is paid despite them."""
    return {
        "prices": costs.prices,
        "currency": costs.currency,
        "assumptions": costs.assumptions,
        "current": _sum(costs.all.paid),
        "newlyProtected": _sum(costs.all.added),
        "total": _sum(costs.all.total),
        "optedOut": {"saved": _sum(costs.all.saved), "stillPaid": _sum(costs.still_paid)},
        "byRule": [{"rule": each.rule, "label": each.label, **_charges(each.charges)} for each in costs.by_rule],
    }


def vm_cost_data(cost: VmCost | None, currency: str) -> dict[str, object] | None:
    """One VM's cost; None where nothing is or would be paid. `monthly` is null where `why` says what is missing."""
    if cost is None:
        return None
    return {
        "charge": cost.charge.value,
        "currency": currency,
        "redundancy": cost.terms.redundancy.value,
        **_money(cost.cost),
        "why": cost.why or None,
    }


def _charges(charges: Charges) -> dict[str, object]:
    return {
        "current": _sum(charges.paid),
        "newlyProtected": _sum(charges.added),
        "total": _sum(charges.total),
        "saved": _sum(charges.saved),
    }


def _sum(sum_: Sum) -> dict[str, object]:
    return {"vms": sum_.vms, "notKnown": sum_.unknown, **_money(sum_.known)}


def _money(money: Money | None) -> dict[str, object]:
    return {
        "monthly": _number(money.total) if money is not None else None,
        "instance": _number(money.instance) if money is not None else None,
        "storage": _number(money.storage) if money is not None else None,
        "snapshots": _number(money.snapshots) if money is not None else None,
    }


def _number(amount: Decimal) -> float:
    return float(amount)
