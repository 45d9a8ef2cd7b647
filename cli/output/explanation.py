"""An explanation for a person: what was seen, what was asked of it, what came of it, and what would happen next."""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from cli.output import explanation_way
from cli.output.console import out, plain
from cli.output.explanation_way import QUIET
from cli.output.tables import STYLES
from shared.domain.arm_id import ArmId
from shared.domain.durations import format_duration
from shared.domain.explaining import Explanation
from shared.domain.model import (
    Action,
    DiskSelection,
    Finding,
    Observation,
    Protection,
    ProtectionState,
    Unread,
    Verdict,
    Vm,
)
from shared.domain.policy import EnforcementPolicy
from shared.domain.reasons import Reason
from shared.domain.withholding import Withheld
from shared.policy_ports import PolicyProblem
from shared.reporting.text import utc

_STEP = 2
_MENDED_BY_US = frozenset({Reason.UNPROTECTED, Reason.NO_RECOVERY_POINT})


@dataclass(frozen=True, slots=True)
class Explained:
    """All that there is to say about one VM. `seen` is None when it does not exist."""

    vm_id: ArmId
    policy: EnforcementPolicy
    seen: Observation | None
    verdict: Verdict
    actions: tuple[Action, ...]
    way: Explanation
    next_step: str
    on_record: Finding | None
    held_up: Withheld | None = None  # what keeps the actions from being carried out
    problem: PolicyProblem | None = None  # why the policy in force is not the one in its place


def show(explained: Explained) -> None:
    """Print it."""
    console, verdict = out(), explained.verdict
    console.print(plain(explained.vm_id.name, "bold") + plain(f"  {explained.vm_id.text}", QUIET), soft_wrap=True)
    rule = f" under rule {verdict.rule}" if verdict.rule else ""
    console.print(plain(verdict.state.value, f"bold {STYLES[verdict.state]}") + plain(rule))
    for each in verdict.reasons:
        _line(console, plain(each.reason.code, "bold") + plain(f"  {each}"))
        if remedy := remedy_of(each.reason, explained.actions):
            _line(console, plain(remedy, QUIET), 2)
    policy = explained.policy
    if explained.problem is not None:
        _line(console, plain(f"The policy in force is not the one in its place: {explained.problem.what}", "red"))
    if explained.seen is not None:
        _seen(console, explained.seen)
        _title(console, f"What was asked, by policy {policy.metadata.name} ({policy.hash}), mode {policy.spec.mode}")
        for depth, line in explanation_way.lines(explained.way):
            _line(console, line, depth)
    if explained.actions:
        _title(console, "What is missing")
        for number, action in enumerate(explained.actions, 1):
            _line(console, plain(f"{number}. ") + plain(action_text(action), "cyan"))
    _title(console, "What happens next")
    _line(console, plain(explained.next_step))
    if explained.on_record is not None:
        _on_record(console, explained.on_record)


def remedy_of(reason: Reason, actions: tuple[Action, ...]) -> str:
    """The reason's remedy, but no promise to act where no action is planned."""
    return "" if reason in _MENDED_BY_US and not actions else reason.remedy


def action_text(action: Action) -> str:
    """One planned write in words."""
    vault = action.vault_id.rsplit("/", 1)[-1]
    kept = ""
    if action.retain_until is not None:
        kept = f", kept until {action.retain_until:%Y-%m-%d}"
    elif action.retain is not None:
        kept = f", kept for {format_duration(action.retain)}"
    return f"{action.kind} in vault {vault} under backup policy {action.backup_policy}{_disks(action.disks)}{kept}"


def _disks(disks: DiskSelection | None) -> str:
    if disks is None:
        return ""
    luns = ", ".join(str(each) for each in disks.luns)
    if disks.including:
        return f", of the data disks only LUN {luns}" if luns else ", the OS disk only"
    return f", without the data disks at LUN {luns}"


def protection_text(protection: Protection) -> str:
    """The protected item in words."""
    if protection.state is ProtectionState.NONE:
        return "no protected item in any vault that could hold it"
    parts = [protection.state.value]
    if protection.vault_id:
        parts.append(f"in vault {protection.vault_id.rsplit('/', 1)[-1]}")
    if protection.backup_policy:
        parts.append(f"under {protection.backup_policy}")
    parts.append("with recovery points" if protection.has_recovery_point else "without a recovery point")
    if protection.last_backup is not None:
        parts.append(f"last backup {utc(protection.last_backup)} {protection.last_backup_status}".rstrip())
    if protection.backup_running:
        parts.append("a backup is running")
    return ", ".join(parts)


def _seen(console: Console, seen: Observation) -> None:
    _title(console, f"What was seen at {utc(seen.at)}")
    if isinstance(seen.vm, Vm):
        for what, have in vm_facts(seen.vm).items():
            _line(console, plain(f"{what:<20}", QUIET) + plain(have))
    for part in (seen.vm, seen.protection, seen.vaults):
        if isinstance(part, Unread):
            told = f"{part.what} could not be read: {part.why} {part.remedy}".rstrip()
            _line(console, plain(told, "red"))
    if isinstance(seen.protection, Protection):
        _line(console, plain(f"{'backup':<20}", QUIET) + plain(protection_text(seen.protection)))


def vm_facts(vm: Vm) -> Mapping[str, str]:
    """What the decision may hang on; what the VM does not have is left out."""
    image = ", ".join(each for each in (vm.image.publisher, vm.image.offer, vm.image.sku) if each) or vm.image.id
    facts = {
        "subscription": vm.subscription_name,
        "management groups": ", ".join(vm.management_groups),
        "location": vm.location,
        "zones": ", ".join(vm.zones),
        "created": utc(vm.created),
        "state": vm.provisioning_state,
        "power": vm.power_state,
        "size": vm.size,
        "priority": vm.priority,
        "operating system": vm.os_type,
        "image": image,
        "OS disk": "ephemeral" if vm.ephemeral_os_disk else "",
        "disks": ", ".join(vm.disk_types),
        "encryption": ", ".join(vm.encryption),
        "security type": vm.security_type,
        "tags": _tags(vm.tags) or "none",
        "group's tags": _tags(vm.group_tags),
        "subscription's tags": _tags(vm.subscription_tags),
        "managed by": vm.managed_by,
        "group managed by": vm.group_managed_by,
        "host pool": vm.host_pool_type,
    }
    return {what: have for what, have in facts.items() if have}


def _tags(tags: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in tags.items())


def _on_record(console: Console, finding: Finding) -> None:
    done = finding.outcome
    _title(console, "On record")
    _line(console, plain(f"{utc(finding.at)}  {finding.cause}: {finding.verdict.state}, {done.status}"))
    if done.error_code:
        _line(console, plain(f"{done.error_code}: {done.error.rstrip('.')}. {done.remedy}".rstrip(), "red"))
    if done.look_again is not None:
        _line(console, plain(f"looked at again from {utc(done.look_again)} on"))


def _title(console: Console, text: str) -> None:
    console.print()
    console.print(plain(text, "bold"))


def _line(console: Console, text: Text, depth: int = 1) -> None:
    """Wrapped under its own indent, with nothing behind it, so that it can be copied."""
    indent = " " * _STEP * depth
    for each in text.wrap(console, max(console.width - len(indent), 20)):
        each.rstrip()
        console.print(Text(indent) + each, soft_wrap=True)
