"""What changes from one policy to another: in the files, and for each VM of an estate.

Both policies decide about the very same observation. It reads nothing, and keeps to what the two would do: whether a
planned write is withheld (by mode, pause or a rule that only audits) belongs to that.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shared.domain.arm_id import ArmId
from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.matching import evaluate
from shared.domain.model import Action, Observation, Verdict
from shared.domain.planning import steps
from shared.domain.policy import EnforcementPolicy
from shared.domain.withholding import withheld


class Aspect(StrEnum):
    """What of a decision differs."""

    VERDICT = "verdict"
    RULE = "rule"
    REASONS = "reasons"
    ACTIONS = "actions"


@dataclass(frozen=True, slots=True)
class Decision:
    """What one policy decides about a VM. `withheld` is the code of what keeps the policy from writing at all.

    `held` is the code of why this VM has to wait, or of what a person has to do first. Both are empty otherwise.
    """

    verdict: Verdict
    actions: tuple[Action, ...]
    withheld: str = ""
    held: str = ""

    @property
    def writes(self) -> bool:
        """Whether the policy would have the actions carried out, at once or later."""
        return bool(self.actions) and not self.withheld


@dataclass(frozen=True, slots=True)
class VmChange:
    """A VM about which the two policies do not decide alike; `aspects` says in what."""

    vm: ArmId
    before: Decision
    after: Decision
    aspects: frozenset[Aspect]


class EditKind(StrEnum):
    """What became of a key or rule."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Edit:
    """A difference of the files. `path` such as `spec.mode` or `spec.rules[prod].match`; None stands for nothing."""

    kind: EditKind
    path: str
    before: Any = None
    after: Any = None


def decide(seen: Observation, policy: CompiledPolicy) -> Decision:
    """The verdict and the planned writes; `seen` holds the opt-out as it stands under this policy."""
    verdict = evaluate(seen, policy, seen.at)
    planned = steps(seen, verdict, policy)
    held = planned.held.code if planned.held else ""
    if not planned.actions:
        return Decision(verdict, (), held=held)
    rule = policy.rule_named(verdict.rule)
    why = withheld(policy.policy.spec, rule.rule if rule else None, permitted=True)
    return Decision(verdict, planned.actions, why.code if why else "", held)


def aspects(before: Decision, after: Decision) -> frozenset[Aspect]:
    """In what the two differ; empty where they are alike. Of actions that neither makes, nothing else counts."""
    one, other = before.verdict, after.verdict
    differs = {
        Aspect.VERDICT: one.state is not other.state,
        Aspect.RULE: one.rule != other.rule,
        Aspect.REASONS: set(one.reasons) != set(other.reasons),
        Aspect.ACTIONS: before.actions != after.actions or before.writes != after.writes or before.held != after.held,
    }
    return frozenset(each for each, is_so in differs.items() if is_so)


def edits(before: EnforcementPolicy, after: EnforcementPolicy) -> tuple[Edit, ...]:
    """How the two files differ in meaning: a default that is written down and one that is not are the same."""
    return tuple(_edits(_keys(before), _keys(after), ""))


def _keys(policy: EnforcementPolicy) -> dict[str, Any]:
    """The policy's values with its rules by name, so that a moved rule is no change."""
    whole = policy.model_dump(by_alias=True, mode="json", exclude_none=True)
    rules = {f"[{rule.pop('name')}]": rule for rule in whole["spec"].pop("rules")}
    return whole | {"spec": whole["spec"] | {"rules": rules}}


def _edits(before: Any, after: Any, path: str) -> Iterator[Edit]:
    if before == after:
        return
    if not isinstance(before, Mapping) or not isinstance(after, Mapping) or path.endswith((".match", "].backupPolicy")):
        yield Edit(EditKind.CHANGED, path, before, after)
        return
    for key in dict.fromkeys((*before, *after)):
        inner = f"{path}{key}" if key.startswith("[") or not path else f"{path}.{key}"
        if key not in after:
            yield Edit(EditKind.REMOVED, inner, before=before[key])
        elif key not in before:
            yield Edit(EditKind.ADDED, inner, after=after[key])
        else:
            yield from _edits(before[key], after[key], inner)
