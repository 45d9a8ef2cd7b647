"""Tables and bars for the terminal. Every text in them that comes from Azure is printed as it is, without markup."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.output.console import out, plain
from shared.domain.model import Finding, State, Status
from shared.domain.reasons import OPT_OUT_REASONS, Reason

ROWS = 40  # more than this no person reads in a terminal; --json and the report have them all
STYLES = {
    State.COMPLIANT: "green",
    State.EXEMPT: "cyan",
    State.NOT_APPLICABLE: "bright_black",
    State.NON_COMPLIANT: "yellow",
    State.UNKNOWN: "red",
}
_BAR = 40
_COLUMNS = {"VM": 0, "resource group": 60, "backup policy": 80, "vault": 115}  # from which width on each is shown
_NAME, _REASON = 15, 18


def verdict_bars(verdicts: Mapping[State, int]) -> RenderableType:
    """A bar for each of the five states, with its count."""
    total = max(sum(verdicts.values()), 1)
    table = Table.grid(padding=(0, 1))
    for state in State:
        count = verdicts.get(state, 0)
        width = max(round(count / total * _BAR), 1) if count else 0
        bar = Text("█" * width, style=STYLES[state]) + Text("·" * (_BAR - width), style="bright_black")
        table.add_row(Text(state, style=STYLES[state]), Text(f"{count:,}", justify="right"), bar)
    return table


def plan_table(findings: Sequence[Finding]) -> RenderableType:
    """What would be done to which VM, and why; grouped by what would be done."""
    if not findings:
        return Text("Nothing to do: every VM that must have a backup has one.", style="green")
    parts: list[RenderableType] = []
    for steps, group in _by_steps(findings).items():
        parts.append(_one_plan(f"{steps} ({len(group):,})", group[:ROWS]))
        if len(group) > ROWS:
            parts.append(Text(f"… and {len(group) - ROWS:,} more; --json shows them all", style="bright_black"))
    return Group(*parts)


def _one_plan(title: str, findings: Sequence[Finding]) -> Table:
    """A narrow terminal shows fewer columns, so that those which remain can be read: which VM, and why."""
    table, width = new_table(title), out().width
    shown = [column for column, needs in _COLUMNS.items() if width >= needs]
    for name in shown:
        table.add_column(name, no_wrap=True, overflow="ellipsis", min_width=_NAME if name == "VM" else None)
    table.add_column("why", min_width=_REASON)
    for each in findings:
        first = each.actions[0] if each.actions else None
        cells = {
            "VM": plain(each.vm.name, "bold"),
            "resource group": plain(each.vm.resource_group),
            "vault": plain(first.vault_id.rsplit("/", 1)[-1] if first else ""),
            "backup policy": plain(first.backup_policy if first else ""),
        }
        table.add_row(*(cells[name] for name in shown), plain(_codes(each)))
    return table


def new_table(title: str) -> Table:
    """An empty table in the one style of this command line: no grid, so that it is calm and can be copied."""
    return Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1))


def left_alone(findings: Iterable[Finding]) -> RenderableType | None:
    """The VMs that stay without the backup they should have, by reason; None where there are none.

    Those that are put off are told elsewhere, with what they wait for.
    """
    bare = [
        each
        for each in findings
        if each.verdict.state in {State.NON_COMPLIANT, State.UNKNOWN} and not each.actions
        if not (each.outcome.status is Status.DEFERRED and each.outcome.error_code)
    ]
    if not bare:
        return None
    reasons = Counter(_telling(each) for each in bare)
    table = new_table(f"Reported, left to a person ({len(bare):,})")
    for name in ("VMs", "reason", "remedy"):
        table.add_column(name, justify="right" if name == "VMs" else "left")
    for reason, count in reasons.most_common():
        table.add_row(f"{count:,}", plain(reason.sentence), plain(reason.remedy, "bright_black"))
    return table


def _telling(finding: Finding) -> Reason:
    """The last reason says most, but an opt-out that is not honoured is none for staying without a backup."""
    told = [each.reason for each in finding.verdict.reasons]
    return next((each for each in reversed(told) if each not in OPT_OUT_REASONS), told[-1])


def failures(findings: Sequence[Finding]) -> RenderableType:
    """What failed, with Azure's code and the remedy."""
    table = new_table(f"Failed ({len(findings):,})")
    for name in ("VM", "code", "what Azure says", "remedy"):
        table.add_column(name)
    for each in findings[:ROWS]:
        done = each.outcome
        table.add_row(plain(each.vm.name, "bold"), plain(done.error_code, "red"), plain(done.error), plain(done.remedy))
    return table


def _by_steps(findings: Sequence[Finding]) -> dict[str, list[Finding]]:
    groups: dict[str, list[Finding]] = {}
    for each in findings:
        steps = ", then ".join(action.kind for action in each.actions) or "Follow what Azure is doing already"
        groups.setdefault(steps, []).append(each)
    return groups


def _codes(finding: Finding) -> str:
    return ", ".join(each.reason.code for each in finding.verdict.reasons)
