"""The one matching module, fed by the events and by the sweep: from what was seen of a VM to its verdict.

Pure and total: every observation gets exactly one verdict with at least one reason. The order of the questions is the
order of precedence of the five states, and an unread part ends it at once: a failed read is never "unprotected".
"""

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from shared.domain.attributes import Subject
from shared.domain.backup_policy import family_of
from shared.domain.compiled_policy import CompiledPolicy, CompiledRule
from shared.domain.model import (
    Observation,
    Protection,
    ProtectionState,
    ReasonDetail,
    State,
    Unread,
    Vault,
    Verdict,
    Vm,
)
from shared.domain.policy import Mode, OptOut, Rule
from shared.domain.policy_file.backup_policy import DEFAULT_POLICY, POLICY_NAME
from shared.domain.policy_file.vault import VaultChoice
from shared.domain.reasons import Reason
from shared.domain.rules import opt_out
from shared.domain.support import default_policy, obstacles, unsupported

# What a protection that takes no new backups means; each was somebody's choice or needs a person.
_STANDING = {
    ProtectionState.CONFIGURING: ReasonDetail(Reason.PROTECTION_IN_PROGRESS),
    ProtectionState.ERROR: ReasonDetail(Reason.PROTECTION_ERROR),
    ProtectionState.STOPPED: ReasonDetail(Reason.PROTECTION_STOPPED),
    ProtectionState.SUSPENDED: ReasonDetail(Reason.PROTECTION_SUSPENDED),
    ProtectionState.SOFT_DELETED: ReasonDetail(Reason.SOFT_DELETED),
    ProtectionState.UNRECOGNISED: ReasonDetail(Reason.UNRECOGNISED_PROTECTION_STATE),
    ProtectionState.NONE: ReasonDetail(Reason.UNPROTECTED),
}
# Most verdicts need one of these: made once, like those above, because a sweep makes one for each of 100,000 VMs.
_PROTECTED = ReasonDetail(Reason.PROTECTED)
_AS_USUAL = [_PROTECTED]


@dataclass(frozen=True, slots=True)
class WantedPolicy:
    """The backup policy that a rule asks for; no `name` where `missing` says why it cannot be told."""

    name: str
    missing: ReasonDetail | None = None


def evaluate(seen: Observation, policy: CompiledPolicy, now: datetime) -> Verdict:
    """The verdict on one VM at `now` (UTC)."""
    vm, protection, vaults = seen.vm, seen.protection, seen.vaults
    if isinstance(vm, Unread) or isinstance(protection, Unread) or isinstance(vaults, Unread):
        unread = [part for part in (vm, protection, vaults) if isinstance(part, Unread)]
        return Verdict(
            State.UNKNOWN, tuple(ReasonDetail(Reason.READ_FAILED, f"{part.what}: {part.why}") for part in unread)
        )
    if policy.mode is Mode.DISABLED:
        return _verdict(State.NOT_APPLICABLE, Reason.POLICY_DISABLED)
    subject = Subject(vm, now)
    if not policy.in_scope(subject):
        return _verdict(State.NOT_APPLICABLE, Reason.OUT_OF_SCOPE)
    for check in policy.checks:
        if (reason := check(subject)) is not None:
            return _verdict(State.NOT_APPLICABLE, reason)
    if policy.excluded(subject):
        return _verdict(State.NOT_APPLICABLE, Reason.EXCLUDED_BY_POLICY)
    if protection.state is ProtectionState.NONE and (why := unsupported(vm)) is not None:
        return Verdict(State.NOT_APPLICABLE, (why,))
    position = policy.index.first(subject)
    if position is None:
        return _verdict(State.NOT_APPLICABLE, Reason.NO_RULE_MATCHES)
    return _under_rule(seen, subject, protection, vaults, policy.rules[position], policy)


