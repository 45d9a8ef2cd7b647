"""From a verdict to the writes that mend it; nothing else in Backstop decides on a write.

The plan holds every step that the VM still needs, in order. A worker carries out the first one, and lets a later look
at the VM decide on the rest.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.attributes import Subject
from shared.domain.berthing import Demand, place_all, quotas_of
from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.matching import wanted_policy
from shared.domain.mending import edit, mend
from shared.domain.model import (
    ACTIVE_STATES,
    Action,
    ActionKind,
    DiskSelection,
    Observation,
    Protection,
    ProtectionState,
    State,
    Unread,
    Verdict,
    Vm,
)
from shared.domain.next_run import next_run
from shared.domain.policy import Rule
from shared.domain.policy_file.backup import DiskExclusion, Existing
from shared.domain.policy_file.backup_policy import BackupPolicyChoice
from shared.domain.reasons import Reason
from shared.domain.steps import NOTHING, Held, Placement, Steps
from shared.domain.support import too_standard

SCHEDULED_SOON = "SCHEDULED_SOON"  # the code of a first backup that is left to a scheduled one
# Azure starts a scheduled backup within two hours of its time (support matrix, 2022); an hour more to show the job.
SCHEDULED_SHOWS_WITHIN = timedelta(hours=3)
LEFT_ALONE = Existing()  # the careful answers, by which no protection that stands is touched
#: Reasons for which a first backup may be started.
FIRST_BACKUP_REASONS = (
    Reason.NO_RECOVERY_POINT,
    Reason.INITIAL_BACKUP_FAILED,
    Reason.RECOVERY_POINTS_OF_EARLIER_VM,
)
# Reasons that leave a person to act: Backstop reports them and writes nothing.
_HANDS_OFF = (
    Reason.SETTLING,
    Reason.NO_VAULT_IN_REGION,
    Reason.VAULT_REDUNDANCY_DIFFERS,
    Reason.OPTED_OUT,
    Reason.BACKUP_POLICY_NOT_NAMED,
    Reason.BACKUP_POLICY_NOT_ALLOWED,
    Reason.NEEDS_ENHANCED_POLICY,
    Reason.VM_NOT_READY,
)


def plan(
    seen: Observation,
    verdict: Verdict,
    policy: CompiledPolicy,
    *,
    backup_now: bool = False,
    retain_until: datetime | None = None,
) -> tuple[Action, ...]:
    """The writes of `steps`, whenever they may be made."""
    return steps(seen, verdict, policy, backup_now=backup_now, retain_until=retain_until).actions


def steps(
    seen: Observation,
    verdict: Verdict,
    policy: CompiledPolicy,
    *,
    placed: Placement | Held | None = None,
    backup_now: bool = False,
    retain_until: datetime | None = None,
) -> Steps:
    """The writes for one VM, possibly none, and what holds them up.

    `placed` is the place of a VM without a backup, where it was chosen together with others'; None: it is chosen here,
    for this VM alone. `backup_now` adds a person's wish for an on-demand backup of a protected VM; it overrides no
    verdict: an exempt, excluded or unknown VM gets nothing.
    """
    if verdict.state is State.COMPLIANT and not backup_now:
        return _edit(seen, verdict, policy)
    compiled = policy.rule_named(verdict.rule)
    if compiled is None or verdict.state not in {State.NON_COMPLIANT, State.COMPLIANT}:
        return NOTHING
    if isinstance(seen.vm, Unread) or isinstance(seen.protection, Unread) or isinstance(seen.vaults, Unread):
        return NOTHING
    if any(each.reason in _HANDS_OFF for each in verdict.reasons):
        return NOTHING
    vm, protection, rule = seen.vm, seen.protection, compiled.rule
    wish = _Wish(rule, retain_until)
    if verdict.has(Reason.UNPROTECTED):
        if placed is None:
            demand = Demand(vm, compiled, wanted_policy(rule, Subject(vm, seen.at)).name)
            quotas = quotas_of(policy.policy.spec.limits)
            placed = place_all([demand], seen.vaults, seen.holdings, quotas, seen.at)[vm.id.key]
        return _protecting(seen, vm, placed, wish, with_backup=rule.initial_backup.enabled or backup_now)
    mended = NOTHING
    if rule.existing != LEFT_ALONE or seen.undeleted:
        wanted = wanted_policy(rule, Subject(vm, seen.at))
        mended = mend(seen, protection, vm, verdict, rule, wanted, quotas_of(policy.policy.spec.limits))
    if verdict.has(Reason.NO_RECOVERY_POINT) or _first_backup_again(seen.at, protection, verdict, rule):
        if not backup_now and (held := _scheduled_soon(seen, protection, rule)) is not None:
            return Steps(mended.actions, held if not mended.actions else None, mended.placed)
        first = wish.backup(ActionKind.START_INITIAL_BACKUP, vm, protection.vault_id, protection)
        return Steps((*mended.actions, first), placed=mended.placed)
    if backup_now and protection.state in ACTIVE_STATES and not protection.backup_running:
        now = wish.backup(ActionKind.START_BACKUP, vm, protection.vault_id, protection)
        return Steps((*mended.actions, now), placed=mended.placed)
    return mended


def managed(verdict: Verdict, policy: CompiledPolicy) -> BackupPolicyChoice | None:
    """The backup policy that the rule of a VM in order manages; None where there is none, or its owner opted out."""
    compiled = policy.rule_named(verdict.rule) if verdict.state is State.COMPLIANT else None
    choice = compiled.rule.backup_policy if compiled is not None else None
    if choice is None or not choice.manage or verdict.has(Reason.OPTED_OUT):
        return None
    return choice


def _edit(seen: Observation, verdict: Verdict, policy: CompiledPolicy) -> Steps:
    choice = managed(verdict, policy)
    if choice is None or isinstance(seen.vm, Unread) or isinstance(seen.protection, Unread):
        return NOTHING
    return edit(seen.protection, seen.vm.id, choice, seen.holdings)


def demand_of(seen: Observation, verdict: Verdict, policy: CompiledPolicy) -> Demand | None:
    """What a VM that is to be protected asks for; None for every other."""
    compiled = policy.rule_named(verdict.rule)
    if compiled is None or verdict.state is not State.NON_COMPLIANT or isinstance(seen.vm, Unread):
        return None
    if not verdict.has(Reason.UNPROTECTED) or any(each.reason in _HANDS_OFF for each in verdict.reasons):
        return None
    return Demand(seen.vm, compiled, wanted_policy(compiled.rule, Subject(seen.vm, seen.at)).name)


@dataclass(frozen=True, slots=True)
class _Wish:
    """How long the recovery point of an on-demand backup is kept: as the rule says, or until a person's date."""

    rule: Rule
    retain_until: datetime | None

    def backup(self, kind: ActionKind, vm: Vm, vault_id: str, item: Protection) -> Action:
        retain = self.rule.initial_backup.retain
        return Action(kind, vm.id, vault_id, item.backup_policy, item.item_id, retain, self.retain_until)


