"""Runs the cases of a policy: each VM through the very functions that events and sweeps use, held against the expected.

It looks at nothing but the case. Why a case failed is told from `explaining.py`, so that author and owner read the
same story.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.arm_id import ArmId, is_subscription_id, parse_id, parse_vm_id
from shared.domain.attributes import Subject
from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.conditions import Condition
from shared.domain.explaining import explain
from shared.domain.matching import choose_vault, evaluate, wanted_policy
from shared.domain.model import Action, Image, Observation, Protection, ProtectionState, Unread, Vault, Verdict, Vm
from shared.domain.opt_out_stretch import OptOutStretch
from shared.domain.planning import plan
from shared.domain.policy_cases import Case, CaseProtection, CaseVault, CaseVm, PolicyCases
from shared.domain.selectors import normalise_location
from shared.domain.withholding import withheld

_YEAR = timedelta(days=365)
_SUBSCRIPTIONS = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # any will do: it turns names into ids
_WITHOUT_POINT = {ProtectionState.NONE, ProtectionState.CONFIGURING, ProtectionState.FIRST_BACKUP_PENDING}


@dataclass(frozen=True, slots=True)
class Difference:
    """A key of `expect`, what it holds and what came."""

    key: str
    expected: str
    got: str


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one case ended; passed where there are no differences. `why` tells of a failed one how the verdict came."""

    name: str
    rule: str
    differences: tuple[Difference, ...] = ()
    why: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """True where everything came as expected."""
        return not self.differences


def run_cases(cases: PolicyCases, policy: CompiledPolicy) -> tuple[CaseResult, ...]:
    """The result of each case, in order."""
    return tuple(_run(case, cases.vm_of(case), case.now or cases.now, policy) for case in cases.cases)


def unreached(policy: CompiledPolicy, results: tuple[CaseResult, ...]) -> tuple[str, ...]:
    """The rules, by priority, that decide in none of the cases."""
    reached = {each.rule for each in results}
    return tuple(each.rule.name for each in policy.rules if each.rule.name not in reached)


def _run(case: Case, short: CaseVm, now: datetime, policy: CompiledPolicy) -> CaseResult:
    try:
        seen, vm = observation(short, now, policy)
    except ValueError as error:
        return CaseResult(case.name, "", (Difference("vm", "a VM that Azure could hold", str(error)),))
    verdict = evaluate(seen, policy, now)
    actions = plan(seen, verdict, policy)
    differences = tuple(_differences(case, vm, seen, verdict, actions, policy))
    why = tuple(_why(case, seen, verdict, policy)) if differences else ()
    return CaseResult(case.name, verdict.rule, differences, why)


def observation(short: CaseVm, now: datetime, policy: CompiledPolicy) -> tuple[Observation, Vm]:
    """The case's VM as it would be seen at `now`; ValueError for names that no VM or vault can have."""
    vm = _vm(short, now)
    vaults = tuple(_vault(each, vm.id.subscription_id, vm.location) for each in short.vaults)
    protection = _protection(short.protection, vm, vaults, policy, now)
    stretch = None
    if short.opted_out_since is not None:
        stretch = OptOutStretch(short.opted_out_since, now, "")
    failed = {each: Unread(each, "the case says that it cannot be read") for each in short.unread}
    seen = Observation(
        failed.get("vm", vm), failed.get("protection", protection), failed.get("vaults", vaults), now, stretch
    )
    return seen, vm


def _vm(short: CaseVm, now: datetime) -> Vm:
    place = f"/subscriptions/{_subscription(short.subscription)}/resourceGroups/{short.group}"
    return Vm(
        id=parse_vm_id(f"{place}/providers/Microsoft.Compute/virtualMachines/{short.name}"),
        location=normalise_location(short.location),
        tags=short.tags,
        provisioning_state=short.provisioning_state,
        created=short.created or now - (short.age if short.age is not None else _YEAR),
        image=Image(short.image.publisher, short.image.offer, short.image.sku, short.image.id),
        os_type=(short.os or "").capitalize(),
        ephemeral_os_disk=short.ephemeral_os_disk,
        managed_by=short.managed_by,
        group_managed_by=short.group_managed_by,
        group_tags=short.group_tags,
        subscription_name="" if is_subscription_id(short.subscription) else short.subscription,
        subscription_tags=short.subscription_tags,
        management_groups=short.management_groups,
        size=short.size,
        security_type=short.security_type,
        disk_types=short.disk_types,
        encryption=short.encryption,
        zones=short.zones,
        priority=short.priority,
        power_state=short.power_state,
        host_pool_type=short.host_pool_type,
    )