def _under_rule(
    seen: Observation,
    subject: Subject,
    protection: Protection,
    vaults: tuple[Vault, ...],
    compiled: CompiledRule,
    policy: CompiledPolicy,
) -> Verdict:
    rule, vm, now = compiled.rule, subject.vm, subject.now
    since = seen.opt_out.first_seen if seen.opt_out else None
    exempt, opt_out_reasons = _opt_out(subject, rule, policy.policy.spec.opt_out, since)
    wanted = wanted_policy(rule, subject)
    as_asked, reasons = _held_against(protection, vm, rule, wanted)
    if protection.vault_id and not _among(vaults, protection.vault_id.lower()):
        reasons.append(ReasonDetail(Reason.PROTECTED_ELSEWHERE, protection.vault_id))
    if as_asked:
        if not opt_out_reasons and reasons == _AS_USUAL:
            return _protected(rule.name)
        return Verdict(State.COMPLIANT, (*reasons, *opt_out_reasons), rule.name)
    if exempt:
        return Verdict(State.EXEMPT, (*opt_out_reasons, *reasons), rule.name)
    if protection.state is ProtectionState.NONE:
        reasons += obstacles(vm, rule.backup_policy, wanted.name)
        if (missing := _no_vault(vm, vaults, compiled)) is not None:
            reasons.append(missing)
        elif vm.created is not None and now - vm.created < policy.settle:
            reasons.append(ReasonDetail(Reason.SETTLING))
    return Verdict(State.NON_COMPLIANT, (*reasons, *opt_out_reasons), rule.name)


def _opt_out(subject: Subject, rule: Rule, settings: OptOut, since: datetime | None) -> tuple[bool, list[ReasonDetail]]:
    reading = opt_out.read(subject.tags, settings, subject.now, since)
    if reading is None:
        return False, []
    if rule.opt_out == "forbidden":
        return False, [ReasonDetail(Reason.OPT_OUT_FORBIDDEN, reading.text)]
    return reading.honoured, [ReasonDetail(reading.reason, reading.text)]


def wanted_policy(rule: Rule, subject: Subject) -> WantedPolicy:
    """The backup policy that the rule asks for this VM; the vault's own that fits it where the rule names none."""
    choice = rule.backup_policy
    if choice is None:
        return _named(default_policy(subject.vm))
    if choice.from_tag is None:
        return _named(choice.name or DEFAULT_POLICY)
    value = subject.effective_tags.get(choice.from_tag.lower(), "")
    if not value:
        if choice.name is not None:
            return WantedPolicy(choice.name)
        return WantedPolicy("", ReasonDetail(Reason.BACKUP_POLICY_NOT_NAMED, choice.from_tag))
    allowed = choice.allowed is None or any(fnmatch.fnmatchcase(value.lower(), each.lower()) for each in choice.allowed)
    if not allowed or POLICY_NAME.fullmatch(value) is None:
        return WantedPolicy("", ReasonDetail(Reason.BACKUP_POLICY_NOT_ALLOWED, f"{choice.from_tag}={value}"))
    return WantedPolicy(value)


@lru_cache(maxsize=4096)
def _protected(rule: str) -> Verdict:
    """The verdict on most VMs of an estate in order: the same object for every VM of a rule."""
    return Verdict(State.COMPLIANT, (_PROTECTED,), rule)


def _among(vaults: tuple[Vault, ...], key: str) -> bool:
    for each in vaults:  # noqa: SIM110 - asked for every protected VM, and `any` costs twice as much
        if each.id.key == key:
            return True
    return False


@lru_cache(maxsize=256)
def _named(name: str) -> WantedPolicy:
    """The same object for every VM of a rule."""
    return WantedPolicy(name)