def _protecting(seen: Observation, vm: Vm, placed: Placement | Held, wish: _Wish, *, with_backup: bool) -> Steps:
    """The steps of a VM without a backup to its place, unless the vault holds a policy there that cannot take it."""
    if isinstance(placed, Held):
        return Steps((), placed)
    contents = seen.holdings.contents.get(placed.seat.vault_id.lower())
    if contents is not None and ActionKind.ENSURE_BACKUP_POLICY not in placed.first:  # the verdict judged that one
        standard = too_standard(vm, contents.policy(placed.seat.backup_policy))
        if standard is not None:
            return Steps((), standard)
    return Steps(tuple(_enabling(vm, placed, wish, with_backup=with_backup)), placed.held, placed)


def _enabling(vm: Vm, placed: Placement, wish: _Wish, *, with_backup: bool) -> Iterator[Action]:
    vault_id, backup_policy = placed.seat.vault_id, placed.seat.backup_policy
    for kind in placed.first:
        yield Action(kind, vm.id, vault_id, backup_policy)
    disks = disk_selection(wish.rule.disk_exclusion)
    yield Action(ActionKind.ENABLE_PROTECTION, vm.id, vault_id, backup_policy, disks=disks)
    if with_backup:
        made = Protection(ProtectionState.FIRST_BACKUP_PENDING, vault_id=vault_id, backup_policy=backup_policy)
        yield wish.backup(ActionKind.START_INITIAL_BACKUP, vm, vault_id, made)


def _first_backup_again(now: datetime, protection: Protection, verdict: Verdict, rule: Rule) -> bool:
    """Whether a first backup is due although there was one: it failed long ago, or was of another VM of this name."""
    first = rule.initial_backup
    if not first.enabled or protection.backup_running:
        return False
    if verdict.has(Reason.RECOVERY_POINTS_OF_EARLIER_VM):
        return True
    if not verdict.has(Reason.INITIAL_BACKUP_FAILED) or first.again is None:
        return False
    # Where the item does not say when, its jobs do: they are asked before the write.
    return protection.last_backup is None or now >= protection.last_backup + first.again


def _scheduled_soon(seen: Observation, item: Protection, rule: Rule) -> Held | None:
    """The backup policy's own schedule, where it comes within the time that the rule leaves to it.

    A first backup is left to one scheduled backup and no more: where that has passed by without a recovery point
    (`left_until` is over), none is waited for again.
    """
    within, left = rule.initial_backup.unless_scheduled_within, seen.left_until
    if not within or (left is not None and seen.at >= left):
        return None
    run: datetime | None
    if left is not None:
        run = left - SCHEDULED_SHOWS_WITHIN
    else:
        contents = seen.holdings.contents.get(item.vault_id.lower())
        its = contents.policy(item.backup_policy) if contents is not None else None
        run = next_run(its, seen.at) if its is not None else None
    if run is None or run > seen.at + within:
        return None
    why = f"the backup policy {item.backup_policy} makes the first backup itself at {run:%Y-%m-%d %H:%M} UTC"
    return Held(SCHEDULED_SOON, why, "Nothing: it is looked at again afterwards", run + SCHEDULED_SHOWS_WITHIN)


def disk_selection(choice: DiskExclusion | None) -> DiskSelection | None:
    """The disks of a new protection, as Azure takes them; None for all."""
    if choice is None:
        return None
    if choice.exclude_luns is not None:
        return DiskSelection(choice.exclude_luns, including=False)
    return DiskSelection(choice.include_luns or (), including=True)
