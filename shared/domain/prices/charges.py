"""Who is charged for a VM's backup: what is paid now, what a plan adds, what an opt-out saves; and under which terms.

What a backup policy keeps comes from the enforcement policy where the rule describes it, else from the price file where
that names it, else it is assumed. Nothing is asked of Azure, and a size or price that nobody tells stays unknown.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from shared.domain.backup_policy import family_of, wanted_backup_policy
from shared.domain.model import ACTIVE_STATES, ActionKind, Finding, Protection, ProtectionState
from shared.domain.policy import EnforcementPolicy, Rule
from shared.domain.policy_file.backup_policy import DEFAULT_POLICY
from shared.domain.prices.keeping import as_defined, as_priced
from shared.domain.prices.model import Redundancy
from shared.domain.prices.tables import PriceTables
from shared.domain.pricing import Keeping, Money, Terms, monthly_cost
from shared.domain.reasons import Reason

# Data costs for as long as it is kept (Azure's knowledge centre), so a stopped or suspended item goes on costing;
# that its fee does so is not verified. The first 14 days of a soft-deleted one are free (Azure Storage blog, 2022).
_STOPPED = frozenset({ProtectionState.STOPPED, ProtectionState.SUSPENDED})
_TO_COME = ACTIVE_STATES | {ProtectionState.CONFIGURING}
_BRINGING = frozenset({ActionKind.ENABLE_PROTECTION, ActionKind.UNDELETE})
SIZE_UNKNOWN = "the size of its disks is not known"


class Charge(StrEnum):
    """How a VM's cost counts."""

    PAID = "paid"  # it has recovery points
    ADDED = "added"  # it is paid from the first backup on, which a plan or a running protection will bring
    SAVED = "saved"  # its owner's opt-out keeps it without a backup


@dataclass(frozen=True, slots=True)
class VmCost:
    """One VM's month. `cost` is None where `why` says what is missing for an estimate."""

    charge: Charge
    terms: Terms
    cost: Money | None
    why: str = ""
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class _Case:
    """All of a VM that its cost depends on; many VMs of an estate are the same case."""

    size_gb: int | None
    location: str
    vault: str  # by name
    backup_policy: str
    rule: str
    stopped: bool


class Estimator:
    """Estimates VMs under one price file and one enforcement policy, each case once."""

    def __init__(self, tables: PriceTables, policy: EnforcementPolicy) -> None:
        self.file = tables.file
        self._tables = tables
        self._assumed = as_priced(tables.file.spec.assume.kept)
        self._rules = {each.name: each for each in policy.spec.rules}
        self._cases: dict[_Case, tuple[Terms, Money | None, str]] = {}

    def estimate(self, finding: Finding) -> VmCost | None:
        """What the VM's backup costs, or would; None where there is none, and none is planned or opted out of."""
        charge = charge_of(finding)
        if charge is None:
            return None
        rule = finding.verdict.rule
        vault, name = _place(finding) or ("", _asked(self._rules.get(rule)))
        stopped = finding.protection is not None and finding.protection.state in _STOPPED
        case = _Case(finding.disk_gb, finding.location, vault.rsplit("/", 1)[-1], name, rule, stopped)
        if (known := self._cases.get(case)) is None:
            known = self._cases.setdefault(case, self._of(case))
        terms, cost, why = known
        return VmCost(charge, terms, cost, why, finding.verdict.has(Reason.OPTED_OUT))

    def _of(self, case: _Case) -> tuple[Terms, Money | None, str]:
        rule = self._rules.get(case.rule)
        kept = self._kept(case.backup_policy, rule)
        if case.stopped:
            kept = replace(kept, snapshot_days=0)
        terms = Terms(self._redundancy(case.vault, rule), kept)
        if case.size_gb is None:
            return terms, None, SIZE_UNKNOWN
        cost = monthly_cost(case.size_gb, terms, self._tables.prices_in(case.location), self.file.spec.assume)
        why = "" if cost is not None else f"the price file has no price for {terms.redundancy} there"
        return terms, cost, why

    def _redundancy(self, vault: str, rule: Rule | None) -> Redundancy:
        """As the price file says of this vault, the rule asks of every vault of its VMs, or by assumption."""
        if (told := self._tables.redundancy_of(vault)) is not None:
            return told
        asked = rule.vault.redundancy if rule is not None else None
        return Redundancy(asked) if asked is not None else self.file.spec.assume.redundancy

    def _kept(self, name: str, rule: Rule | None) -> Keeping:
        """What the backup policy of this name keeps: as the rule describes it, else the price file, else as assumed."""
        choice = rule.backup_policy if rule is not None else None
        if choice is not None and choice.name is not None and family_of(name, choice.name):
            described = wanted_backup_policy(choice, name)
            if described is not None:
                return as_defined(described, self._assumed)
        told = self._tables.kept_by(name)
        return as_priced(told) if told is not None else self._assumed


def charge_of(finding: Finding) -> Charge | None:
    """How the VM counts; None where nothing is paid for it and nothing would be.

    A protection costs from its first copy of the data on (Azure's knowledge centre on protected instances).
    """
    protection = finding.protection
    if protection is not None and _holds_points(protection):
        return Charge.PAID
    if protection is not None and protection.state in _TO_COME:
        return Charge.ADDED
    if any(each.kind in _BRINGING for each in finding.actions):
        return Charge.ADDED
    return Charge.SAVED if finding.verdict.has(Reason.OPTED_OUT) else None


def _place(finding: Finding) -> tuple[str, str] | None:
    """The vault's id and the backup policy of the VM's protection, or of the planned one; None where it has neither."""
    if finding.protection is not None and finding.protection.vault_id:
        return finding.protection.vault_id, finding.protection.backup_policy
    bringing = (each for each in finding.actions if each.kind in _BRINGING)
    return next(((each.vault_id, each.backup_policy) for each in bringing), None)


def _holds_points(protection: Protection) -> bool:
    return protection.has_recovery_point and protection.state in (_TO_COME | _STOPPED)


def _asked(rule: Rule | None) -> str:
    """The backup policy that a rule names for a VM without one; empty where the VM's tag names it."""
    choice = rule.backup_policy if rule is not None else None
    if choice is None:
        return DEFAULT_POLICY
    return choice.name if choice.from_tag is None and choice.name is not None else ""