def _held_against(protection: Protection, vm: Vm, rule: Rule, wanted: WantedPolicy) -> tuple[bool, list[ReasonDetail]]:
    """Whether the protection is what the rule asks for, and the reasons either way."""
    if (standing := _STANDING.get(protection.state)) is not None:
        return False, [standing, *([wanted.missing] if wanted.missing else [])]
    reasons: list[ReasonDetail] = []
    as_asked = True
    if wanted.missing is not None:
        as_asked = False
        reasons.append(wanted.missing)
    elif rule.backup_policy is not None and not family_of(protection.backup_policy, wanted.name):
        as_asked = False
        reasons.append(ReasonDetail(Reason.OTHER_BACKUP_POLICY, f"{protection.backup_policy} instead of {wanted.name}"))
    if protection.state is ProtectionState.FIRST_BACKUP_PENDING and not protection.has_recovery_point:
        if protection.backup_running:
            reasons.append(ReasonDetail(Reason.INITIAL_BACKUP_RUNNING))
        elif protection.last_backup_status.lower() == "failed":  # whoever started it
            as_asked = False
            reasons.append(ReasonDetail(Reason.INITIAL_BACKUP_FAILED))
        elif rule.initial_backup.enabled:
            as_asked = False
            reasons.append(ReasonDetail(Reason.NO_RECOVERY_POINT))
        else:
            reasons.append(_PROTECTED)
    elif of_an_earlier_vm(protection, vm):
        running = protection.backup_running or not rule.initial_backup.enabled
        as_asked = as_asked and running
        reasons.append(ReasonDetail(Reason.RECOVERY_POINTS_OF_EARLIER_VM, f"the VM was made {vm.created:%Y-%m-%d}"))
    elif as_asked:
        reasons.append(_PROTECTED)
    return as_asked, reasons


def of_an_earlier_vm(protection: Protection, vm: Vm) -> bool:
    """Whether every recovery point is older than the VM: they are of another that had its name.

    Azure tells VMs apart by their ids alone, so a VM that is made again falls under the protection of the one before.
    """
    last = protection.recovery_point
    return last is not None and vm.created is not None and last < vm.created


def vaults_for(vm: Vm, vaults: Sequence[Vault], compiled: CompiledRule) -> tuple[Vault, ...]:
    """The vaults of the VM's region that the rule accepts for a new protection, in the order of their ids.

    They lie in the VM's own subscription, or in the one that the rule names. Their redundancy is not looked at.
    """
    return tuple(sorted((each for each in vaults if _fits(each, vm, compiled)), key=lambda each: each.id.key))


def _fits(vault: Vault, vm: Vm, compiled: CompiledRule) -> bool:
    if vault.location != vm.location:
        return False
    named = compiled.rule.vault.subscription
    if vault.id.subscription_id != (vm.id.subscription_id if named is None else named.lower()):
        return False
    return compiled.accepts_vault(vault.id.name, vault.tags)


def has_redundancy(vault: Vault, choice: VaultChoice) -> bool:
    """Whether the vault shows the redundancy that the rule asks for; what it does not show it does not have."""
    if choice.redundancy is not None and vault.redundancy.lower() != choice.redundancy.lower():
        return False
    return choice.cross_region_restore in (None, vault.cross_region_restore)


def choose_vault(vm: Vm, vaults: Sequence[Vault], compiled: CompiledRule) -> Vault | None:
    """The first vault that would do for a new protection, whatever room it has (`berthing.py` asks that too)."""
    will_do = (each for each in vaults_for(vm, vaults, compiled) if has_redundancy(each, compiled.rule.vault))
    return next((each for each in will_do if each.ready), None)


def _no_vault(vm: Vm, vaults: Sequence[Vault], compiled: CompiledRule) -> ReasonDetail | None:
    """Why a new protection finds no vault, where none may be made either."""
    choice = compiled.rule.vault
    if choice.when_missing == "create":
        return None
    for each in vaults:  # most often the first one will do
        if has_redundancy(each, choice) and _fits(each, vm, compiled):
            return None
    fitting = vaults_for(vm, vaults, compiled)
    if not fitting:
        return ReasonDetail(Reason.NO_VAULT_IN_REGION, vm.location)
    first = fitting[0]
    return ReasonDetail(Reason.VAULT_REDUNDANCY_DIFFERS, f"{first.id.name}: {first.redundancy or 'not shown'}")


def _verdict(state: State, reason: Reason) -> Verdict:
    return Verdict(state, (ReasonDetail(reason),))
