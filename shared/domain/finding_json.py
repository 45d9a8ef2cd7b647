"""A finding as JSON text, and back without loss: the one form in which every store keeps it.

Both finding stores, the local one and the one in Azure, use it, so a report says the same wherever it is made.
Decoding is strict: a text that `encode` did not write is a `ValueError`, never a finding with holes in it.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from shared.domain.advice import Advice, Advisory
from shared.domain.arm_id import parse_vm_id
from shared.domain.model import (
    Action,
    ActionKind,
    DiskSelection,
    Finding,
    Outcome,
    Protection,
    ProtectionState,
    ReasonDetail,
    State,
    Status,
    Verdict,
)
from shared.domain.opt_out_stretch import OptOutStretch
from shared.domain.reasons import Reason

VERSION = 3  # 1 knew neither opt-out stretches nor a selection of disks, 2 neither sizes nor advice
_LATER: Mapping[int, Mapping[str, object]] = {
    1: {"optOut": None, "diskGb": None, "advisories": []},
    2: {"diskGb": None, "advisories": []},
}
_MICROSECOND = timedelta(microseconds=1)


def encode(finding: Finding) -> str:
    """One line of ASCII JSON; the same text for the same finding."""
    verdict, outcome = finding.verdict, finding.outcome
    return json.dumps(
        {
            "version": VERSION,
            "vm": finding.vm.text,
            "location": finding.location,
            "state": verdict.state.value,
            "reasons": [[each.reason.code, each.detail] for each in verdict.reasons],
            "rule": verdict.rule,
            "protection": _protection_out(finding.protection),
            "actions": [_action_out(each) for each in finding.actions],
            "outcome": {
                "status": outcome.status.value,
                "lookAgain": _moment_out(outcome.look_again),
                "errorCode": outcome.error_code,
                "error": outcome.error,
                "remedy": outcome.remedy,
                "failedTry": outcome.failed_try,
            },
            "at": _moment_out(finding.at),
            "cause": finding.cause,
            "correlationId": finding.correlation_id,
            "runId": finding.run_id,
            "policyHash": finding.policy_hash,
            "optOut": _stretch_out(finding.opt_out),
            "diskGb": finding.disk_gb,
            "advisories": [_advisory_out(each) for each in finding.advisories],
        },
        separators=(",", ":"),
    )


def decode(text: str | bytes) -> Finding:
    """The finding in `text`; ValueError says what is wrong with it."""
    try:
        data = json.loads(text)
        version = data["version"]
        if version == 1:
            data["actions"] = [{**each, "disks": None} for each in data["actions"]]
        elif version not in (2, VERSION):
            raise ValueError(f"version {version!r} instead of {VERSION}")
        data |= _LATER.get(version, {})
        at = _moment_in(data["at"])
        if at is None:
            raise ValueError("it has no time")
        outcome = data["outcome"]
        return Finding(
            vm=parse_vm_id(_text(data, "vm")),
            location=_text(data, "location"),
            verdict=Verdict(
                State(data["state"]),
                tuple(_reason_in(each) for each in data["reasons"]),
                _text(data, "rule"),
            ),
            protection=_protection_in(data["protection"]),
            actions=tuple(_action_in(each) for each in data["actions"]),
            outcome=Outcome(
                Status(outcome["status"]),
                _moment_in(outcome["lookAgain"]),
                _text(outcome, "errorCode"),
                _text(outcome, "error"),
                _text(outcome, "remedy"),
                _flag(outcome, "failedTry"),
            ),
            at=at,
            cause=_text(data, "cause"),
            correlation_id=_text(data, "correlationId"),
            run_id=_text(data, "runId"),
            policy_hash=_text(data, "policyHash"),
            opt_out=_stretch_in(data["optOut"]),
            disk_gb=_size_in(data["diskGb"]),
            advisories=tuple(_advisory_in(each) for each in data["advisories"]),
        )
    except (KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(f"not a finding: {type(error).__name__} {error}") from None
    except ValueError as error:
        raise ValueError(f"not a finding: {error}") from None


def _reason_in(data: Any) -> ReasonDetail:
    code, detail = data
    if not isinstance(detail, str):
        raise ValueError("a reason's detail is not text")
    return ReasonDetail(Reason[code], detail)


def _protection_out(protection: Protection | None) -> dict[str, object] | None:
    if protection is None:
        return None
    return {
        "state": protection.state.value,
        "itemId": protection.item_id,
        "vaultId": protection.vault_id,
        "backupPolicy": protection.backup_policy,
        "hasRecoveryPoint": protection.has_recovery_point,
        "lastBackup": _moment_out(protection.last_backup),
        "lastBackupStatus": protection.last_backup_status,
        "backupRunning": protection.backup_running,
        "recoveryPoint": _moment_out(protection.recovery_point),
    }


def _protection_in(data: Any) -> Protection | None:
    if data is None:
        return None
    return Protection(
        ProtectionState(data["state"]),
        _text(data, "itemId"),
        _text(data, "vaultId"),
        _text(data, "backupPolicy"),
        _flag(data, "hasRecoveryPoint"),
        _moment_in(data["lastBackup"]),
        _text(data, "lastBackupStatus"),
        _flag(data, "backupRunning"),
        _moment_in(data.get("recoveryPoint")),
    )


def _action_out(action: Action) -> dict[str, object]:
    return {
        "kind": action.kind.value,
        "vm": action.vm.text,
        "vaultId": action.vault_id,
        "backupPolicy": action.backup_policy,
        "itemId": action.item_id,
        "retainMicroseconds": None if action.retain is None else action.retain // _MICROSECOND,
        "retainUntil": _moment_out(action.retain_until),
        "disks": None if action.disks is None else [action.disks.including, *action.disks.luns],
    }


def _action_in(data: Any) -> Action:
    retain = data["retainMicroseconds"]
    if retain is not None and type(retain) is not int:
        raise ValueError("retainMicroseconds is not a whole number")
    return Action(
        ActionKind(data["kind"]),
        parse_vm_id(_text(data, "vm")),
        _text(data, "vaultId"),
        _text(data, "backupPolicy"),
        _text(data, "itemId"),
        None if retain is None else retain * _MICROSECOND,
        _moment_in(data["retainUntil"]),
        _disks_in(data["disks"]),
    )


def _disks_in(data: Any) -> DiskSelection | None:
    if data is None:
        return None
    including, *luns = data
    if type(including) is not bool or any(type(each) is not int for each in luns):
        raise ValueError("disks are not a choice and its LUNs")
    return DiskSelection(tuple(luns), including)


def _stretch_out(stretch: OptOutStretch | None) -> dict[str, object] | None:
    if stretch is None:
        return None
    return {
        "firstSeen": _moment_out(stretch.first_seen),
        "lastSeen": _moment_out(stretch.last_seen),
        "text": stretch.text,
        "by": stretch.by,
    }


def _stretch_in(data: Any) -> OptOutStretch | None:
    if data is None:
        return None
    first, last = _moment_in(data["firstSeen"]), _moment_in(data["lastSeen"])
    if first is None or last is None:
        raise ValueError("an opt-out has no time")
    return OptOutStretch(first, last, _text(data, "text"), _text(data, "by"))


def encode_advisory(advisory: Advisory) -> str:
    """A piece of advice by itself, as one line of ASCII JSON."""
    return json.dumps(_advisory_out(advisory), separators=(",", ":"))


def decode_advisory(text: str | bytes) -> Advisory:
    """The advice in `text`; ValueError says what is wrong with it."""
    try:
        return _advisory_in(json.loads(text))
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"no advice: {type(error).__name__} {error}") from None


def _advisory_out(advisory: Advisory) -> list[object]:
    vm = advisory.vm.text if advisory.vm is not None else None
    return [advisory.advice.code, advisory.resource_id, advisory.detail, vm]


def _advisory_in(data: Any) -> Advisory:
    code, resource_id, detail, vm = data
    if not isinstance(resource_id, str) or not isinstance(detail, str):
        raise ValueError("an advisory's texts are none")
    return Advisory(Advice[code], resource_id, detail, None if vm is None else parse_vm_id(vm))


def _size_in(value: Any) -> int | None:
    if value is not None and (type(value) is not int or value < 0):
        raise ValueError("diskGb is not a size")
    return value


def _moment_out(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _moment_in(value: Any) -> datetime | None:
    if value is None:
        return None
    moment = datetime.fromisoformat(value)
    if moment.utcoffset() != timedelta(0):
        raise ValueError(f"a time that is not UTC: {value!r}")
    return moment.astimezone(UTC)


def _text(data: Mapping[str, object], key: str) -> str:
    if not isinstance(data[key], str):
        raise ValueError(f"{key} is not text")
    return cast("str", data[key])


def _flag(data: Mapping[str, object], key: str) -> bool:
    if not isinstance(data[key], bool):
        raise ValueError(f"{key} is neither true nor false")
    return cast("bool", data[key])
