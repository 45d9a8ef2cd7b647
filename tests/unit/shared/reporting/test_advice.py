import csv
import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.advice import Advice, Advisory
from shared.domain.model import Finding, Protection, ProtectionState, State
from shared.reporting.advice import grouped, within
from shared.reporting.render_csv import ADVICE_COLUMNS, render_advice_csv
from shared.reporting.render_html import render_html
from shared.reporting.render_json import render_json, summary_data
from shared.reporting.summary import ComplianceReport
from shared.reporting.text import age, visible
from tests.findings import HOSTILE, SUBSCRIPTIONS, advisories, estates, vm_id
from tests.unit.shared.reporting.samples import NOW, finding, report
from tests.unit.shared.reporting.test_renderers import ALLOWED, Page, csv_rows

VAULT = f"/subscriptions/{SUBSCRIPTIONS[0]}/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/rsv-1"
OLD = Advisory(Advice.AGENT_OLD, vm_id("a").text, "version 1", vm_id("a"))
BARE = Advisory(Advice.VAULT_SOFT_DELETE_OFF, VAULT)


def of_estate(made: ComplianceReport, *found: Advisory) -> ComplianceReport:
    return replace(made, advice=grouped(made.findings, found))


def rows(made: ComplianceReport) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render_advice_csv(made).decode(), newline=""), strict=True))


def advised(*found: Advisory) -> Finding:
    return replace(finding("a", State.COMPLIANT), advisories=found)


@settings(deadline=None, max_examples=40)
@given(estates, st.lists(advisories, max_size=6))
def test_every_form_tells_every_piece_once(estate: list[Finding], found: list[Advisory]) -> None:
    made = of_estate(report(*estate), *found, *found)
    pieces = {*found, *(each for one in estate for each in one.advisories)}
    assert sum(group.count for group in made.advice) == len(pieces)
    assert [group.advice for group in made.advice] == [each for each in Advice if each in {a.advice for a in pieces}]
    data, page = json.loads(render_json(made)), Page(render_html(made))
    assert data["advice"] == {group.advice.code: group.count for group in made.advice}
    assert len(data["advisories"]) == len(rows(made)) == len(pieces)
    assert [each["code"] for each in data["advisories"]] == [each["code"] for each in rows(made)]
    assert page.open == []
    assert {tag for tag, _ in page.elements} <= ALLOWED


def test_advice_is_told_with_its_remedy_and_the_resource() -> None:
    made = of_estate(report(advised(OLD)), BARE)
    text = "".join(Page(render_html(made)).text)
    for piece in (Advice.AGENT_OLD.sentence, Advice.AGENT_OLD.remedy, "version 1", VAULT, "VAULT_SOFT_DELETE_OFF"):
        assert piece in text
    assert [each["code"] for each in rows(made)] == ["VAULT_SOFT_DELETE_OFF", "AGENT_OLD"]
    assert rows(made)[1]["vm"] == vm_id("a").text
    assert csv_rows(made)[0]["advice"] == "AGENT_OLD"
    assert json.loads(render_json(made))["vms"][0]["advisories"] == ["AGENT_OLD"]
    assert "advisories" not in summary_data(made)


def test_a_report_without_advice_has_no_section_for_it() -> None:
    made = report(advised())
    assert b'id="advice"' not in render_html(made)
    assert render_advice_csv(made).decode() == ",".join(ADVICE_COLUMNS) + "\r\n"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_detail_is_shown_as_text(text: str) -> None:
    made = of_estate(report(), replace(BARE, detail=text), Advisory(Advice.ITEM_ORPHANED, text))
    assert visible(text) in "".join(Page(render_html(made)).text)
    assert not any(cell[:1] in set("=+-@\t\r\n") for row in rows(made) for cell in row.values() if cell)


def test_a_long_list_is_cut_on_the_page_and_whole_elsewhere() -> None:
    found = [replace(BARE, resource_id=f"{VAULT}-{number}") for number in range(60)]
    made = of_estate(report(), *found)
    assert "10 more" in "".join(Page(render_html(made)).text)
    assert len(rows(made)) == 60


def test_advice_of_a_scope_is_about_its_subscriptions_its_vms_or_what_lies_in_none() -> None:
    one, other = (each.lower() for each in SUBSCRIPTIONS)
    above = Advisory(Advice.POLICY_DENIES_BACKUP_GROUP, "/providers/Microsoft.Management/managementGroups/m/x")
    elsewhere = Advisory(Advice.ITEM_ORPHANED, VAULT, "", vm_id("a", subscription=SUBSCRIPTIONS[1]))
    assert within([BARE, above, elsewhere], [one]) == (BARE, above, elsewhere)
    assert within([BARE, above, elsewhere], [other]) == (above, elsewhere)


def test_the_last_recovery_points_age_and_a_pending_first_backup_are_told() -> None:
    point = NOW - timedelta(hours=49, minutes=59)
    item = Protection(ProtectionState.PROTECTED, has_recovery_point=True, recovery_point=point)
    made = report(replace(finding("a", State.COMPLIANT), protection=item))
    shown = json.loads(render_json(made))["vms"][0]["protection"]
    assert shown["recoveryPointAgeHours"] == 49
    assert csv_rows(made)[0]["recoveryPointAgeHours"] == "49"
    assert csv_rows(made)[0]["recoveryPoint"] == shown["recoveryPoint"]
    assert "last recovery point 2 days old" in "".join(Page(render_html(made)).text)
    pending = replace(finding("a", State.COMPLIANT), protection=Protection(ProtectionState.FIRST_BACKUP_PENDING))
    made = report(pending)
    assert csv_rows(made)[0]["protection"] == "Warning (initial backup pending)"
    assert "Warning (initial backup pending)" in "".join(Page(render_html(made)).text)
    assert json.loads(render_json(made))["vms"][0]["protection"]["recoveryPointAgeHours"] is None


@pytest.mark.parametrize(
    ("ago", "told"),
    [
        (timedelta(), "0 min"),
        (timedelta(minutes=-5), "0 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=47, minutes=59), "47 h"),
        (timedelta(hours=48), "2 days"),
    ],
)
def test_ages_are_told_in_the_largest_unit_that_fits(ago: timedelta, told: str) -> None:
    assert age(NOW - ago, NOW) == told
