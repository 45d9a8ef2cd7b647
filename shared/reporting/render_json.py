"""The report for machines: stable keys, complete, and exact (texts are given as they are, escaped as ASCII JSON)."""

import json
from collections.abc import Iterable
from datetime import datetime

from shared.domain.arm_id import ArmId
from shared.domain.durations import format_duration
from shared.domain.model import Action, Finding, Protection
from shared.domain.policy_told import PolicyTold
from shared.domain.policy_tools.placement_summary import HeldUp
from shared.reporting.advice import advisory_data
from shared.reporting.costs_json import costs_data, vm_cost_data
from shared.reporting.summary import ComplianceReport, Group
from shared.reporting.text import hours_since, utc


def as_data(report: ComplianceReport) -> dict[str, object]:
    """The report as dicts, lists and scalars; also what is published when a report is ready."""
    return {
        **summary_data(report),
        "advisories": [advisory_data(each) for group in report.advice for each in group.advisories],
        "vms": [_vm(each, report) for each in report.findings],
    }


def summary_data(report: ComplianceReport) -> dict[str, object]:
    """The counts without the VMs."""
    first = report.initial_backups
    return {
        "generatedAt": utc(report.generated_at),
        "policy": {
            "name": report.policy.name,
            "hash": report.policy.hash,
            "mode": report.policy.mode,
            "paused": report.policy.paused,
        },
        "policyProblem": report.policy.problem or None,
        "findingsFrom": utc(report.oldest) or None,
        "findingsTo": utc(report.newest) or None,
        "discovered": report.discovered,
        "verdicts": {state.value: count for state, count in report.verdicts.items()},
        "protected": report.protected,
        "initialBackups": {
            "done": first.done,
            "running": first.running,
            "missing": first.missing,
            "failed": first.failed,
        },
        "reasons": {reason.code: count for reason, count in report.reasons.items()},
        "advice": {group.advice.code: group.count for group in report.advice},
        "actions": {kind.value: count for kind, count in report.actions.items()},
        "outcomes": {status.value: count for status, count in report.outcomes.items()},
        "bySubscription": [_group(each) for each in report.by_subscription],
        "byRegion": [_group(each) for each in report.by_region],
        "byRule": [_group(each) for each in report.by_rule],
        "needsPerson": [
            {
                "vm": each.finding.vm.text,
                "tasks": [
                    {"code": task.code, "what": task.what, "detail": task.detail, "remedy": task.remedy}
                    for task in each.tasks
                ],
            }
            for each in report.needs_person
        ],
        "optOuts": [
            {
                "vm": each.finding.vm.text,
                "honoured": each.honoured,
                "reason": each.reason.code,
                "until": each.until.isoformat() if each.until else None,
                "text": each.text,
                "since": utc(each.since) or None,
                "by": each.by or None,
            }
            for each in report.opt_outs
        ],
        "waiting": held_data(report.waiting),
        "backupPolicies": [
            {"vault": each.vault_id, "vms": each.vms, **policy_data(each.told)} for each in report.backup_policies
        ],
        **({"costs": costs_data(report.costs)} if report.costs is not None else {}),
    }


def render_json(report: ComplianceReport) -> bytes:
    """The report as UTF-8 JSON, two blanks deep, with a final line end."""
    return (json.dumps(as_data(report), indent=2) + "\n").encode()


def _group(group: Group) -> dict[str, object]:
    verdicts = {state.value: count for state, count in group.verdicts.items()}
    return {"key": group.key, "label": group.label, "total": group.total, "verdicts": verdicts}


def _vm(finding: Finding, report: ComplianceReport) -> dict[str, object]:
    vm, outcome = finding.vm, finding.outcome
    return {
        **_identity(vm, report),
        "location": finding.location,
        "verdict": finding.verdict.state.value,
        "rule": finding.verdict.rule,
        "reasons": [
            {
                "code": each.reason.code,
                "sentence": each.reason.sentence,
                "detail": each.detail,
                "remedy": each.reason.remedy,
            }
            for each in finding.verdict.reasons
        ],
        "protection": _protection(finding.protection, report.generated_at),
        "advisories": [each.advice.code for each in finding.advisories],
        "actions": [action_data(each) for each in finding.actions],
        "outcome": {
            "status": outcome.status.value,
            "errorCode": outcome.error_code,
            "error": outcome.error,
            "remedy": outcome.remedy,
            "lookAgain": utc(outcome.look_again) or None,
        },
        "at": utc(finding.at),
        "cause": finding.cause,
        "correlationId": finding.correlation_id,
        "runId": finding.run_id,
        "policyHash": finding.policy_hash,
        **_cost(vm, report),
    }


def _protection(protection: Protection | None, now: datetime) -> dict[str, object] | None:
    """With the age of the last recovery point, in whole hours, as of the report."""
    if protection is None:
        return None
    return {**protection_data(protection), "recoveryPointAgeHours": hours_since(protection.recovery_point, now)}


def _cost(vm: ArmId, report: ComplianceReport) -> dict[str, object]:
    """The VM's cost; no key where no price file is set."""
    costs = report.costs
    return {} if costs is None else {"cost": vm_cost_data(costs.by_vm.get(vm.key), costs.currency)}


def _identity(vm: ArmId, report: ComplianceReport) -> dict[str, object]:
    return {
        "vm": vm.text,
        "name": vm.name,
        "subscription": vm.subscription_id,
        "subscriptionName": report.subscription_names.get(vm.subscription_id, ""),
        "resourceGroup": vm.resource_group,
    }


def protection_data(protection: Protection) -> dict[str, object]:
    """A protected item, as every JSON of Backstop shows it."""
    return {
        "state": protection.state.value,
        "vault": protection.vault_id,
        "backupPolicy": protection.backup_policy,
        "hasRecoveryPoint": protection.has_recovery_point,
        "lastBackup": utc(protection.last_backup) or None,
        "lastBackupStatus": protection.last_backup_status,
        "backupRunning": protection.backup_running,
        "recoveryPoint": utc(protection.recovery_point) or None,
    }


def held_data(held: Iterable[HeldUp]) -> list[dict[str, object]]:
    """What waits: `from` and `until` say when the first and the last of the VMs fit, null where a person has to act."""
    return [
        {
            "code": each.code,
            "vms": each.vms,
            "why": each.why,
            "remedy": each.remedy,
            "from": utc(each.first) or None,
            "until": utc(each.until) or None,
        }
        for each in held
    ]


def policy_data(told: PolicyTold) -> dict[str, object]:
    """A backup policy in words, as every JSON of Backstop shows it; null where it cannot be told."""
    return {
        "name": told.name,
        "type": told.type or None,
        "schedule": told.schedule or None,
        "kept": list(told.kept),
        "timeZone": told.time_zone or None,
        "nextRun": utc(told.next_run) or None,
        "nextRunLocal": told.local.isoformat() if told.local is not None else None,
        "problem": told.problem or None,
    }


def action_data(action: Action) -> dict[str, object]:
    """A planned write, as every JSON of Backstop shows it."""
    return {
        "action": action.kind.value,
        "vault": action.vault_id,
        "backupPolicy": action.backup_policy,
        "retain": format_duration(action.retain) if action.retain is not None else None,
        "retainUntil": utc(action.retain_until) or None,
        "disks": None
        if action.disks is None
        else {"luns": list(action.disks.luns), "including": action.disks.including},
    }
