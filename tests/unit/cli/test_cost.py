"""The verb's tables and JSON: what is paid, what the plan adds, what opt-outs save, and what they rest on."""

from dataclasses import replace
from pathlib import Path

import pytest

from cli.commands.cost import as_data, run
from cli.options import Options
from cli.output import costs as tables
from cli.output.console import out
from shared.domain.model import Finding, Protection, ProtectionState, ReasonDetail, State
from shared.domain.reasons import Reason
from shared.errors import SettingsError
from shared.reporting.costs import Costs, costs_of
from shared.reporting.summary import ComplianceReport
from tests.policies import demo_policy
from tests.prices import TEXT, prices
from tests.unit.shared.reporting.samples import finding, report

BACKED_UP = Protection(ProtectionState.PROTECTED, "item", "/vaults/rsv", "Daily", has_recovery_point=True)
COMING = replace(BACKED_UP, state=ProtectionState.FIRST_BACKUP_PENDING, has_recovery_point=False)
OPTED_OUT = ReasonDetail(Reason.OPTED_OUT, "reason=x")


def costed(*findings: Finding) -> tuple[ComplianceReport, Costs]:
    costs = costs_of(findings, prices(), demo_policy().policy)
    return replace(report(*findings), costs=costs), costs


def estate() -> list[Finding]:
    return [
        replace(finding("web-01", State.COMPLIANT, Reason.PROTECTED, protection=BACKED_UP), disk_gb=200),
        replace(finding("kept", State.COMPLIANT, Reason.PROTECTED, OPTED_OUT, protection=BACKED_UP), disk_gb=20),
        replace(finding("sql-01", State.COMPLIANT, Reason.PROTECTED, protection=COMING, rule="[bold]"), disk_gb=2_000),
        replace(finding("out", State.EXEMPT, OPTED_OUT), disk_gb=200),
        finding("bare", State.COMPLIANT, Reason.PROTECTED, protection=BACKED_UP),
        replace(finding("left", State.NOT_APPLICABLE, Reason.NO_RULE_MATCHES), disk_gb=200),
    ]


def shown(*findings: Finding) -> str:
    with out().capture() as capture:
        tables.show(*costed(*findings))
    return capture.get()


def row(text: str, *, of: str) -> list[str]:
    return next(line for line in text.splitlines() if line.strip().startswith(of)).split()


def test_the_tables_say_what_the_report_counts() -> None:
    text = shown(*estate())
    assert row(text, of="paid now")[2:] == ["3", "1", "15.00", "7.04", "6.05", "28.09"]
    assert row(text, of="newly protected")[3:] == ["1", "20.00", "64.00", "55.00", "139.00"]
    assert row(text, of="together")[1:] == ["4", "1", "35.00", "71.04", "61.05", "167.09"]
    assert row(text, of="saved by opt-outs")[3:] == ["1", "10.00", "6.40", "5.50", "21.90"]
    assert "Opted out and paid all the same: 6.19 for 1 VM," in text
    assert row(text, of="default")[1:] == ["4", "28.09", "28.09", "21.90"]
    assert row(text, of="[bold]")[1:] == ["1", "139.00", "139.00"]
    assert row(text, of="sql-01")[-1] == "139.00"
    assert text.index("sql-01") < text.index("web-01")
    assert "1: the size of its disks is not known" in text
    assert "An estimate, not a bill." in text
    assert "50 % of the provisioned size holds data" in text
    assert "left" not in text.split()


def test_at_most_twenty_vms_are_listed() -> None:
    many = [
        replace(finding(f"vm-{n:02}", State.COMPLIANT, Reason.PROTECTED, protection=BACKED_UP), disk_gb=100 + n)
        for n in range(30)
    ]
    text = shown(*many)
    assert sum(line.strip().startswith("vm-") for line in text.splitlines()) == 20
    assert "vm-29" in text


def test_an_estate_without_backups_has_no_sum_and_no_error() -> None:
    text = shown()
    assert row(text, of="together")[1:] == ["0", "0.00", "0.00", "0.00", "0.00"]
    assert "The most expensive VMs" not in text


def test_the_json_has_every_vm_that_costs_something_and_the_sums_of_the_report() -> None:
    data = as_data(*costed(*estate()))
    assert data["currency"] == "EUR"
    vms = data["vms"]
    assert isinstance(vms, list)
    assert [(each["vm"].rsplit("/", 1)[1], each["charge"], each["monthly"]) for each in vms] == [
        ("bare", "paid", None),
        ("kept", "paid", 6.19),
        ("out", "saved", 21.9),
        ("sql-01", "added", 139.0),
        ("web-01", "paid", 21.9),
    ]
    assert vms[0]["why"] == "the size of its disks is not known"
    assert data["total"] == {
        "vms": 4,
        "notKnown": 1,
        "monthly": 167.09,
        "instance": 35.0,
        "storage": 71.04,
        "snapshots": 61.05,
    }


async def test_without_a_price_file_nothing_is_asked_of_azure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BACKSTOP_PRICES", raising=False)
    with pytest.raises(SettingsError, match="no price file") as caught:
        await run(Options(endpoint="http://127.0.0.1:1"), fresh=False)
    assert caught.value.code == "PRICES"


async def test_a_bad_price_file_is_told_before_anything_is_asked_of_azure(tmp_path: Path) -> None:
    file = tmp_path / "prices.yaml"
    file.write_text(TEXT.replace("currency: EUR", "currency: euro"), encoding="utf-8")
    options = Options(endpoint="http://127.0.0.1:1", policy="examples/demo.yaml", prices=str(file))
    with pytest.raises(SettingsError, match=r"prices\.yaml:5:3: spec\.currency"):
        await run(options, fresh=False)


def test_an_option_wins_over_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKSTOP_PRICES", "environment.yaml")
    assert Options().settings().prices_file == "environment.yaml"
    assert Options(prices="option.yaml").settings().prices_file == "option.yaml"
