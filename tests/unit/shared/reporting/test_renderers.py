import base64
import csv
import hashlib
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings

from shared.domain.model import Action, ActionKind, Finding, Outcome, ReasonDetail, State, Status
from shared.domain.opt_out_stretch import OptOutStretch
from shared.domain.reasons import Reason
from shared.reporting.render_csv import COLUMNS, render_csv
from shared.reporting.render_html import LOOKS, OUTCOME_WORDS, PROTECTION_WORDS, coverage, render_html
from shared.reporting.render_json import render_json, summary_data
from shared.reporting.summary import ComplianceReport
from shared.reporting.text import visible
from tests.findings import HOSTILE, SUBSCRIPTIONS, estates, vm_id
from tests.unit.shared.reporting.samples import NOW, finding, report

FORMULA_STARTS = frozenset("=+-@\t\r\n\x00\uff1d\uff0b\uff0d\uff20")
VOID = {"meta", "col", "input", "path", "br"}
ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section", "div", "span", "p", "a"),
    *("h1", "h2", "b", "small", "code", "bdi", "svg", "path", "circle", "rect", "fieldset", "legend", "label", "input"),
    *("table", "caption", "colgroup", "col", "thead", "tbody", "tr", "th", "td"),
}


class Page(HTMLParser):
    """What a browser would find: every element, its attributes, and the text of the table of all VMs."""

    def __init__(self, html: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.rows: list[tuple[str, list[str]]] = []
        self.in_all = False
        self.feed(html.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.in_all = "all" in (attributes.get("class") or "").split()
        if tag == "tr" and self.in_all and attributes.get("class"):
            self.rows.append((attributes["class"] or "", []))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append(data)
        if self.in_all and self.rows:
            self.rows[-1][1].append(data)


def csv_rows(made: ComplianceReport) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render_csv(made).decode(), newline=""), strict=True))


@settings(deadline=None, max_examples=60)
@given(estates)
def test_the_three_forms_agree_on_every_vm(estate: list[Finding]) -> None:
    made = report(*estate)
    data, rows, page = json.loads(render_json(made)), csv_rows(made), Page(render_html(made))
    by_state = {state.value: count for state, count in made.verdicts.items()}
    assert data["verdicts"] == by_state
    assert data["discovered"] == len(data["vms"]) == len(rows) == len(page.rows)
    assert Counter(each["verdict"] for each in data["vms"]) == Counter({k: v for k, v in by_state.items() if v})
    assert Counter(each["verdict"] for each in rows) == Counter(each["verdict"] for each in data["vms"])
    css = {look.css: look.state.value for look in LOOKS}
    assert Counter(css[name] for name, _ in page.rows) == Counter(each["verdict"] for each in data["vms"])
    assert [each["vm"] for each in rows] == [each["vm"] for each in data["vms"]]


