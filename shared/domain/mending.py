"""A protection that stands, but not as asked: undeleted, resumed or given another backup policy, where a rule says so;
and the backup policy that it is under, changed where a rule manages it.

Every one of these may undo what somebody chose, so each asks for the rule's own word, and none ever moves an item to a
Standard policy from an Enhanced one, to a shorter retention, or to another vault. What is not known is not touched.
"""

from collections import Counter

from shared.domain.arm_id import ArmId, parse_id
from shared.domain.backup_policy import BackupPolicy, family_of
from shared.domain.backup_policy_comparing import may_move
from shared.domain.holdings import Holdings, VaultContents
from shared.domain.matching import WantedPolicy
from shared.domain.model import Action, ActionKind, Observation, Protection, ProtectionState, Verdict, Vm
from shared.domain.placement import Quotas, Seat
from shared.domain.policy import Rule
from shared.domain.policy_file.backup_policy import BackupPolicyChoice
from shared.domain.reasons import Reason
from shared.domain.shards import Family, family
from shared.domain.steps import NOTHING, Held, Placement, Steps
from shared.domain.support import too_standard
from shared.domain.vault_book import EMPTY, VaultBook


def mend(
    seen: Observation, item: Protection, vm: Vm, verdict: Verdict, rule: Rule, wanted: WantedPolicy, quotas: Quotas
) -> Steps:
    """The steps that the rule's `existing` asks for, if any. `item` is the protection that was seen."""
    undelete = item.state is ProtectionState.SOFT_DELETED and rule.existing.soft_deleted == "undelete"
    resume = item.state is ProtectionState.STOPPED and (rule.existing.stopped == "resume" or seen.undeleted)
    change = verdict.has(Reason.OTHER_BACKUP_POLICY) and rule.existing.other_policy == "change"
    if not (undelete or resume or change) or wanted.missing is not None:
        return NOTHING
    contents = seen.holdings.contents.get(item.vault_id.lower())
    if contents is None:
        return NOTHING
    its = family(rule.backup_policy, wanted.name, contents.policies)
    book = seen.holdings.books.get(item.vault_id.lower(), EMPTY)
    target = _target(its, contents, book, vm.id, quotas)
    if isinstance(target, Held):
        return Steps((), target)
    definition = _definition(its, contents, target)
    if (standard := too_standard(vm, definition)) is not None:
        return Steps((), standard)
    if change and (why := _guard(item, contents, target, definition)):
        name = f"{item.backup_policy} to {target}"
        remedy = "Change the item's backup policy in the vault if that is meant, or the rule"
        return Steps((), Held("CHANGE_REFUSED", f"the backup policy is not changed from {name}: {why}", remedy))
    steps: list[Action] = []

    def step(kind: ActionKind) -> None:
        steps.append(Action(kind, vm.id, item.vault_id, target, item.item_id))

    if undelete:
        step(ActionKind.UNDELETE)
    if its.missing(target) or its.to_be_changed(target):
        step(ActionKind.ENSURE_BACKUP_POLICY)
    step(ActionKind.CHANGE_BACKUP_POLICY if change else ActionKind.RESUME_PROTECTION)
    # The seat keeps the policy's last place from others until the item is seen under it.
    known = book.seats.get(vm.id.key)
    seat = known if known is not None and known.backup_policy == target else Seat(item.vault_id, target, seen.at)
    return Steps(tuple(steps), placed=Placement(seat))


def edit(item: Protection, vm: ArmId, choice: BackupPolicyChoice, holdings: Holdings) -> Steps:
    """The change of the item's own backup policy, where a rule describes and manages it and it is unlike that.

    One that may not be changed is left to the advice.
    """
    contents, name = holdings.contents.get(item.vault_id.lower()), item.backup_policy
    if contents is None or choice.name is None or not family_of(name, choice.name):
        return NOTHING
    its = family(choice, choice.name, contents.policies)
    have, want = contents.policy(name), its.definition(name)
    if have is None or want is None or not its.to_be_changed(name) or may_move(have, want):
        return NOTHING
    return Steps((Action(ActionKind.ENSURE_BACKUP_POLICY, vm, item.vault_id, name, item.item_id),))


def _target(its: Family, contents: VaultContents, book: VaultBook, vm: ArmId, quotas: Quotas) -> str | Held:
    """The backup policy of the item's own vault that has room for it, beside those who have seats under it."""
    under = Counter(name.lower() for key, name in contents.items.items() if key != vm.key)
    for key, seat in book.seats.items():
        if key != vm.key and seat.backup_policy.lower() != contents.items.get(key, "").lower():
            under[seat.backup_policy.lower()] += 1
    shards = its.shards(under, quotas)
    if not shards:
        why = f"the item's vault has no backup policy {its.base} as the rule asks for it"
        return Held("BACKUP_POLICY_MISSING", why, "Make it there, or describe it in the rule, so that Backstop can")
    room = next((each for each in shards if each.vms < quotas.policy_vms), None)
    if room is None:
        return Held("BACKUP_POLICY_FULL", f"the backup policy {its.base} of the item's vault has no room")
    return room.name


def _definition(its: Family, contents: VaultContents, target: str) -> BackupPolicy | None:
    """What the target is once the item comes under it; None where that is not known."""
    there = contents.policy(target) if not its.to_be_changed(target) else None
    return there or its.definition(target)


def _guard(item: Protection, contents: VaultContents, target: str, definition: BackupPolicy | None) -> str:
    """Why the item may not come under the target; empty where it may."""
    current = contents.policy(item.backup_policy)
    if current is None:
        return f"the vault {parse_id(item.vault_id).name} does not show what {item.backup_policy} keeps"
    return may_move(current, definition) if definition is not None else f"what {target} would keep is not known"
