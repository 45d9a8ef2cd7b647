"""What another policy changes, for a person as tables and for a machine as one object with every VM in it."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cli.output.console import out, plain
from cli.output.tables import ROWS, STYLES, new_table
from shared.domain.model import Action
from shared.domain.policy import EnforcementPolicy
from shared.domain.policy_tools.diff import Aspect, Decision, Edit, EditKind, VmChange
from shared.domain.words import counted
from shared.reporting.render_json import action_data

_EXAMPLES = 3
_EDIT = {EditKind.ADDED: ("+", "green"), EditKind.REMOVED: ("-", "red"), EditKind.CHANGED: ("~", "yellow")}
_LONGEST = 90


@dataclass(frozen=True, slots=True)
class Changes:
    """`old` and `new` with their files; `vms` is how many there are, `changed` those that are shown."""

    old: tuple[str, EnforcementPolicy]
    new: tuple[str, EnforcementPolicy]
    edits: tuple[Edit, ...]
    vms: int
    changed: tuple[VmChange, ...]


def as_data(changes: Changes) -> dict[str, Any]:
    """Everything. `actions` are those planned; `withheld` is the code of what keeps the policy from writing them."""
    counts = Counter(aspect for each in changes.changed for aspect in each.aspects)
    return {
        "old": _policy(*changes.old),
        "new": _policy(*changes.new),
        "edits": [
            {"kind": each.kind.value, "path": each.path, "before": each.before, "after": each.after}
            for each in changes.edits
        ],
        "vms": changes.vms,
        "changed": len(changes.changed),
        "byAspect": {aspect.value: counts[aspect] for aspect in Aspect},
        "groups": [
            {
                "before": before,
                "after": after,
                "vms": len(group),
                "examples": [each.vm.text for each in group[:_EXAMPLES]],
            }
            for (before, after), group in _groups(changes).items()
        ],
        "changes": [
            {
                "vm": each.vm.text,
                "aspects": sorted(aspect.value for aspect in each.aspects),
                "before": _decision(each.before),
                "after": _decision(each.after),
            }
            for each in changes.changed
        ],
    }


def show(changes: Changes) -> None:
    """The files' differences, then the VMs, grouped by what they were and would be."""
    console = out()
    console.print(plain("The policies", "bold"))
    for each in changes.edits:
        mark, style = _EDIT[each.kind]
        console.print(plain(f"  {mark} {_edit(each)}", style), soft_wrap=True)
    if not changes.edits:
        console.print(plain("  mean the same", "bright_black"))
    if not changes.changed:
        console.print(plain(f"No change for any of {counted(changes.vms, 'VM')}.", "bold green"))
        return
    table = new_table(f"{len(changes.changed):,} of {counted(changes.vms, 'VM')} change")
    for name in ("VMs", "from", "to", "such as"):
        table.add_column(name, justify="right" if name == "VMs" else "left")
    groups = _groups(changes)
    for (before, after), group in list(groups.items())[:ROWS]:
        examples = ", ".join(each.vm.name for each in group[:_EXAMPLES]) + (", …" if len(group) > _EXAMPLES else "")
        first = group[0]
        table.add_row(
            f"{len(group):,}",
            plain(before, STYLES[first.before.verdict.state]),
            plain(after, STYLES[first.after.verdict.state]),
            plain(examples),
        )
    console.print(table)
    if len(groups) > ROWS:
        console.print(plain(f"… and {len(groups) - ROWS:,} more groups; --json has every VM", "bright_black"))
    starts = sum(1 for each in changes.changed if each.after.writes and not each.before.writes)
    ends = sum(1 for each in changes.changed if each.before.writes and not each.after.writes)
    console.print(plain(f"Newly to be written to: {starts:,}. No longer: {ends:,}.", "bold"))


def _groups(changes: Changes) -> Mapping[tuple[str, str], list[VmChange]]:
    """By what was and what would be, the largest first."""
    found: dict[tuple[str, str], list[VmChange]] = {}
    for each in changes.changed:
        kinds = [[action.kind for action in side.actions] for side in (each.before, each.after)]
        where = kinds[0] == kinds[1] and each.before.actions != each.after.actions
        found.setdefault((_words(each.before, where), _words(each.after, where)), []).append(each)
    return dict(sorted(found.items(), key=lambda item: -len(item[1])))


def _words(decision: Decision, where: bool) -> str:
    """A decision without what is the VM's own, so that many VMs share it; `where` adds vault and backup policy."""
    verdict = decision.verdict
    reasons = ", ".join(each.reason.code for each in verdict.reasons)
    lines = [f"{verdict.state}{f' by {verdict.rule}' if verdict.rule else ''}: {reasons}"]
    if decision.actions or decision.held:
        steps = ", then ".join(_action(each, where) for each in decision.actions) or "no action"
        lines.append(f"{steps}{_held(decision)}")
    return "; ".join(lines)


def _action(action: Action, where: bool) -> str:
    vault = action.vault_id.rsplit("/", 1)[-1]
    return f"{action.kind} ({vault}, {action.backup_policy})" if where else action.kind.value


def _held(decision: Decision) -> str:
    held = f" [held up: {decision.held}]" if decision.held else ""
    return f"{held} [not written: {decision.withheld}]" if decision.withheld else held


def _decision(decision: Decision) -> dict[str, Any]:
    verdict = decision.verdict
    return {
        "state": verdict.state.value,
        "rule": verdict.rule,
        "reasons": [{"code": each.reason.code, "detail": each.detail} for each in verdict.reasons],
        "actions": [action_data(each) for each in decision.actions],
        "withheld": decision.withheld or None,
        "held": decision.held or None,
    }


def _edit(edit: Edit) -> str:
    if edit.kind is EditKind.CHANGED:
        return f"{edit.path}: {_value(edit.before)} → {_value(edit.after)}"
    return f"{edit.path}: {_value(edit.after if edit.kind is EditKind.ADDED else edit.before)}"


def _value(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _policy(file: str, policy: EnforcementPolicy) -> dict[str, str]:
    return {"file": file, "name": policy.metadata.name, "mode": policy.spec.mode.value, "hash": policy.hash}