@settings(deadline=None, max_examples=60)
@given(estates)
def test_whatever_stands_in_names_and_tags_the_page_stays_the_page(estate: list[Finding]) -> None:
    html = render_html(report(*estate, names={SUBSCRIPTIONS[0]: "<i>\u202e{{ x }}"}))
    page = Page(html)
    assert page.open == []
    assert {tag for tag, _ in page.elements} <= ALLOWED
    for _, attributes in page.elements:
        assert not any(name.startswith("on") or name in {"style", "src", "action"} for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    text = html.decode()
    assert visible(text.replace("\n", "")) == text.replace("\n", "")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_shown_as_text_in_every_form(text: str) -> None:
    outcome = Outcome(Status.FAILED, None, "Code", text, text)
    made = report(
        finding("a", State.NON_COMPLIANT, ReasonDetail(Reason.OPT_OUT_MALFORMED, text), outcome=outcome, location=text)
    )
    assert visible(text) in "".join(Page(render_html(made)).text)
    (vm,) = json.loads(render_json(made))["vms"]
    assert vm["location"] == vm["outcome"]["error"] == vm["reasons"][0]["detail"] == text
    assert render_json(made).isascii()
    (row,) = csv_rows(made)
    assert row["error"].removeprefix("'") == visible(text)
    assert not row["location"].startswith(tuple(FORMULA_STARTS))


@given(estates)
def test_no_cell_of_the_spreadsheet_starts_like_a_formula_or_holds_a_line_end(estate: list[Finding]) -> None:
    content = render_csv(report(*estate))
    assert content.count(b"\n") == content.count(b"\r\n") == len(estate) + 1
    for row in csv_rows(report(*estate)):
        assert list(row) == list(COLUMNS)
        assert not [cell for cell in row.values() if cell and cell[0] in FORMULA_STARTS]


def test_a_formula_gets_an_apostrophe_and_plain_text_none() -> None:
    made = report(finding("a", State.COMPLIANT, Reason.PROTECTED, location="=1+1", rule="plain"))
    (row,) = csv_rows(made)
    assert (row["location"], row["rule"]) == ("'=1+1", "plain")


def test_no_formula_starts_a_cell_where_semicolons_part_them() -> None:
    text = 'reason=x;=1+1;"+2;until=2026-12-31; -3'
    made = report(finding("a", State.NON_COMPLIANT, ReasonDetail(Reason.OPT_OUT_MALFORMED, text)))
    (row,) = csv_rows(made)
    assert """(reason=x;'=1+1;"'+2;until=2026-12-31; -3)""" in row["why"]
    for line in csv.reader(io.StringIO(render_csv(made).decode(), newline=""), delimiter=";"):
        assert not [cell for cell in line if cell.lstrip('"')[:1] in FORMULA_STARTS]


def test_the_machine_form_has_its_documented_keys() -> None:
    action = Action(ActionKind.START_INITIAL_BACKUP, vm_id("a"), "/vault", "Gold", "", timedelta(days=30), NOW)
    one = finding("a", State.NON_COMPLIANT, ReasonDetail(Reason.NO_RECOVERY_POINT, "d"), actions=(action,))
    data = json.loads(render_json(report(one)))
    assert data["generatedAt"] == "2026-11-24T09:12:00Z"
    assert data["policy"] == {"name": "corp", "hash": "9f1c2ab04d7e", "mode": "enforce", "paused": False}
    assert data["policyProblem"] is None
    assert set(data["verdicts"]) == {state.value for state in State}
    assert set(data["initialBackups"]) == {"running", "done", "missing", "failed"}
    assert data["reasons"] == {"NO_RECOVERY_POINT": 1}
    (vm,) = data["vms"]
    assert {"vm", "name", "subscription", "resourceGroup", "location", "verdict", "rule", "at"} <= vm.keys()
    assert vm["reasons"] == [
        {
            "code": "NO_RECOVERY_POINT",
            "sentence": Reason.NO_RECOVERY_POINT.sentence,
            "detail": "d",
            "remedy": Reason.NO_RECOVERY_POINT.remedy,
        }
    ]
    assert vm["protection"] is None
    assert set(vm["outcome"]) == {"status", "errorCode", "error", "remedy", "lookAgain"}
    assert vm["actions"] == [
        {
            "action": "StartInitialBackup",
            "vault": "/vault",
            "backupPolicy": "Gold",
            "retain": "P30D",
            "retainUntil": "2026-11-24T09:12:00Z",
            "disks": None,
        }
    ]
    assert "vms" not in summary_data(report(one))


def test_the_page_forbids_everything_but_its_own_style_sheet() -> None:
    html = render_html(report()).decode()
    match = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert match is not None
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = match[1].replace("&#39;", "'").replace("&#43;", "+")
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "http://" not in html
    assert "https://" not in html
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def test_the_page_gives_every_table_header_a_scope_and_every_chart_words() -> None:
    page = Page(render_html(report(*everything())))
    for tag, attributes in page.elements:
        if tag == "th":
            assert attributes.get("scope") in {"col", "row", "rowgroup"}
        if tag == "svg":
            assert attributes.get("aria-label") or attributes.get("aria-hidden") == "true"


def everything() -> Iterator[Finding]:
    """A finding for every reason, verdict, outcome and protection state there is."""
    for number, reason in enumerate(Reason):
        state = list(State)[number % len(State)]
        yield finding(f"reason-{number}", state, ReasonDetail(reason, "detail"), location=f"region{number}")
    for number, status in enumerate(Status):
        yield finding(f"status-{number}", State.COMPLIANT, Reason.PROTECTED, outcome=Outcome(status, NOW, "C", "e"))


def test_there_is_a_word_for_everything_that_can_be_shown() -> None:
    assert set(OUTCOME_WORDS) == set(Status)
    assert {look.state for look in LOOKS} == set(State)
    assert len(PROTECTION_WORDS) == 9
    text = "".join(Page(render_html(report(*everything()))).text)
    for reason in Reason:
        assert reason.code in text
        assert reason.sentence.replace("`", "") in text.replace("`", "")


def test_many_regions_are_shown_as_the_largest_and_the_others() -> None:
    estate = [finding(f"vm{n}", State.COMPLIANT, Reason.PROTECTED, location=f"region{n:02}") for n in range(20)]
    text = "".join(Page(render_html(report(*estate))).text)
    assert "9 others" in text


@pytest.mark.parametrize(
    ("compliant", "other", "shown"),
    [(0, 0, "n/a"), (3, 0, "100 %"), (1_999, 1, "99.9 %"), (0, 5, "0.0 %"), (1, 2, "33.3 %")],
)
def test_the_compliant_share_is_rounded_down(compliant: int, other: int, shown: str) -> None:
    made = report()
    verdicts = {**made.verdicts, State.COMPLIANT: compliant, State.NON_COMPLIANT: other}
    some = finding("a", State.COMPLIANT, Reason.PROTECTED)
    assert coverage(replace(made, verdicts=verdicts, findings=(some,) * (compliant + other))) == shown


def test_vms_that_are_not_compliant_come_first_on_the_page() -> None:
    page = Page(render_html(report(*(finding(each.value, each, Reason.PROTECTED) for each in State))))
    assert [name for name, _ in page.rows] == ["noncompliant", "unknown", "exempt", "compliant", "notapplicable"]


def test_needed_remedies_are_set_once_for_all_their_vms() -> None:
    estate = [finding(f"vm{n}", State.NON_COMPLIANT, Reason.NO_VAULT_IN_REGION) for n in range(3)]
    html = render_html(report(*estate)).decode()
    assert html.count("Create a vault there, or widen the rule&#39;s <code>vault</code>") == 1


def test_every_form_tells_since_when_and_by_whom_a_vm_is_opted_out() -> None:
    stretch = OptOutStretch(NOW - timedelta(days=40), NOW, "reason=x", "<b>alice</b>")
    one = finding("a", State.EXEMPT, ReasonDetail(Reason.OPTED_OUT, "reason=x; until=2026-12-01"))
    made = report(replace(one, opt_out=stretch, policy_hash="9f1c2ab04d7e"))
    (told,) = json.loads(render_json(made))["optOuts"]
    assert (told["since"], told["by"]) == ("2026-10-15T09:12:00Z", "<b>alice</b>")
    (row,) = csv_rows(made)
    assert (row["optOutSince"], row["optOutBy"], row["policyHash"]) == (told["since"], told["by"], "9f1c2ab04d7e")
    page = render_html(made).decode()
    assert "since 2026-10-15 09:12" in page
    assert "&lt;b&gt;alice&lt;/b&gt;" in page
    assert "<b>alice" not in page


def test_every_form_tells_of_a_pause_and_of_a_policy_that_is_not_taken() -> None:
    used = replace(report().policy, paused=True, problem="policy.yaml:5:3: <script>")
    made = replace(report(), policy=used)
    data = json.loads(render_json(made))
    assert (data["policy"]["paused"], data["policyProblem"]) == (True, "policy.yaml:5:3: <script>")
    page = render_html(made).decode()
    assert "Paused by policy" in page
    assert "policy.yaml:5:3: &lt;script&gt;" in page
    assert f"<bdi>{used.name}</bdi> stays in force" in page
    plain = render_html(report()).decode()
    assert "Paused by policy" not in plain
    assert "stays in force" not in plain
