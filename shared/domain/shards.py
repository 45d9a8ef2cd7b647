"""Which backup policies of a vault will do for a rule, and how the next of them would be made.

A backup policy takes only so many VMs. Where it is full the next one of its family takes over: `gold`, `gold-01`,
`gold-02`, all alike. Those that Backstop makes are as the rule describes, or copies of the one that it names. A policy
of such a name that is unlike the others is left out; it is changed only where the rule manages it, and never to keep
points for a shorter time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from shared.domain.backup_policy import BackupPolicy, family_of, shard_name, wanted_backup_policy
from shared.domain.backup_policy_comparing import differences, may_move
from shared.domain.placement import Quotas, Shard
from shared.domain.policy_file.backup_policy import DEFAULT_POLICY, BackupPolicyChoice
from shared.domain.support import ENHANCED_POLICY

#: Every vault is made with these two for VMs (recorded traffic, 2020 and 2026).
IN_EVERY_VAULT = (BackupPolicy(DEFAULT_POLICY), BackupPolicy(ENHANCED_POLICY, enhanced=True))
MOST_POLICIES = 200  # backup policies in one vault (support matrix of Azure Backup; not verified for 2026)


@dataclass(frozen=True, slots=True)
class Family:
    """The backup policies of one vault that a rule's choice comes down to; `base` is the name that it asks for.

    `described` is what the rule says of it, None where it only names one. `managed`: the rule permits changing it.
    """

    base: str
    described: BackupPolicy | None
    managed: bool
    policies: tuple[BackupPolicy, ...]

    def shards(self, vms: Mapping[str, int], quotas: Quotas) -> tuple[Shard, ...]:
        """In the order of their use, as many as a whole vault needs; none where the base is missing.

        `vms` counts those under each policy, by lower-cased name.
        """
        return tuple(self._shards(vms, quotas))

    def _shards(self, vms: Mapping[str, int], quotas: Quotas) -> Iterator[Shard]:
        by_name = {each.name.lower(): each for each in self.policies}
        more, room, makeable = MOST_POLICIES - len(self.policies), 0, self.definition(self.base) is not None
        for number in range(MOST_POLICIES):
            if room >= quotas.vms:
                return
            name = shard_name(self.base, number)
            under = vms.get(name.lower(), 0)
            have = by_name.get(name.lower())
            if have is not None:
                if self._will_do(have, number):
                    room += max(quotas.policy_vms - under, 0)
                    yield Shard(have.name, True, under)
            elif number == 0 and self.described is None:
                return  # the base itself is missing: what it should be is known to nobody here
            elif not makeable or more <= 0:
                return
            else:
                more -= 1
                room += max(quotas.policy_vms - under, 0)
                yield Shard(name, False, under)

    def definition(self, name: str) -> BackupPolicy | None:
        """What a policy of this name would be made as; None where there is no model that is understood."""
        model = self._model()
        if model is None or model.times is None:
            return None
        have = self._named(name)
        carried = have.carried if have is not None else model.carried  # a change must not lose what is not described
        return replace(model, name=name, protected_items=None, carried=carried)

    def to_be_changed(self, name: str) -> bool:
        """Whether the policy of this name is there, and unlike what the rule describes and manages."""
        have = self._named(name)
        return have is not None and self.managed and self.described is not None and self._unlike(have)

    def missing(self, name: str) -> bool:
        """Whether the vault has no policy of this name."""
        return self._named(name) is None

    def takes(self, name: str, *, asked: bool = True) -> bool:
        """Whether the policy of this name is one of them and will do, or can be made; whatever room it has.

        Of a vault that was not `asked`, what is wanted is taken to be there.
        """
        if not family_of(name, self.base):
            return False
        if not asked:
            return True
        number = 0 if name.lower() == self.base.lower() else 1
        if (have := self._named(name)) is not None:
            return self._will_do(have, number)
        if number == 0 and self.described is None:
            return False
        return len(self.policies) < MOST_POLICIES and self.definition(self.base) is not None

    def _named(self, name: str) -> BackupPolicy | None:
        return next((each for each in self.policies if each.name.lower() == name.lower()), None)

    def _model(self) -> BackupPolicy | None:
        return self.described or self._named(self.base)

    def _will_do(self, have: BackupPolicy, number: int) -> bool:
        if not have.for_vms:
            return False
        if self.described is None and number == 0:
            return True
        if not self._unlike(have):
            return True
        return self.managed and self.described is not None and not may_move(have, self.described)

    def _unlike(self, have: BackupPolicy) -> bool:
        model = self._model()
        return model is None or model.times is None or bool(differences(have, model))


def family(choice: BackupPolicyChoice | None, base: str, policies: Sequence[BackupPolicy] | None) -> Family:
    """The family in a vault of these policies; None for a vault that is yet to be made."""
    described = wanted_backup_policy(choice, base) if choice is not None else None
    managed = choice is not None and choice.manage
    return Family(base, described, managed, tuple(IN_EVERY_VAULT if policies is None else policies))
