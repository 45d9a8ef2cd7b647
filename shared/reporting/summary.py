"""Findings counted into one frozen report, from which every form of it is rendered, so that all of them agree.

Every VM discovered stands in exactly one of the five verdicts, and the five add up to the VMs discovered. The report
knows no clock: when it was made is told to it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from shared.domain.advice import Advisory
from shared.domain.model import ACTIVE_STATES, ActionKind, Finding, Protection, State, Status
from shared.domain.policy_tools.placement_summary import HeldUp, held_up
from shared.domain.reasons import Reason
from shared.reporting.advice import AdviceGroup, grouped
from shared.reporting.backup_policies import PolicyInUse
from shared.reporting.costs import Costs
from shared.reporting.people import OptOut, PersonNeeded, opt_outs_of, people_needed


@dataclass(frozen=True, slots=True)
class PolicyUsed:
    """The enforcement policy that is in force; `mode` is audit, enforce or disabled.

    `problem` says why it is not the one that lies in its place; empty where it is.
    """

    name: str
    hash: str
    mode: str
    paused: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The VMs that share a subscription, region or rule; `key` is empty where they have none."""

    key: str
    label: str
    verdicts: Mapping[State, int]

    @property
    def total(self) -> int:
        """How many VMs."""
        return sum(self.verdicts.values())


@dataclass(frozen=True, slots=True)
class InitialBackups:
    """Where the VMs with an active protection stand with their first backup; the four add up to them."""

    done: int
    running: int
    missing: int
    failed: int


@dataclass(frozen=True, slots=True)
class ComplianceReport:
    """Everything that a report says. Counts are of VMs; `findings` are ordered by VM id."""

    generated_at: datetime
    policy: PolicyUsed
    findings: tuple[Finding, ...]
    verdicts: Mapping[State, int]  # always all five
    protected: int
    initial_backups: InitialBackups
    reasons: Mapping[Reason, int]  # only those that occur, most frequent first
    actions: Mapping[ActionKind, int]  # always all: VMs for which it was planned or carried out
    outcomes: Mapping[Status, int]  # always all
    by_subscription: tuple[Group, ...]
    by_region: tuple[Group, ...]
    by_rule: tuple[Group, ...]
    needs_person: tuple[PersonNeeded, ...]
    opt_outs: tuple[OptOut, ...]
    subscription_names: Mapping[str, str]
    oldest: datetime | None
    newest: datetime | None
    waiting: tuple[HeldUp, ...] = ()  # what is put off until a known moment; what waits for a person needs one
    costs: Costs | None = None  # None where no price file is set
    backup_policies: tuple[PolicyInUse, ...] = ()
    advice: tuple[AdviceGroup, ...] = ()  # the VMs' and the estate's, by code

    @property
    def discovered(self) -> int:
        """How many VMs were seen."""
        return len(self.findings)

    @property
    def due(self) -> int:
        """How many VMs the policy asks to be backed up: neither exempt nor not applicable."""
        return self.discovered - self.verdicts[State.EXEMPT] - self.verdicts[State.NOT_APPLICABLE]

    def subscription_name(self, subscription_id: str) -> str:
        """The subscription's display name where it is known, else its id."""
        return self.subscription_names.get(subscription_id.lower()) or subscription_id


def summarise(
    findings: Iterable[Finding],
    *,
    generated_at: datetime,
    policy: PolicyUsed,
    subscription_names: Mapping[str, str] | None = None,
    costs: Costs | None = None,
    backup_policies: tuple[PolicyInUse, ...] = (),
    advisories: Iterable[Advisory] = (),
) -> ComplianceReport:
    """Count the findings, one for each VM; ValueError when a VM appears twice, because it would be counted twice.

    `advisories` are the estate's, beside those that the findings hold.
    """
    ordered = tuple(sorted(findings, key=lambda each: each.vm.key))
    for before, after in pairwise(ordered):
        if before.vm == after.vm:
            raise ValueError(f"two findings of one VM: {after.vm}")
    names = {key.lower(): name for key, name in (subscription_names or {}).items()}
    active = [each.protection for each in ordered if each.protection and each.protection.state in ACTIVE_STATES]
    reasons = Counter(reason for each in ordered for reason in {item.reason for item in each.verdict.reasons})
    kinds = Counter(kind for each in ordered for kind in {action.kind for action in each.actions})
    statuses = Counter(each.outcome.status for each in ordered)
    return ComplianceReport(
        generated_at=generated_at,
        policy=policy,
        findings=ordered,
        verdicts=_verdicts(ordered),
        protected=len(active),
        initial_backups=_initial_backups(active),
        reasons=dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0].code))),
        actions={kind: kinds[kind] for kind in ActionKind},
        outcomes={status: statuses[status] for status in Status},
        by_subscription=_groups(ordered, lambda each: each.vm.subscription_id, lambda key: names.get(key) or key),
        by_region=_groups(ordered, lambda each: each.location, lambda key: key or "(not known)"),
        by_rule=_groups(ordered, lambda each: each.verdict.rule, lambda key: key or "(no rule)"),
        needs_person=people_needed(ordered),
        opt_outs=opt_outs_of(ordered),
        subscription_names=names,
        oldest=min((each.at for each in ordered), default=None),
        newest=max((each.at for each in ordered), default=None),
        waiting=tuple(each for each in held_up(ordered) if each.until is not None),
        costs=costs,
        backup_policies=backup_policies,
        advice=grouped(ordered, advisories),
    )


def _verdicts(findings: Iterable[Finding]) -> dict[State, int]:
    counts = Counter(each.verdict.state for each in findings)
    return {state: counts[state] for state in State}


def _groups(
    findings: Iterable[Finding], key_of: Callable[[Finding], str], label_of: Callable[[str], str]
) -> tuple[Group, ...]:
    """Largest first, then by key."""
    members: dict[str, list[Finding]] = {}
    for each in findings:
        members.setdefault(key_of(each), []).append(each)
    groups = [Group(key, label_of(key), _verdicts(inside)) for key, inside in members.items()]
    return tuple(sorted(groups, key=lambda group: (-group.total, group.key)))


def _initial_backups(active: Iterable[Protection]) -> InitialBackups:
    counts = Counter(_first_backup(each) for each in active)
    return InitialBackups(counts["done"], counts["running"], counts["missing"], counts["failed"])


def _first_backup(protection: Protection) -> str:
    if protection.has_recovery_point:
        return "done"
    if protection.backup_running:
        return "running"
    return "failed" if protection.last_backup_status.lower() == "failed" else "missing"
