"""The costs of a report as tables for the terminal."""

from rich.table import Table

from cli.output.console import out, plain
from cli.output.tables import new_table
from shared.reporting.costs import Charges, Costs, Sum, amount
from shared.reporting.costs_page import WORDS
from shared.reporting.summary import ComplianceReport

MOST_VMS = 20


def show(report: ComplianceReport, costs: Costs) -> None:
    """What is paid, what the plan adds, what opt-outs save; by rule; the most expensive VMs; what it rests on."""
    console = out()
    console.print(plain(f"Estimated cost of backup, {costs.currency} a month", "bold"))
    console.print(_sums(costs.all))
    if costs.still_paid.vms:
        told = amount(costs.still_paid.known)
        vms = f"{costs.still_paid.vms:,} VM{'s' if costs.still_paid.vms != 1 else ''}"
        line = f"Opted out and paid all the same: {told} for {vms}, a part of the above."
        console.print(plain(line, "yellow"))
    console.print(_by_rule(costs))
    if costs.dearest(report.findings, 1):
        console.print(_dearest(report, costs))
    unknown = costs.all.total.unknown + costs.all.saved.unknown
    if unknown:
        console.print(plain("In no sum, by what is missing:", "yellow"))
        for why, count in sorted(_whys(costs).items(), key=lambda each: (-each[1], each[0])):
            console.print(plain(f"  {count:,}: {why}", "yellow"))
    console.print(plain(f"An estimate, not a bill. {costs.assumptions}.", "bright_black"), soft_wrap=True)


def _sums(charges: Charges) -> Table:
    table = new_table("")
    for name in ("", "VMs", "not known", "instance", "storage", "snapshots", "a month"):
        table.add_column(name, justify="right" if name else "left")
    lines = (
        ("paid now", charges.paid),
        ("newly protected adds", charges.added),
        ("together", charges.total),
        ("saved by opt-outs", charges.saved),
    )
    for title, sum_ in lines:
        style = "bold" if title == "together" else ""
        cost = sum_.known
        amounts = (cost.instance, cost.storage, cost.snapshots) if cost is not None else ()
        parts = tuple(f"{each:,.2f}" for each in amounts) or ("", "", "")
        table.add_row(plain(title, style), f"{sum_.vms:,}", _count(sum_.unknown), *parts, plain(amount(cost), style))
    return table


def _by_rule(costs: Costs) -> Table:
    table = new_table("By rule")
    for name in ("rule", "VMs", "paid now", "newly protected", "together", "saved by opt-outs"):
        table.add_column(name, justify="left" if name == "rule" else "right")
    for each in costs.by_rule:
        charges = each.charges
        vms = charges.total.vms + charges.saved.vms
        sums = (charges.paid, charges.added, charges.total, charges.saved)
        table.add_row(plain(each.label, "bold"), f"{vms:,}", *(_amount(one) for one in sums))
    return table


def _dearest(report: ComplianceReport, costs: Costs) -> Table:
    table = new_table("The most expensive VMs")
    for name in ("VM", "rule", "disks GB", "redundancy", "", "a month"):
        table.add_column(name, justify="right" if name in {"disks GB", "a month"} else "left")
    for finding, cost, money in costs.dearest(report.findings, MOST_VMS):
        table.add_row(
            plain(finding.vm.name, "bold"),
            plain(finding.verdict.rule),
            f"{finding.disk_gb or 0:,}",
            cost.terms.redundancy.value,
            WORDS[cost.charge],
            amount(money),
        )
    return table


def _whys(costs: Costs) -> dict[str, int]:
    counts: dict[str, int] = {}
    for each in costs.by_vm.values():
        if each.cost is None:
            counts[each.why] = counts.get(each.why, 0) + 1
    return counts


def _amount(sum_: Sum) -> str:
    return amount(sum_.known) if sum_.vms else ""


def _count(number: int) -> str:
    return f"{number:,}" if number else ""
