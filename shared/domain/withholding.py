"""Why a planned write is not made: the policy's mode, its pause, the rule's effect, or the operator's permission.

It decides by the policy and the permission alone. What else may hold a write up, the pause switch or a running
operation, is asked right before the write, in `act.py`.
"""

from dataclasses import dataclass

from shared.domain.model import Outcome, Status
from shared.domain.policy import Mode, Rule, Spec


@dataclass(frozen=True, slots=True)
class Withheld:
    """`code` is stable: POLICY_AUDITS, POLICY_PAUSED, RULE_AUDITS or NOT_PERMITTED. `why` fits into a sentence."""

    code: str
    why: str
    remedy: str

    @property
    def outcome(self) -> Outcome:
        """A dry run that says why it is one."""
        return Outcome(Status.DRY_RUN, None, self.code, self.why, self.remedy)


_NOT_PERMITTED = Withheld(
    "NOT_PERMITTED",
    "the operator has not permitted writing",
    "Permit it with --enforce, for the app with BACKSTOP_ENFORCE=true",
)


def withheld(spec: Spec, rule: Rule | None, *, permitted: bool) -> Withheld | None:
    """The first thing that keeps Backstop from writing for a VM of this rule; None where it may write.

    Without a rule: what keeps it from writing for any VM. `permitted` is the operator's word.
    """
    if spec.mode is not Mode.ENFORCE:
        return Withheld("POLICY_AUDITS", f"the policy's mode is {spec.mode}", "Set the policy's `mode` to enforce")
    if spec.paused:
        return Withheld("POLICY_PAUSED", "paused by policy", "Take `paused` out of the policy to go on")
    if rule is not None and rule.effect == "audit":
        return Withheld("RULE_AUDITS", f"the rule {rule.name} only audits", "Set the rule's `effect` to enforce")
    return None if permitted else _NOT_PERMITTED
