"""An explanation for a person: what was seen, what was asked of it, what came of it, and what would happen next."""

from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from cli.output import explanation_schedule, explanation_way
from cli.output.action_words import action_text
from cli.output.console import out, plain
from cli.output.explanation_facts import vm_facts
from cli.output.explanation_health import Health, advice_lines, health_facts
from cli.output.explanation_schedule import Scheduled
from cli.output.explanation_way import QUIET
from cli.output.tables import STYLES
from shared.domain.arm_id import ArmId
from shared.domain.explaining import Explanation
from shared.domain.model import (
    Action,
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
from shared.domain.steps import Held
from shared.domain.withholding import Withheld
from shared.ports.policy import PolicyProblem
from shared.reporting.text import INITIAL_BACKUP_PENDING, utc

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
    health: Health | None = None
    held: Held | None = None  # what the plan itself waits for
    schedule: Scheduled | None = None


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
        _seen(console, explained.seen, explained.health)
        _title(console, f"What was asked, by policy {policy.metadata.name} ({policy.hash}), mode {policy.spec.mode}")
        for depth, line in explanation_way.lines(explained.way):
            _line(console, line, depth)
    _planned(console, explained)
    if explained.health is not None and explained.health.advisories:
        _title(console, "Advice, which changes no verdict")
        for code, what, remedy in advice_lines(explained.health):
            _line(console, plain(code, "bold") + plain(f"  {what}"))
            if remedy:
                _line(console, plain(remedy, QUIET), 2)
    _title(console, "What happens next")
    _line(console, plain(explained.next_step))
    if explained.on_record is not None:
        _on_record(console, explained.on_record)


def remedy_of(reason: Reason, actions: tuple[Action, ...]) -> str:
    """The reason's remedy, but no promise to act where no action is planned."""
    return "" if reason in _MENDED_BY_US and not actions else reason.remedy


def _planned(console: Console, explained: Explained) -> None:
    item = explained.seen.protection if explained.seen is not None else None
    current = item.backup_policy if isinstance(item, Protection) else ""
    if explained.actions:
        _title(console, "What is missing")
        for number, action in enumerate(explained.actions, 1):
            _line(console, plain(f"{number}. ") + plain(action_text(action, current), "cyan"))
    if explained.schedule is not None:
        _title(console, "The backup policy")
        for what, have in explanation_schedule.lines(explained.schedule):
            _line(console, plain(f"{what:<20}", QUIET) + plain(have))


def protection_text(protection: Protection) -> str:
    """The protected item in words."""
    if protection.state is ProtectionState.NONE:
        return "no protected item in any vault that could hold it"
    pending = protection.state is ProtectionState.FIRST_BACKUP_PENDING
    parts = [INITIAL_BACKUP_PENDING if pending else protection.state.value]
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


def _seen(console: Console, seen: Observation, health: Health | None) -> None:
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
    if health is not None:
        item = seen.protection if isinstance(seen.protection, Protection) else None
        for what, have in health_facts(health, item).items():
            _line(console, plain(f"{what:<20}", QUIET) + plain(have))


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
