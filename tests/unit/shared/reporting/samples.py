"""Findings for the tests of reports, made short."""

from datetime import UTC, datetime

from shared.domain.model import Action, Finding, Outcome, Protection, ReasonDetail, State, Status, Verdict
from shared.domain.reasons import Reason
from shared.reporting.summary import ComplianceReport, PolicyUsed, summarise
from tests.findings import vm_id

NOW = datetime(2026, 11, 24, 9, 12, tzinfo=UTC)
NOTHING = Outcome(Status.NOTHING_TO_DO)
POLICY = PolicyUsed("corp", "9f1c2ab04d7e", "enforce")


def finding(
    name: str,
    state: State,
    *reasons: Reason | ReasonDetail,
    protection: Protection | None = None,
    actions: tuple[Action, ...] = (),
    outcome: Outcome = NOTHING,
    location: str = "westeurope",
    rule: str = "default",
) -> Finding:
    """One finding; a bare reason has no detail."""
    details = tuple(each if isinstance(each, ReasonDetail) else ReasonDetail(each) for each in reasons)
    return Finding(vm_id(name), location, Verdict(state, details, rule), protection, actions, outcome, NOW)


def report(*findings: Finding, names: dict[str, str] | None = None) -> ComplianceReport:
    """The report of these findings."""
    return summarise(findings, generated_at=NOW, policy=POLICY, subscription_names=names)
