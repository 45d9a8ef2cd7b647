"""What a policy asks for and the estate lacks: vaults in the places of its VMs, and backup policies in those vaults.

Pure: it is given what was read. It asks `matching.py` which rule each VM falls under, and for which vault and backup
policy, so that it cannot tell another story than a run.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.domain.attributes import Subject
from shared.domain.backup_policy import BackupPolicy, wanted_backup_policy
from shared.domain.backup_policy_comparing import differences
from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.matching import choose_vault, evaluate, wanted_policy
from shared.domain.model import UNPROTECTED, Observation, State, Vault, Vm
from shared.domain.policy_file.backup_policy import BackupPolicyChoice

Place = tuple[str, str, str]  # rule, subscription id, location


@dataclass(slots=True)
class Demand:
    """What the VMs of one rule in one place ask for. `vault` is None where none fits; `named` counts by policy name."""

    rule: str
    subscription: str
    location: str
    vault: Vault | None
    vms: int = 0
    named: Counter[str] = field(default_factory=Counter)


def demand(policy: CompiledPolicy, vm: Vm, vaults: tuple[Vault, ...], now: datetime, into: dict[Place, Demand]) -> None:
    """Add what this VM asks for to `into`. One that no rule wins, or that has opted out, asks for nothing."""
    verdict = evaluate(Observation(vm, UNPROTECTED, vaults, now), policy, now)
    compiled = policy.rule_named(verdict.rule)
    if compiled is None or verdict.state is not State.NON_COMPLIANT:
        return
    place = (compiled.rule.name, vm.id.subscription_id, vm.location)
    found = into.get(place)
    if found is None:
        found = into[place] = Demand(*place, choose_vault(vm, vaults, compiled))
    found.vms += 1
    if (name := wanted_policy(compiled.rule, Subject(vm, now)).name) != "":
        found.named[name] += 1


def lacking(
    policy: CompiledPolicy, asked: Iterable[Demand], held: Mapping[str, tuple[BackupPolicy, ...]]
) -> Iterator[str]:
    """A sentence for each thing that is missing. `held` maps a vault's key to the backup policies in it."""
    for each in asked:
        who = f"rule {each.rule}, {each.vms:,} VM{'s' * (each.vms != 1)} in {each.location}"
        if each.vault is None:
            yield f"{who}: subscription {each.subscription} has no vault there that the rule accepts"
            continue
        by_name = {one.name.lower(): one for one in held[each.vault.id.key]}
        compiled = policy.rule_named(each.rule)
        choice = compiled.rule.backup_policy if compiled is not None else None
        for name, count in sorted(each.named.items()):
            yield from (
                f"{who}: {what}" for what in _unlike(choice, name, by_name.get(name.lower()), each.vault, count)
            )


def _unlike(
    choice: BackupPolicyChoice | None, name: str, found: BackupPolicy | None, vault: Vault, count: int
) -> Iterator[str]:
    """How a vault's backup policy is not what the rule asks for; one that the rule describes may be missing."""
    where = f"the backup policy {name} in the vault {vault.id.name}"
    wanted = wanted_backup_policy(choice, name) if choice is not None else None
    if found is None:
        if wanted is None:
            yield f"the vault {vault.id.name} holds no backup policy {name} (asked for by {count:,})"
    elif not found.for_vms:
        yield f"{where} is not one for VMs"
    elif wanted is not None:
        yield from (f"{where} differs in its {what}" for what in differences(found, wanted))
    elif choice is not None and choice.type is not None and found.type != choice.type:
        yield f"{where} is {found.type}, and the rule describes {choice.type}"
