"""How a plan differs from the one before, for a person and for a machine; and the plan's writes counted by action."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import RenderableType

from cli.output.console import out, plain
from cli.output.tables import new_table
from shared.domain.model import Action, ActionKind, Finding
from shared.domain.policy_tools.plan_diff import Plan, PlanDiff, Planned, Step

_EXAMPLES = 5
_OF_VAULT = frozenset({ActionKind.CREATE_VAULT, ActionKind.SET_REDUNDANCY})


def by_action(findings: Iterable[Finding]) -> dict[str, int]:
    """How many writes of each kind are planned. What several VMs need of their vault is written once."""
    return {kind: len(_writes(actions)) for kind, actions in _by_kind(findings).items()}


def action_table(findings: Iterable[Finding]) -> RenderableType | None:
    """The planned writes by kind, with the vaults and backup policies they go to; None where there are none."""
    kinds = _by_kind(findings)
    if not kinds:
        return None
    table = new_table("By action")
    for name in ("writes", "action", "vaults", "backup policies"):
        table.add_column(name, justify="right" if name in {"writes", "vaults"} else "left")
    for kind, planned in kinds.items():
        actions = _writes(planned)
        policies = Counter(each.backup_policy for each in actions) if kind not in _OF_VAULT else Counter()
        shown = ", ".join(f"{name} {count:,}" for name, count in policies.most_common(_EXAMPLES))
        more = ", …" if len(policies) > _EXAMPLES else ""
        vaults = len({each.vault_id.lower() for each in actions})
        table.add_row(f"{len(actions):,}", plain(kind, "cyan"), f"{vaults:,}", plain(f"{shown}{more}"))
    return table


def _by_kind(findings: Iterable[Finding]) -> dict[str, list[Action]]:
    kinds: dict[str, list[Action]] = defaultdict(list)
    for each in findings:
        for action in each.actions:
            kinds[action.kind.value].append(action)
    return kinds


def _writes(actions: Sequence[Action]) -> Sequence[Action]:
    """Those of one kind that are writes of their own: a vault or backup policy is made once for all that need it."""
    if actions[0].kind in _OF_VAULT:
        return tuple({each.vault_id.lower(): each for each in actions}.values())
    if actions[0].kind is ActionKind.ENSURE_BACKUP_POLICY:
        return tuple({(each.vault_id.lower(), each.backup_policy.lower()): each for each in actions}.values())
    return actions


def as_data(previous: Plan | None, diff: PlanDiff | None) -> dict[str, Any]:
    """The plan before and what differs; both null with the first plan."""
    if previous is None or diff is None:
        return {"previous": None, "changes": None}
    return {
        "previous": {"at": previous.at, "policy": {"name": previous.policy_name, "hash": previous.policy_hash}},
        "changes": {
            "newlyToChange": [{"vm": each.vm, "now": list(each.steps)} for each in diff.newly],
            "noLongerToChange": [{"vm": each.planned.vm, "why": each.why} for each in diff.no_longer],
            "changedAction": [
                {"vm": now.vm, "before": list(before.steps), "now": list(now.steps)} for before, now in diff.changed
            ],
            "unread": list(diff.unread),
        },
    }


def show(previous: Plan | None, diff: PlanDiff | None, policy_hash: str) -> None:
    """The differences, each kind with a few VMs."""
    console = out()
    if previous is None or diff is None:
        console.print(plain("This is the first plan for this estate and scope; the next one says what has changed."))
        return
    other = (
        "" if previous.policy_hash == policy_hash else f", by policy {previous.policy_name} ({previous.policy_hash})"
    )
    console.print(plain(f"Since the plan of {previous.at}{other}", "bold"))
    _line("newly to change", [(each.vm, _steps(each)) for each in diff.newly], "yellow")
    _line("no longer to change", [(each.planned.vm, each.why) for each in diff.no_longer], "green")
    _line("to change otherwise", [(now.vm, _how(before, now)) for before, now in diff.changed], "cyan")
    _line("not known, since it could not be read", [(each, "") for each in diff.unread], "red")
    if not diff and not diff.unread:
        console.print(plain("  nothing has changed", "bright_black"))


def _line(what: str, vms: Sequence[tuple[str, str]], style: str) -> None:
    """The count, then the VMs by why, a few of each."""
    if not vms:
        return
    out().print(plain(f"  {len(vms):,} {what}", style))
    groups: dict[str, list[str]] = defaultdict(list)
    for vm, why in vms:
        groups[why].append(vm.rsplit("/", 1)[-1])
    for why, names in sorted(groups.items(), key=lambda item: -len(item[1]))[:_EXAMPLES]:
        some = ", ".join(names[:_EXAMPLES]) + (f", … ({len(names):,})" if len(names) > _EXAMPLES else "")
        out().print(plain(f"    {f'{why}: ' if why else ''}{some}", "bright_black"), soft_wrap=True)


def _steps(planned: Planned) -> str:
    return ", then ".join(str(each.get("action", "")) for each in planned.steps) or "follow what Azure is doing already"


def _how(before: Planned, now: Planned) -> str:
    one, other = _steps(before), _steps(now)
    if one != other:
        return f"{one} → {other}"
    differ = {key for old, new in zip(before.steps, now.steps, strict=True) for key in _keys(old, new)}
    return f"{one}, with another {' and '.join(sorted(differ))}"


def _keys(old: Step, new: Step) -> list[str]:
    return [key for key in {*old, *new} if old.get(key) != new.get(key)]
