"""The choices behind a verdict, told: how the opt-out was read, which backup policy is asked for, which vault is taken.

Like `explaining.py` it decides nothing: the answers are those of `matching` and of the opt-out's own rule.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from shared.domain.attributes import Subject
from shared.domain.compiled_policy import CompiledRule
from shared.domain.conditions import tag_seen
from shared.domain.matching import has_redundancy, wanted_policy
from shared.domain.model import Observation, Vault, Verdict, Vm
from shared.domain.policy import OptOut, Rule
from shared.domain.reasons import OPT_OUT_REASONS, Reason
from shared.domain.rules import opt_out
from shared.domain.support import needs_enhanced


@dataclass(frozen=True, slots=True)
class OptOutTried:
    """The opt-out tag as found. Honoured only where the verdict honours it; `reason` says why, or why not.

    `parts` are empty where the text cannot be read. `since` and `by`: the stretch that it belongs to, None and empty
    where it was not seen before. `latest`: the last day that the policy allows it to name; None without a limit.
    `require` and `reasons` are the policy's, None where every reason counts.
    """

    tag: str
    text: str
    honoured: bool
    reason: Reason
    parts: Mapping[str, str] = field(default_factory=dict)
    since: datetime | None = None
    by: str = ""
    latest: date | None = None
    require: tuple[str, ...] = ()
    reasons: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class BackupPolicyTried:
    """The vault's backup policy that the rule asks for, and where its name comes from; `problem` where it has none."""

    name: str
    source: str
    problem: Reason | None = None


@dataclass(frozen=True, slots=True)
class VaultTried:
    """A vault of the VM's subscription; `why_not` is empty for one that a new protection could use."""

    vault: Vault
    chosen: bool
    why_not: str


def opt_out_tried(seen: Observation, subject: Subject, verdict: Verdict, settings: OptOut) -> OptOutTried | None:
    """As the verdict tells it. A verdict that came about without asking honours none: it says itself why not."""
    stretch = seen.opt_out
    reading = opt_out.read(subject.tags, settings, subject.now, stretch.first_seen if stretch else None)
    if reading is None:
        return None
    told = next((each.reason for each in verdict.reasons if each.reason in OPT_OUT_REASONS), None)
    unasked = verdict.reasons[0].reason if reading.honoured else reading.reason
    longest = settings.max_duration
    return OptOutTried(
        settings.tag,
        reading.text,
        honoured=told is Reason.OPTED_OUT,
        reason=told or unasked,
        parts=opt_out.parts_of(reading.text) or {},
        since=stretch.first_seen if stretch else None,
        by=stretch.by if stretch else "",
        latest=None if longest is None else opt_out.latest_end(stretch.first_seen if stretch else subject.now, longest),
        require=settings.require,
        reasons=settings.reasons,
    )


def backup_policy_tried(subject: Subject, rule: Rule) -> BackupPolicyTried:
    """What `wanted_policy` decides for the VM, with its source in words."""
    wanted, choice = wanted_policy(rule, subject), rule.backup_policy
    if choice is None:
        needed = needs_enhanced(subject.vm)
        why = f" (needed: {needed.detail})" if needed is not None else ""
        source = f"the rule names none: a new protection gets this one{why}, and on an existing one any will do"
        return BackupPolicyTried(wanted.name, source)
    if choice.from_tag is None:
        return BackupPolicyTried(wanted.name, "the rule names it")
    tag = choice.from_tag
    has = tag_seen(subject, "effective_tags", tag)
    if wanted.missing is not None and wanted.missing.reason is Reason.BACKUP_POLICY_NOT_ALLOWED:
        allowed = " or ".join(choice.allowed) if choice.allowed is not None else "a name that Azure takes"
        return BackupPolicyTried("", f"the tag says {has}, the rule allows {allowed}", wanted.missing.reason)
    if wanted.missing is not None:
        return BackupPolicyTried("", f"no tag {tag} names one, and the rule has no `name`", wanted.missing.reason)
    if not subject.effective_tags.get(tag.lower()):
        return BackupPolicyTried(wanted.name, f"the rule names it for VMs without a tag {tag}")
    return BackupPolicyTried(wanted.name, f"the tag says {has}")


def vaults_tried(vm: Vm, vaults: tuple[Vault, ...], won: CompiledRule, chosen: str) -> Iterator[VaultTried]:
    """Every vault that was seen, in order of ids; `chosen` is the key of the one that was taken, or empty."""
    for each in sorted(vaults, key=lambda vault: vault.id.key):
        yield VaultTried(each, each.id.key == chosen, _why_not(vm, each, won))


def _why_not(vm: Vm, vault: Vault, won: CompiledRule) -> str:
    choice = won.rule.vault
    if vault.id.subscription_id != (choice.subscription or vm.id.subscription_id).lower():
        return "in another subscription"
    if vault.location != vm.location:
        return f"in {vault.location}, the VM in {vm.location}"
    if vault.failed:
        return "its provisioning state is Failed"
    if not vault.ready:
        return "not made yet"
    if not won.accepts_vault(vault.id.name, vault.tags):
        return f"not one that rule {won.rule.name} accepts"
    if not has_redundancy(vault, choice):
        return f"its redundancy is {vault.redundancy or 'not shown'}, rule {won.rule.name} asks for {choice.redundancy}"
    return ""