def _subscription(name: str) -> str:
    return name.lower() if is_subscription_id(name) else str(uuid.uuid5(_SUBSCRIPTIONS, name.lower()))


def _vault(short: CaseVault, subscription: str, location: str) -> Vault:
    where = _subscription(short.subscription) if short.subscription else subscription
    return Vault(_vault_id(where, short.name), normalise_location(short.location or location), short.tags, short.ready)


def _vault_id(subscription: str, name: str) -> ArmId:
    return parse_id(
        f"/subscriptions/{subscription}/resourceGroups/rg-backup/providers/Microsoft.RecoveryServices/vaults/{name}"
    )


def _protection(
    short: CaseProtection, vm: Vm, vaults: tuple[Vault, ...], policy: CompiledPolicy, now: datetime
) -> Protection:
    if short.state is ProtectionState.NONE:
        return Protection(ProtectionState.NONE)
    named = next((each for each in vaults if each.id.name.lower() == short.vault.lower() or not short.vault), None)
    vault = named.id if named is not None else _vault_id(_subscription("elsewhere"), short.vault or "vault")
    subject = Subject(vm, now)
    position = policy.index.first(subject)
    asked = wanted_policy(policy.rules[position].rule, subject).name if position is not None else ""
    return Protection(
        short.state,
        item_id=f"{vault.text}/protectedItems/VM;iaasvmcontainerv2;{vm.id.resource_group};{vm.id.name}",
        vault_id=vault.text,
        backup_policy=short.backup_policy or asked or "DefaultPolicy",
        has_recovery_point=(
            short.recovery_point if short.recovery_point is not None else short.state not in _WITHOUT_POINT
        ),
        last_backup_status="Failed" if short.last_backup_failed else "",
        backup_running=short.backup_running,
    )


def _differences(
    case: Case, vm: Vm, seen: Observation, verdict: Verdict, actions: tuple[Action, ...], policy: CompiledPolicy
) -> Iterator[Difference]:
    want, compiled = case.expect, policy.rule_named(verdict.rule)
    rule = compiled.rule if compiled is not None else None
    asked = wanted_policy(rule, Subject(vm, seen.at)).name if rule is not None else ""
    vault = ""
    if isinstance(seen.protection, Protection) and seen.protection.vault_id:
        vault = parse_id(seen.protection.vault_id).name
    elif compiled is not None and not isinstance(seen.vaults, Unread):
        chosen = choose_vault(vm, seen.vaults, compiled)
        vault = chosen.id.name if chosen is not None else ""
    writes = bool(actions) and withheld(policy.policy.spec, rule, permitted=True) is None
    reasons = sorted({each.reason.code for each in verdict.reasons})
    for key, expected, got in (
        ("verdict", want.verdict.value, verdict.state.value),
        ("rule", want.rule, verdict.rule),
        ("reasons", None if want.reasons is None else ", ".join(sorted(set(want.reasons))), ", ".join(reasons)),
        (
            "actions",
            None if want.actions is None else ", ".join(want.actions),
            ", ".join(each.kind for each in actions),
        ),
        ("writes", None if want.writes is None else str(want.writes).lower(), str(writes).lower()),
        ("backupPolicy", want.backup_policy, asked),
        ("vault", want.vault, vault),
    ):
        if expected is not None and expected != got:
            yield Difference(key, expected or "none", got or "none")


def _why(case: Case, seen: Observation, verdict: Verdict, policy: CompiledPolicy) -> Iterator[str]:
    for detail in verdict.reasons:
        yield f"{detail.reason.code}: {detail}"
    way = explain(seen, verdict, policy)
    for exclusion in way.exclusions:
        if exclusion.reason is not None:
            yield f"excluded by {exclusion.name}"
    meant = next((each for each in way.rules if each.name == case.expect.rule), None)
    if case.expect.rule and meant is None and not isinstance(seen.vm, Unread):
        yield f"the policy has no rule {case.expect.rule}"
    if meant is not None and not meant.matches:
        yield f"rule {meant.name} (priority {meant.priority}) does not match:"
        yield from (f"  {line}" for line in _unmet(meant.conditions))
    won = next((each for each in way.rules if each.won), None)
    if won is not None and won.name != case.expect.rule:
        yield f"rule {won.name} (priority {won.priority}) matches{' first' if meant and meant.matches else ''}"


def _unmet(conditions: tuple[Condition, ...]) -> Iterator[str]:
    for each in conditions:
        if not each.met:
            yield f"{each.text}{f'; it is {each.seen}' if each.seen else ''}"
            yield from (f"  {line}" for line in _unmet(each.inner))
