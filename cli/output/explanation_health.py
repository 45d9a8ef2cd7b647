"""What an explanation says of the VM's health: agent, extension, last recovery point, and advice. Words and JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.domain.advice import Advisory
from shared.domain.azure_answers import RecoveryPoint
from shared.domain.guest import ExtensionState
from shared.domain.model import Protection, Unread, Vm
from shared.domain.vm_health import CONSISTENCY_WORDS, Consistency, consistency_of, expected_consistency
from shared.reporting.advice import advisory_data
from shared.reporting.text import age, hours_since, utc


@dataclass(frozen=True, slots=True)
class Health:
    """`point` is the latest recovery point, None where there is none; `advisories` are the VM's, from all sources."""

    at: datetime
    vm: Vm | None = None
    point: RecoveryPoint | Unread | None = None
    advisories: tuple[Advisory, ...] = ()


def health_facts(health: Health, protection: Protection | None) -> Mapping[str, str]:
    """What was seen, by its name; what Azure does not show is left out."""
    facts: dict[str, str] = {}
    vm = health.vm
    if vm is not None and vm.agent is not None:
        agent = vm.agent
        told = (agent.status,) if agent.ready else (agent.status, agent.message)
        said = ": ".join(part for part in told if part)
        facts["VM agent"] = ", ".join(part for part in (agent.version, said) if part) or "none has reported"
    if vm is not None and vm.backup_extension is not None and vm.backup_extension.state is not ExtensionState.ABSENT:
        extension = vm.backup_extension
        facts["backup extension"] = f"{extension.name} {extension.state.value}".strip()
    if protection is not None and protection.item_id:
        facts["last recovery point"] = _point_in_words(health, protection)
    if vm is not None and (expected := expected_consistency(vm)) is not None:
        facts["expected now"] = CONSISTENCY_WORDS[expected] + _caveat(vm, expected)
    return facts


def _point_in_words(health: Health, protection: Protection) -> str:
    point = health.point
    if isinstance(point, Unread):
        known = protection.recovery_point
        when = "" if known is None else f"{utc(known)}, {age(known, health.at)} old; "
        return f"{when}how consistent could not be read: {point.why}"
    if point is None:
        return "none"
    found = consistency_of(point.kind)
    kind = CONSISTENCY_WORDS[found] if found is not None else point.kind or "of a consistency that Azure does not tell"
    return f"{utc(point.at)}, {age(point.at, health.at)} old, {kind}"


def _caveat(vm: Vm, expected: Consistency) -> str:
    if expected is Consistency.FILE_SYSTEM:
        return " (application-consistent with scripts, which Azure does not show)"
    if expected is Consistency.CRASH:
        return " (the VM does not run)" if vm.power_state != "running" else " (its agent is not ready)"
    return " (VSS)"


def advice_lines(health: Health) -> Iterator[tuple[str, str, str]]:
    """(code, what is so, remedy) of each piece of advice."""
    for each in health.advisories:
        yield each.advice.code, str(each), each.advice.remedy


def health_data(health: Health) -> dict[str, Any]:
    """The same for a machine."""
    vm, point = health.vm, health.point
    expected = expected_consistency(vm) if vm is not None else None
    return {
        "agent": None
        if vm is None or vm.agent is None
        else {
            "version": vm.agent.version,
            "status": vm.agent.status,
            "message": vm.agent.message,
            "ready": vm.agent.ready,
        },
        "backupExtension": None
        if vm is None or vm.backup_extension is None
        else {"state": vm.backup_extension.state.value, "message": vm.backup_extension.message},
        "lastRecoveryPoint": _point_data(point, health.at),
        "expectedConsistency": expected.value if expected is not None else None,
        "advisories": [advisory_data(each) for each in health.advisories],
    }


def _point_data(point: RecoveryPoint | Unread | None, now: datetime) -> dict[str, Any] | None:
    if point is None:
        return None
    if isinstance(point, Unread):
        return {"unread": point.what, "why": point.why, "code": point.code, "remedy": point.remedy}
    found = consistency_of(point.kind)
    return {
        "at": utc(point.at),
        "ageHours": hours_since(point.at, now),
        "type": point.kind,
        "consistency": found.value if found is not None else None,
    }
