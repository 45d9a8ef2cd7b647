"""Costs in the report: one count for every form, and no trace of them without a price file."""

import json
from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings

from shared.domain.model import Finding, Protection, ProtectionState, ReasonDetail, State
from shared.domain.pricing import Money
from shared.domain.reasons import Reason
from shared.reporting.costs import Costs, Sum, amount, costs_of
from shared.reporting.render_csv import COLUMNS, COST_COLUMNS, render_csv
from shared.reporting.render_html import render_html
from shared.reporting.render_json import render_json
from shared.reporting.summary import ComplianceReport
from tests.findings import estates
from tests.policies import demo_policy
from tests.prices import prices
from tests.unit.shared.reporting.samples import finding, report
from tests.unit.shared.reporting.test_renderers import ALLOWED, Page, csv_rows

BACKED_UP = Protection(ProtectionState.PROTECTED, "item", "/vaults/rsv", "Daily", has_recovery_point=True)
COMING = replace(BACKED_UP, state=ProtectionState.FIRST_BACKUP_PENDING, has_recovery_point=False)


def costed(*findings: Finding) -> tuple[ComplianceReport, Costs]:
    costs = costs_of(findings, prices(), demo_policy().policy)
    return replace(report(*findings), costs=costs), costs


def small_estate() -> list[Finding]:
    """A VM for each sum, two rules, one size that is not known, and one VM that costs nothing."""
    out = ReasonDetail(Reason.OPTED_OUT, "reason=x")
    return [
        replace(finding("paid", State.COMPLIANT, Reason.PROTECTED, protection=BACKED_UP), disk_gb=200),
        replace(finding("kept", State.COMPLIANT, Reason.PROTECTED, out, protection=BACKED_UP), disk_gb=200),
        replace(finding("new", State.COMPLIANT, Reason.PROTECTED, protection=COMING, rule="other"), disk_gb=2_000),
        replace(finding("out", State.EXEMPT, out), disk_gb=200),
        finding("unknown", State.COMPLIANT, Reason.PROTECTED, protection=BACKED_UP),
        replace(finding("nothing", State.NOT_APPLICABLE, Reason.NO_RULE_MATCHES, rule=""), disk_gb=200),
    ]


def test_the_sums_are_of_different_vms_and_the_rules_add_up() -> None:
    costs = costed(*small_estate())[1]
    one, large = Decimal("21.90"), Decimal("139.00")  # 20 for two units, 64 in the vault, 55 of snapshots
    assert costs.all.paid == Sum(3, Money(*(2 * each for each in (Decimal(10), Decimal("6.4"), Decimal("5.5")))), 1)
    assert costs.all.added.cost.total == large
    assert costs.all.saved.cost.total == costs.still_paid.cost.total == one
    assert costs.all.total.cost.total == 2 * one + large
    assert [(each.rule, each.charges.total.cost.total) for each in costs.by_rule] == [
        ("other", large),
        ("default", 2 * one),
    ]


def test_vms_of_which_none_is_known_have_no_sum() -> None:
    costs = costed(small_estate()[4])[1]
    assert costs.all.paid.known is None
    assert amount(costs.all.paid.known) == "not known"
    assert costs.all.added.known == Money()  # no VM costs nothing


@settings(deadline=None, max_examples=60)
@given(estates)
def test_every_form_tells_the_same_of_every_vm_and_they_add_up(estate: list[Finding]) -> None:
    made, costs = costed(*estate)
    data, rows, page = json.loads(render_json(made)), csv_rows(made), Page(render_html(made))
    for vm, row in zip(data["vms"], rows, strict=True):
        told = vm["cost"]
        if told is None:
            assert [row[each] for each in COST_COLUMNS] == ["", "", ""]
            continue
        shown = "not known" if told["monthly"] is None else f"{told['monthly']:.2f}"
        assert [row[each] for each in COST_COLUMNS] == [shown, "EUR", told["charge"]]
        assert (told["why"] is None) == (told["monthly"] is not None)
    for charge, key in (("paid", "current"), ("added", "newlyProtected")):
        _adds_up([row for row in rows if row["costIs"] == charge], data["costs"][key])
    _adds_up([row for row in rows if row["costIs"] == "saved"], data["costs"]["optedOut"]["saved"])
    _adds_up([row for row in rows if row["costIs"] in {"paid", "added"}], data["costs"]["total"])
    assert sum(each["total"]["vms"] for each in data["costs"]["byRule"]) == data["costs"]["total"]["vms"]
    text = "".join(page.text)
    for sum_ in (costs.all.paid, costs.all.added, costs.all.total, costs.all.saved):
        assert amount(sum_.known) in text


def _adds_up(rows: list[dict[str, str]], told: dict[str, object]) -> None:
    known = [Decimal(row["monthlyCost"]) for row in rows if row["monthlyCost"] != "not known"]
    assert (told["vms"], told["notKnown"]) == (len(rows), len(rows) - len(known))
    assert told["monthly"] == (float(sum(known, Decimal())) if known or not rows else None)


@settings(deadline=None, max_examples=40)
@given(estates)
def test_the_page_stays_the_page(estate: list[Finding]) -> None:
    page = Page(render_html(costed(*estate)[0]))
    assert page.open == []
    assert {tag for tag, _ in page.elements} <= ALLOWED | {"h3"}
    for tag, attributes in page.elements:
        assert not any(name.startswith("on") or name in {"style", "src", "action"} for name in attributes)
        assert tag != "th" or attributes.get("scope") in {"col", "row", "rowgroup"}
        assert tag != "svg" or attributes.get("aria-label") or attributes.get("aria-hidden") == "true"


def test_the_page_shows_sums_rules_the_most_expensive_vms_and_what_they_rest_on() -> None:
    html = render_html(costed(*small_estate())[0]).decode()
    text = "".join(Page(html.encode()).text)
    for shown in ("182.80", "43.80", "139.00", "21.90", "Cost estimate", "made-up", "newly protected"):
        assert shown in text
    assert "cost not known: the size of its disks is not known" in text
    assert "Opted out and paid all the same: 21.90 for 1 VM," in text
    assert 'aria-label="Instance fees: 20.00, Storage: 64.00, Snapshots: 55.00"' in html


def test_a_rule_beyond_the_twelfth_is_among_the_others() -> None:
    estate = [
        replace(finding(f"vm{n}", State.COMPLIANT, Reason.PROTECTED, protection=BACKED_UP, rule=f"r{n}"), disk_gb=200)
        for n in range(15)
    ]
    text = "".join(Page(render_html(costed(*estate)[0])).text)
    assert "4 others" in text
    assert amount(Money(Decimal(0), Decimal("87.60"))) in text


def test_without_a_price_file_no_form_has_a_cost() -> None:
    made = report(*small_estate())
    data = json.loads(render_json(made))
    assert "costs" not in data
    assert not any("cost" in each for each in data["vms"])
    assert render_csv(made).decode().splitlines()[0] == ",".join(COLUMNS)
    assert 'id="costs"' not in render_html(made).decode()
