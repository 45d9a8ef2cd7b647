"""The report for spreadsheets: RFC 4180, one row for each VM.

A spreadsheet runs a cell that starts like a formula, and tags are written by anybody: such a cell gets a leading
apostrophe (OWASP ASVS 5.0, 1.2.10). Where decimals have a comma, spreadsheets part cells at semicolons, quoted or not:
what would start a cell there gets one too. Control characters are written as escapes, so that a row is always one line.
"""

import csv
import io
import re

from shared.domain.arm_id import ArmId
from shared.domain.model import Finding, Protection, ProtectionState
from shared.reporting.costs import Costs
from shared.reporting.summary import ComplianceReport
from shared.reporting.text import INITIAL_BACKUP_PENDING, hours_since, utc, visible

COLUMNS = (
    "vm",
    "name",
    "subscription",
    "subscriptionName",
    "resourceGroup",
    "location",
    "verdict",
    "rule",
    "reasons",
    "why",
    "protection",
    "vault",
    "backupPolicy",
    "lastBackup",
    "actions",
    "outcome",
    "errorCode",
    "error",
    "remedy",
    "lookAgain",
    "at",
    "policyHash",
    "optOutSince",
    "optOutBy",
    "recoveryPoint",
    "recoveryPointAgeHours",
    "advice",
)
ADVICE_COLUMNS = ("code", "sentence", "resource", "vm", "detail", "remedy")
#: Only where a price file is set.
COST_COLUMNS = ("monthlyCost", "currency", "costIs")
# The full-width forms count as well: spreadsheets set to Japanese or Chinese read them as operators.
_FORMULA = frozenset("=+-@\t\r\n\x00\uff1d\uff0b\uff0d\uff20")
_FORMULA_WITHIN = re.compile('(;"*)(?=[-=+@\uff1d\uff0b\uff0d\uff20])')


def render_csv(report: ComplianceReport) -> bytes:
    """UTF-8 with a header line; lines end in CR LF."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    costs = report.costs
    writer.writerow(COLUMNS if costs is None else (*COLUMNS, *COST_COLUMNS))
    for finding in report.findings:
        cells = _row(finding, report) if costs is None else (*_row(finding, report), *_cost(finding, costs))
        writer.writerow([_cell(each) for each in cells])
    return out.getvalue().encode()


def _row(finding: Finding, report: ComplianceReport) -> tuple[str, ...]:
    vm: ArmId = finding.vm
    verdict, item, outcome = finding.verdict, finding.protection, finding.outcome
    point = item.recovery_point if item else None
    hours = hours_since(point, report.generated_at)
    remedies = [each.reason.remedy for each in verdict.reasons if each.reason.remedy]
    return (
        vm.text,
        vm.name,
        vm.subscription_id,
        report.subscription_names.get(vm.subscription_id, ""),
        vm.resource_group,
        finding.location,
        verdict.state.value,
        verdict.rule,
        "; ".join(each.reason.code for each in verdict.reasons),
        "; ".join(str(each) for each in verdict.reasons),
        _standing(item),
        item.vault_id if item else "",
        item.backup_policy if item else "",
        utc(item.last_backup) if item else "",
        "; ".join(each.kind.value for each in finding.actions),
        outcome.status.value,
        outcome.error_code,
        outcome.error,
        outcome.remedy or "; ".join(remedies),
        utc(outcome.look_again),
        utc(finding.at),
        finding.policy_hash,
        utc(finding.opt_out.first_seen) if finding.opt_out else "",
        finding.opt_out.by if finding.opt_out else "",
        utc(point),
        "" if hours is None else str(hours),
        "; ".join(each.advice.code for each in finding.advisories),
    )


def _standing(item: Protection | None) -> str:
    if item is None:
        return "not read"
    pending = item.state is ProtectionState.FIRST_BACKUP_PENDING
    return INITIAL_BACKUP_PENDING if pending else item.state.value


def render_advice_csv(report: ComplianceReport) -> bytes:
    """The advice, one row for each piece: of VMs, vaults, protected items and what surrounds them."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(ADVICE_COLUMNS)
    for group in report.advice:
        for each in group.advisories:
            vm = each.vm.text if each.vm is not None else ""
            cells = (group.advice.code, group.advice.sentence, each.resource_id, vm, each.detail, group.advice.remedy)
            writer.writerow([_cell(cell) for cell in cells])
    return out.getvalue().encode()


def _cost(finding: Finding, costs: Costs) -> tuple[str, str, str]:
    """Empty for a VM that costs nothing; `not known`, and never 0, for one without an estimate."""
    cost = costs.by_vm.get(finding.vm.key)
    if cost is None:
        return "", "", ""
    return (str(cost.cost.total) if cost.cost is not None else "not known", costs.currency, cost.charge.value)


def _cell(text: str) -> str:
    shown = _FORMULA_WITHIN.sub(r"\1'", visible(text))
    return f"'{shown}" if text[:1] in _FORMULA else shown
