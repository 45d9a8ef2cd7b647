"""The one matching module, fed by the events and by the sweep: from what was seen of a VM to its verdict.

Pure and total: every observation gets exactly one verdict with at least one reason. The order of the questions is the
order of precedence of the five states, and an unread part ends it at once: a failed read is never "unprotected".
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

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
from shared.domain.policy import BuiltinExclusion, EnforcementPolicy, Mode, OptOut, Rule
from shared.domain.reasons import Reason
from shared.domain.rules import aks, being_deleted, databricks, ephemeral_os_disk, opt_out
from shared.domain.selectors import Predicate, compile_selector, compile_vault_choice

_BUILTINS: dict[BuiltinExclusion, Callable[[Vm], Reason | None]] = {
    BuiltinExclusion.DATABRICKS: databricks.check,
    BuiltinExclusion.AKS: aks.check,
    BuiltinExclusion.EPHEMERAL_OS_DISK: ephemeral_os_disk.check,
}
# What a protection that takes no new backups means; each was somebody's choice or needs a person.
_STANDING = {
    ProtectionState.CONFIGURING: Reason.PROTECTION_IN_PROGRESS,
    ProtectionState.ERROR: Reason.PROTECTION_ERROR,
    ProtectionState.STOPPED: Reason.PROTECTION_STOPPED,
    ProtectionState.SUSPENDED: Reason.PROTECTION_SUSPENDED,
    ProtectionState.SOFT_DELETED: Reason.SOFT_DELETED,
    ProtectionState.UNRECOGNISED: Reason.UNRECOGNISED_PROTECTION_STATE,
    ProtectionState.NONE: Reason.UNPROTECTED,
}


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with its conditions as functions."""

    rule: Rule
    matches: Predicate
    accepts_vault: Callable[..., bool]


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """An enforcement policy ready to evaluate VMs with; rules in order of priority."""

    policy: EnforcementPolicy
    rules: tuple[CompiledRule, ...]
    exclusions: tuple[Callable[[Vm], Reason | None], ...]

    @property
    def mode(self) -> Mode:
        """audit, enforce or disabled."""
        return self.policy.spec.mode

    @property
    def settle(self) -> timedelta:
        """How long a new VM is left alone."""
        return self.policy.spec.settle

    def rule_named(self, name: str) -> CompiledRule | None:
        """The rule that a verdict names."""
        return next((each for each in self.rules if each.rule.name == name), None)


def compile_policy(policy: EnforcementPolicy) -> CompiledPolicy:
    """Turn the policy's conditions into closures, once."""
    spec = policy.spec
    rules = tuple(
        CompiledRule(rule, compile_selector(rule.match), compile_vault_choice(rule.vault))
        for rule in sorted(spec.rules, key=lambda each: each.priority)
    )
    exclusions: list[Callable[[Vm], Reason | None]] = [being_deleted.check]
    exclusions += [_BUILTINS[each] for each in spec.exclude.builtin]
    if spec.exclude.any:
        excluded = [compile_selector(each) for each in spec.exclude.any]
        exclusions.append(lambda vm: Reason.EXCLUDED_BY_POLICY if any(one(vm) for one in excluded) else None)
    return CompiledPolicy(policy, rules, tuple(exclusions))


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
    for check in policy.exclusions:
        if (reason := check(vm)) is not None:
            return _verdict(State.NOT_APPLICABLE, reason)
    compiled = next((each for each in policy.rules if each.matches(vm)), None)
    if compiled is None:
        return _verdict(State.NOT_APPLICABLE, Reason.NO_RULE_MATCHES)
    return _under_rule(vm, protection, vaults, compiled, policy, now)


def _under_rule(
    vm: Vm,
    protection: Protection,
    vaults: tuple[Vault, ...],
    compiled: CompiledRule,
    policy: CompiledPolicy,
    now: datetime,
) -> Verdict:
    rule = compiled.rule
    exempt, opt_out_reasons = _opt_out(vm, rule, policy.policy.spec.opt_out, now)
    as_asked, reasons = _held_against(protection, rule)
    if protection.vault_id and not any(each.id.key == protection.vault_id.lower() for each in vaults):
        reasons.append(ReasonDetail(Reason.PROTECTED_ELSEWHERE, protection.vault_id))
    if as_asked:
        return Verdict(State.COMPLIANT, (*reasons, *opt_out_reasons), rule.name)
    if exempt:
        return Verdict(State.EXEMPT, (*opt_out_reasons, *reasons), rule.name)
    if protection.state is ProtectionState.NONE:
        if choose_vault(vm, vaults, compiled) is None:
            reasons.append(ReasonDetail(Reason.NO_VAULT_IN_REGION, vm.location))
        elif vm.created is not None and now - vm.created < policy.settle:
            reasons.append(ReasonDetail(Reason.SETTLING))
    return Verdict(State.NON_COMPLIANT, (*reasons, *opt_out_reasons), rule.name)


def _opt_out(vm: Vm, rule: Rule, settings: OptOut, now: datetime) -> tuple[bool, list[ReasonDetail]]:
    reading = opt_out.read(vm.tags, settings.tag, settings.require, settings.max_duration, now)
    if reading is None:
        return False, []
    if rule.opt_out == "forbidden":
        return False, [ReasonDetail(Reason.OPT_OUT_FORBIDDEN, reading.text)]
    return reading.honoured, [ReasonDetail(reading.reason, reading.text)]


def _held_against(protection: Protection, rule: Rule) -> tuple[bool, list[ReasonDetail]]:
    """Whether the protection is what the rule asks for, and the reasons either way."""
    if (standing := _STANDING.get(protection.state)) is not None:
        return False, [ReasonDetail(standing)]
    reasons: list[ReasonDetail] = []
    as_asked = True
    wanted = rule.backup_policy
    if wanted is not None and protection.backup_policy.lower() != wanted.name.lower():
        as_asked = False
        reasons.append(ReasonDetail(Reason.OTHER_BACKUP_POLICY, f"{protection.backup_policy} instead of {wanted.name}"))
    if protection.state is ProtectionState.FIRST_BACKUP_PENDING and not protection.has_recovery_point:
        if protection.backup_running:
            reasons.append(ReasonDetail(Reason.INITIAL_BACKUP_RUNNING))
        elif rule.initial_backup.enabled:
            as_asked = False
            failed = protection.last_backup_status.lower() == "failed"
            reasons.append(ReasonDetail(Reason.INITIAL_BACKUP_FAILED if failed else Reason.NO_RECOVERY_POINT))
        else:
            reasons.append(ReasonDetail(Reason.PROTECTED))
    elif as_asked:
        reasons.append(ReasonDetail(Reason.PROTECTED))
    return as_asked, reasons


def choose_vault(vm: Vm, vaults: tuple[Vault, ...], compiled: CompiledRule) -> Vault | None:
    """The vault for a new protection: ready, of the VM's own subscription and region, accepted by the rule.

    Of several the first by id, so that every worker chooses the same one.
    """
    fitting = [
        each
        for each in vaults
        if each.ready
        and each.location == vm.location
        and each.id.subscription_id == vm.id.subscription_id
        and compiled.accepts_vault(each.id.name, each.tags)
    ]
    return min(fitting, key=lambda each: each.id.key, default=None)


def _verdict(state: State, reason: Reason) -> Verdict:
    return Verdict(state, (ReasonDetail(reason),))
