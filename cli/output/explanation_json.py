"""An explanation for a machine. Keys are stable; a change of one is a change of the command line's contract."""

from typing import Any

from cli.output import explanation_schedule
from cli.output.explanation import Explained, remedy_of
from cli.output.explanation_health import health_data
from cli.output.machine import policy_problem
from shared.domain.conditions import Condition
from shared.domain.explaining import Explanation
from shared.domain.explaining_choices import OptOutTried
from shared.domain.model import Finding, Observation, Unread, Vm
from shared.reporting.render_json import action_data, protection_data
from shared.reporting.text import utc


def as_data(explained: Explained) -> dict[str, Any]:
    """Everything that the text form says."""
    policy, verdict = explained.policy, explained.verdict
    return {
        "vm": explained.vm_id.text,
        "policy": {"name": policy.metadata.name, "mode": policy.spec.mode.value, "hash": policy.hash},
        "policyProblem": policy_problem(explained.problem),
        "verdict": verdict.state.value,
        "rule": verdict.rule,
        "reasons": [
            {
                "code": each.reason.code,
                "sentence": each.reason.sentence,
                "detail": each.detail,
                "remedy": remedy_of(each.reason, explained.actions),
            }
            for each in verdict.reasons
        ],
        "seen": None if explained.seen is None else _seen(explained.seen),
        **_way(explained.way),
        "actions": [action_data(each) for each in explained.actions],
        "withheld": None
        if explained.held_up is None
        else {"code": explained.held_up.code, "why": explained.held_up.why, "remedy": explained.held_up.remedy},
        "health": None if explained.health is None else health_data(explained.health),
        "held": None
        if explained.held is None
        else {
            "code": explained.held.code,
            "why": explained.held.why,
            "remedy": explained.held.remedy,
            "until": utc(explained.held.until) or None,
        },
        "schedule": explanation_schedule.as_data(explained.schedule),
        "next": explained.next_step,
        "onRecord": None if explained.on_record is None else _on_record(explained.on_record),
    }


def _way(way: Explanation) -> dict[str, Any]:
    """Every question that was asked, in the order of asking."""
    return {
        "nothingAsked": way.nothing_asked.code if way.nothing_asked else None,
        "scope": None
        if way.scope is None
        else {"inside": way.scope.inside, "conditions": _conditions(way.scope.conditions)},
        "exclusions": [
            {
                "name": each.name,
                "asked": each.asked,
                "applies": each.reason is not None,
                "reason": each.reason.code if each.reason else None,
                "conditions": _conditions(each.conditions),
            }
            for each in way.exclusions
        ],
        "rules": [
            {
                "name": each.name,
                "priority": each.priority,
                "asked": each.asked,
                "matches": each.matches,
                "won": each.won,
                "conditions": _conditions(each.conditions),
            }
            for each in way.rules
        ],
        "optOut": None if way.opt_out is None else _opt_out(way.opt_out),
        "backupPolicy": None
        if way.backup_policy is None
        else {
            "name": way.backup_policy.name or None,
            "source": way.backup_policy.source,
            "problem": way.backup_policy.problem.code if way.backup_policy.problem else None,
        },
        "vaults": [
            {"vault": each.vault.id.text, "chosen": each.chosen, "whyNot": each.why_not or None} for each in way.vaults
        ],
    }


def _opt_out(tried: OptOutTried) -> dict[str, Any]:
    return {
        "tag": tried.tag,
        "text": tried.text,
        "honoured": tried.honoured,
        "reason": tried.reason.code,
        "parts": dict(tried.parts),
        "require": list(tried.require),
        "reasons": None if tried.reasons is None else list(tried.reasons),
        "since": utc(tried.since) or None,
        "by": tried.by or None,
        "latest": tried.latest.isoformat() if tried.latest else None,
    }


def _conditions(conditions: tuple[Condition, ...]) -> list[dict[str, Any]]:
    return [
        {"condition": each.text, "seen": each.seen, "met": each.met, "inner": _conditions(each.inner)}
        for each in conditions
    ]


def _seen(seen: Observation) -> dict[str, Any]:
    vaults = seen.vaults
    return {
        "at": utc(seen.at),
        "vm": _unread(seen.vm) if isinstance(seen.vm, Unread) else _vm(seen.vm),
        "protection": _unread(seen.protection)
        if isinstance(seen.protection, Unread)
        else protection_data(seen.protection),
        "vaults": _unread(vaults) if isinstance(vaults, Unread) else [each.id.text for each in vaults],
    }


def _unread(part: Unread) -> dict[str, Any]:
    return {"unread": part.what, "why": part.why, "code": part.code, "remedy": part.remedy}


def _vm(vm: Vm) -> dict[str, Any]:
    return {
        "location": vm.location,
        "created": utc(vm.created) or None,
        "provisioningState": vm.provisioning_state,
        "tags": dict(vm.tags),
        "image": {"publisher": vm.image.publisher, "offer": vm.image.offer, "sku": vm.image.sku, "id": vm.image.id},
        "ephemeralOsDisk": vm.ephemeral_os_disk,
        "managedBy": vm.managed_by,
        "groupManagedBy": vm.group_managed_by,
        "groupTags": dict(vm.group_tags),
        "uniqueId": vm.unique_id,
        "subscriptionName": vm.subscription_name,
        "subscriptionTags": dict(vm.subscription_tags),
        "managementGroups": list(vm.management_groups),
        "osType": vm.os_type,
        "size": vm.size,
        "securityType": vm.security_type,
        "diskTypes": list(vm.disk_types),
        "encryption": list(vm.encryption),
        "zones": list(vm.zones),
        "priority": vm.priority,
        "powerState": vm.power_state,
        "hostPoolType": vm.host_pool_type,
    }


def _on_record(finding: Finding) -> dict[str, Any]:
    return {
        "at": utc(finding.at),
        "cause": finding.cause,
        "verdict": finding.verdict.state.value,
        "status": finding.outcome.status.value,
        "code": finding.outcome.error_code,
        "error": finding.outcome.error,
        "remedy": finding.outcome.remedy,
        "lookAgain": utc(finding.outcome.look_again) or None,
    }
