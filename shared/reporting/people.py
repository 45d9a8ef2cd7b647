"""Which findings a person must act on, with what to do; and who opted out, until when.

What Backstop mends by itself, and what is as the policy asks, needs nobody.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from shared.domain.model import ActionKind, Finding, ReasonDetail, State, Status
from shared.domain.reasons import OPT_OUT_REASONS, Reason

# Backstop never changes these by itself: each was somebody's choice, or lacks something that only a person can give.
PERSON_REASONS = frozenset(
    {
        Reason.INITIAL_BACKUP_FAILED,
        Reason.PROTECTION_ERROR,
        Reason.PROTECTION_STOPPED,
        Reason.PROTECTION_SUSPENDED,
        Reason.SOFT_DELETED,
        Reason.OTHER_BACKUP_POLICY,
        Reason.PROTECTED_ELSEWHERE,
        Reason.UNRECOGNISED_PROTECTION_STATE,
        Reason.BACKUP_POLICY_NOT_NAMED,
        Reason.BACKUP_POLICY_NOT_ALLOWED,
        Reason.NO_VAULT_IN_REGION,
        Reason.VAULT_REDUNDANCY_DIFFERS,
        Reason.NEEDS_ENHANCED_POLICY,
        Reason.VM_NOT_READY,
        Reason.NO_RULE_MATCHES,
    }
)
# Only by the rule's own word, and then with this step; what keeps the step from being taken is told in its place.
_MENDED_BY = {
    Reason.PROTECTION_STOPPED: ActionKind.RESUME_PROTECTION,
    Reason.SOFT_DELETED: ActionKind.UNDELETE,
    Reason.OTHER_BACKUP_POLICY: ActionKind.CHANGE_BACKUP_POLICY,
}
# A VM that is compliant or exempt stands as the policy wants it, whatever else is to be said of it.
_SETTLED = frozenset({State.COMPLIANT, State.EXEMPT})
_UNTIL = re.compile(r"(?:^|;)\s*until\s*=\s*([0-9]{4}-[0-9]{2}-[0-9]{2})\s*(?:;|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Task:
    """What is wrong and what a person can do about it; `code` is a reason's or an error's."""

    code: str
    what: str
    remedy: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PersonNeeded:
    """A VM that stays as it is until a person acts."""

    finding: Finding
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class OptOut:
    """An owner's opt-out as its tag has it, honoured or not; `until` is None where the tag gives no readable date.

    `since`: when this stretch of opting out was first seen. `by`: who wrote it, as an event told it, or empty.
    """

    finding: Finding
    reason: Reason
    text: str
    until: date | None
    since: datetime | None = None
    by: str = ""

    @property
    def honoured(self) -> bool:
        """Whether it keeps Backstop from protecting the VM."""
        return self.reason is Reason.OPTED_OUT


def people_needed(findings: Iterable[Finding]) -> tuple[PersonNeeded, ...]:
    """The VMs that need a person, in the order given."""
    needed = ((each, tuple(_tasks(each))) for each in findings)
    return tuple(PersonNeeded(finding, tasks) for finding, tasks in needed if tasks)


def opt_outs_of(findings: Iterable[Finding]) -> tuple[OptOut, ...]:
    """Every opt-out tag that was found: honoured ones first, those that end soonest first."""
    found = [
        OptOut(finding, each.reason, each.detail, _until(each), *_since(finding))
        for finding in findings
        for each in finding.verdict.reasons
        if each.reason in OPT_OUT_REASONS
    ]
    return tuple(sorted(found, key=lambda each: (not each.honoured, each.until or date.max, each.finding.vm.key)))


def _tasks(finding: Finding) -> Iterable[Task]:
    outcome = finding.outcome
    failed = outcome.status is Status.FAILED
    if failed:
        remedy = outcome.remedy or "Read the error; the next sweep tries again"
        yield Task(outcome.error_code or "FAILED", "The last attempt failed", remedy, outcome.error)
    if finding.verdict.state in _SETTLED:
        return
    held = outcome.status is Status.DEFERRED and bool(outcome.error_code) and outcome.look_again is None
    if held:
        yield Task(outcome.error_code, "Held up until a person acts", outcome.remedy, outcome.error)
    steps = {each.kind for each in finding.actions}
    for each in finding.verdict.reasons:
        told = failed and each.reason is Reason.INITIAL_BACKUP_FAILED
        if each.reason in _MENDED_BY:
            told = held or _MENDED_BY[each.reason] in steps
        if each.reason in PERSON_REASONS and not told:
            yield Task(each.reason.code, each.reason.sentence, each.reason.remedy, each.detail)


def _since(finding: Finding) -> tuple[datetime | None, str]:
    stretch = finding.opt_out
    return (None, "") if stretch is None else (stretch.first_seen, stretch.by)


def _until(detail: ReasonDetail) -> date | None:
    match = _UNTIL.search(detail.detail)
    try:
        return date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None
