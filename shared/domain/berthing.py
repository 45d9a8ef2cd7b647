"""From VMs that lack a backup, and the vaults as they are, to the place of each: vault, backup policy, moment, steps.

Pure. `placement.py` has the arithmetic; here vaults, rules and quota books are turned into what it reckons with. A VM
that has a seat already keeps it as long as it will do, so that whoever asks again, and when, gets the same answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from shared.domain.arm_id import parse_id
from shared.domain.backup_policy import shard_name
from shared.domain.compiled_policy import CompiledRule
from shared.domain.holdings import Holdings
from shared.domain.matching import has_redundancy, vaults_for
from shared.domain.model import ActionKind, Vault, Vm
from shared.domain.placement import Berth, Quotas, Seat, Shard, place
from shared.domain.policy import Limits
from shared.domain.policy_file.vault import new_vault_name, new_vault_tags
from shared.domain.shards import MOST_POLICIES, Family, family
from shared.domain.steps import BY_ITSELF, Held, Placement, day_is_full
from shared.domain.vault_tally import Tally
from shared.domain.words import counted

#: How often a vault that Azure still makes is looked at (eight seconds to a minute in recorded traffic, 2026).
NOT_READY = timedelta(seconds=30)
_PROVIDER = "providers/Microsoft.RecoveryServices/vaults"


@dataclass(frozen=True, slots=True)
class Demand:
    """A VM that needs a protection under the rule, with the name of the backup policy that is asked for."""

    vm: Vm
    rule: CompiledRule
    backup_policy: str


def place_all(
    demands: Iterable[Demand], vaults: Sequence[Vault], holdings: Holdings, quotas: Quotas, now: datetime
) -> Mapping[str, Placement | Held]:
    """The place of each VM, by its key: VMs that ask for the same together, in the order of their ids.

    `vaults` are those of all subscriptions concerned. The same for the same input, in whatever order it comes.
    """
    tally, groups = Tally(holdings, quotas, now), dict[tuple[str, str, int, str, str], list[Demand]]()
    for each in demands:
        rule = each.rule.rule
        where = (rule.vault.subscription or each.vm.id.subscription_id).lower(), each.vm.location
        groups.setdefault((*where, rule.priority, rule.name, each.backup_policy.lower()), []).append(each)
    by_subscription: dict[str, list[Vault]] = {}
    for vault in vaults:
        by_subscription.setdefault(vault.id.subscription_id, []).append(vault)
    ordered = [
        _Group(key[0], sorted(groups[key], key=lambda each: each.vm.id.key), by_subscription.get(key[0], ()), tally)
        for key in sorted(groups)
    ]
    tally.asking |= {each.vm.id.key: group for group in ordered for each in group.members}
    for key, book in sorted(holdings.books.items()):  # all seats on record count before the first new one is given
        if book.seats or book.registered:  # the name of a vault that came to nothing is free again
            tally.open(key)
    found: dict[str, Placement | Held] = {}
    for group in ordered:
        found |= group.placed()
    return found


@dataclass(slots=True)
class _Group:
    """VMs of one subscription and region that ask for the same under one rule; `vaults` are the subscription's."""

    subscription: str
    members: list[Demand]
    vaults: Sequence[Vault]
    tally: Tally
    homes: set[str] | None = None  # keys of the vaults that will do
    families: dict[str, Family] = field(default_factory=dict)

    def accepts(self, seat: Seat) -> bool:
        """Whether a seat on record still will do, its room aside."""
        key = seat.vault_id.lower()
        if self.homes is None:
            self.homes = {each.id.key for each in self._fitting()} | {each.lower() for each in self._to_be_made()}
        if key not in self.homes:
            return False
        asked = key in self.tally.holdings.contents or all(each.id.key != key for each in self.vaults)
        return self._family(key).takes(seat.backup_policy, asked=asked)

    def placed(self) -> dict[str, Placement | Held]:
        kept = self.tally.kept
        seats = {each.vm.id.key: kept[each.vm.id.key] for each in self.members if each.vm.id.key in kept}
        waiting = [each.vm.id.key for each in self.members if each.vm.id.key not in seats]
        given = place(waiting, self._berths(), self._new_berth, self.tally.quotas, self.tally.now)
        for vm, seat in given.items():
            self.tally.take(vm, seat)
        seats |= given
        return {
            each.vm.id.key: self._placement(seats[each.vm.id.key]) if each.vm.id.key in seats else self._no_seat()
            for each in self.members
        }

    @property
    def _first(self) -> Demand:
        return self.members[0]

    def _fitting(self) -> tuple[Vault, ...]:
        """Those that will do. One that Backstop itself is making may yet lack the redundancy."""
        choice, ours = self._first.rule.rule.vault, self.tally.holdings.ours
        found = vaults_for(self._first.vm, self.vaults, self._first.rule)
        good = tuple(each for each in found if each.id.key in ours or has_redundancy(each, choice))
        return tuple(each for each in good if each.ready or each.id.key in ours) or good

    def _usable(self) -> tuple[Vault, ...]:
        """Of those, the ones that may be filled: the first alone where the rule has a full one reported."""
        fitting = self._fitting()
        return fitting[:1] if self._first.rule.rule.vault.when_full == "report" else fitting

    def _family(self, key: str) -> Family:
        if (known := self.families.get(key)) is not None:
            return known
        contents, choice = self.tally.holdings.contents.get(key), self._first.rule.rule.backup_policy
        its = family(choice, self._first.backup_policy, contents.policies if contents is not None else None)
        return self.families.setdefault(key, its)

    def _shards(self, vault_id: str, *, new: bool = False) -> tuple[Shard, ...]:
        key, base = vault_id.lower(), self._first.backup_policy
        self.tally.open(key)
        under = self.tally.under[key]
        if not new and key not in self.tally.holdings.contents:  # not asked: what is asked for is taken to be there
            shards: Iterable[Shard] = (Shard(base, True),)
        elif new and (its := self._family(key)).described is None and not its.missing(base):
            # Made with this policy, whose content is known then, and copied.
            copies = min(-(-self.tally.quotas.vms // self.tally.quotas.policy_vms) + 1, MOST_POLICIES - 1)
            shards = (Shard(shard_name(base, number), number == 0) for number in range(copies))
        else:
            shards = self._family(key).shards(under, self.tally.quotas)
        return tuple(Shard(each.name, each.there, under[each.name.lower()]) for each in shards)

    def _berths(self) -> list[Berth]:
        there = [self.tally.berth(each.id.text, self._shards(each.id.text)) for each in self._usable()]
        return there + [self.tally.berth(each, self._shards(each, new=True)) for each in self._to_be_made()]

    def _to_be_made(self) -> list[str]:
        """Vaults that do not exist yet and in which VMs of this group have seats already."""
        choice = self._first.rule.rule.vault
        taken = {each.id.name.lower() for each in self.vaults}  # a name is had once in a subscription
        if choice.new_vault is None:
            return []
        return sorted(
            {
                seat.vault_id
                for key, book in self.tally.holdings.books.items()
                if book.location == self._first.vm.location and parse_id(key).subscription_id == self.subscription
                if parse_id(key).name.lower() not in taken
                for seat in book.seats.values()
                if self._first.rule.accepts_vault(parse_id(seat.vault_id).name, new_vault_tags(choice))
            }
        )

    def _new_berth(self, number: int) -> Berth | None:
        """The `number`th vault that may be made: under the first names that the subscription does not have."""
        choice = self._first.rule.rule.vault
        made = choice.new_vault
        if made is None or (choice.when_full == "report" and (number > 0 or self._fitting() or self._to_be_made())):
            return None
        taken = {each.id.name.lower() for each in self.vaults}
        taken |= {parse_id(key).name for key in self.tally.vms if parse_id(key).subscription_id == self.subscription}
        names = (new_vault_name(choice, self._first.vm.location, number) for number in count())
        name = next(each for each in names if each.lower() not in taken)
        if not self._first.rule.accepts_vault(name, new_vault_tags(choice)):
            return None
        group = made.resource_group or self._first.vm.id.resource_group
        vault_id = f"/subscriptions/{self.subscription}/resourceGroups/{group}/{_PROVIDER}/{name}"
        return self.tally.berth(vault_id, self._shards(vault_id, new=True))

    def _placement(self, seat: Seat) -> Placement | Held:
        key = seat.vault_id.lower()
        if group_of(key) in self.tally.holdings.no_groups:
            where = parse_id(seat.vault_id)
            why = (
                f"the resource group {where.resource_group} does not exist in the subscription {where.subscription_id}"
            )
            return Held("RESOURCE_GROUP_MISSING", why, "Create it, or name another by `vault.create.resourceGroup`")
        vault = next((each for each in self.vaults if each.id.key == key), None)
        first: list[ActionKind] = []
        held = None
        choice = self._first.rule.rule.vault
        if vault is None:
            first.append(ActionKind.CREATE_VAULT)
        elif vault.failed:
            why = f"the provisioning state of the vault {vault.id.name} is Failed"
            held = Held("VAULT_FAILED", why, "See its activity log; save its tags again, or delete it if empty")
        elif not vault.ready:
            why = f"Azure still makes the vault {vault.id.name}"
            held = Held("VAULT_NOT_READY", why, BY_ITSELF, self.tally.now + NOT_READY)
        elif not has_redundancy(vault, choice):
            first.append(ActionKind.SET_REDUNDANCY)
        its = self._family(key)
        asked = vault is None or key in self.tally.holdings.contents
        if asked and (its.missing(seat.backup_policy) or its.to_be_changed(seat.backup_policy)):
            first.append(ActionKind.ENSURE_BACKUP_POLICY)
        if seat.at > self.tally.now:
            held = held or day_is_full(seat.vault_id, self.tally.quotas.registrations, seat.at)
        return Placement(seat, tuple(first), held)

    def _no_seat(self) -> Held:
        choice, usable, name = self._first.rule.rule.vault, self._usable(), self._first.backup_policy
        new = family(self._first.rule.rule.backup_policy, name, None)
        lacking = choice.new_vault is not None and new.described is None and new.missing(name)
        if not usable and lacking:
            why = f"a new vault has no backup policy {name}"
            return Held("BACKUP_POLICY_MISSING", why, "Describe it in the rule, so that Backstop can make it")
        if not usable:
            return Held("NO_VAULT", "no vault will do and none may be made", "Create one, or widen the rule's `vault`")
        families = [self._family(each.id.key) for each in usable]
        if all(each.missing(name) and each.described is None for each in families):
            why = f"no vault that will do has a backup policy {name}"
            return Held("BACKUP_POLICY_MISSING", why, "Make it, or describe it in the rule, so that Backstop can")
        if not any(self._shards(each.id.text) for each in usable):
            why = f"the backup policies {name} of the vaults are not as the rule describes them"
            return Held("BACKUP_POLICY_DIFFERS", why, "Change them, or give the rule's policy a name of its own")
        if all(len(self.tally.vms.get(each.id.key, ())) >= self.tally.quotas.vms for each in usable):
            return self._full(usable, lacking)
        under = counted(self.tally.quotas.policy_vms, "VM")
        why = f"the backup policy {name} has {under}, and no further one can be made"
        remedy = "Describe the policy in the rule, or delete backup policies of the vault that nothing uses"
        return Held("BACKUP_POLICY_FULL", why, remedy)

    def _full(self, usable: Sequence[Vault], lacking: bool) -> Held:
        """`lacking`: a new vault could be made, but not the backup policy in it."""
        most = counted(self.tally.quotas.vms, "VM")
        if self._first.rule.rule.vault.when_full == "report":
            why = f"the vault {usable[0].id.name} protects {most}"
            return Held("VAULTS_FULL", why, "Let the rule go on in the next vault: `vault.whenFull: next`")
        why = f"the vaults that will do protect {most} each"
        if lacking:
            why = f"{why}, and a new one has no backup policy {self._first.backup_policy}"
            return Held("VAULTS_FULL", why, "Describe the policy in the rule, so that Backstop can make it")
        return Held("VAULTS_FULL", why, "Create a vault, or let the rule make one: `whenMissing: create`")


def groups_to_be_there(placed: Mapping[str, Placement | Held]) -> frozenset[str]:
    """Lower-cased ids of the resource groups that vaults are to be made in, but for those that VMs of them are in."""
    made = (each for each in placed.values() if isinstance(each, Placement) and ActionKind.CREATE_VAULT in each.first)
    return frozenset(group_of(each.seat.vault_id.lower()) for each in made) - {group_of(vm) for vm in placed}


def group_of(key: str) -> str:
    """The lower-cased id of the resource group that a thing with this key is in."""
    return key.partition("/providers/")[0]


def quotas_of(limits: Limits) -> Quotas:
    """The quotas that the enforcement policy keeps to."""
    return Quotas(limits.per_vault, limits.per_backup_policy, limits.per_vault_per_day - limits.daily_reserve)
