"""Where a plan's VMs go, and what waits, for a person and for a machine."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import RenderableType

from cli.output.console import plain
from cli.output.tables import ROWS, new_table
from shared.domain.policy_tools.placement_summary import HeldUp, PlacementSummary, PolicyUse, VaultUse
from shared.reporting.render_json import held_data
from shared.reporting.text import utc

_POLICIES = 6  # named for each vault; more are counted
_WIDE = 110  # columns of a terminal that shows the moments too
_DAYS = 7
_NAME, _NUMBER = 15, 6


def where_they_go(summary: PlacementSummary, width: int) -> RenderableType | None:
    """The vaults with what each gets, for so many columns; None where no VM goes to any."""
    if not summary.vaults:
        return None
    table, wide = new_table(f"Where they go: {summary.in_words}"), width >= _WIDE
    table.add_column("vault", overflow="fold", min_width=_NAME)
    table.add_column("VMs", justify="right", no_wrap=True)
    table.add_column("a day", overflow="fold", min_width=_NUMBER)
    for name in ("first", "last") if wide else ():
        table.add_column(name, no_wrap=True)
    table.add_column("backup policies", overflow="fold")
    for each in summary.vaults[:ROWS]:
        vault = plain(each.id.name, "bold")
        if each.to_be_made:
            vault.append("\n").append(plain(_made_as(each), "yellow"))
        when = (each.first, each.last) if wide else ()
        cells = (plain(f"{moment:%Y-%m-%d %H:%M}") for moment in when)
        table.add_row(vault, f"{each.vms:,}", plain(_a_day(each.per_day)), *cells, plain(_policies(each.policies)))
    if len(summary.vaults) > ROWS:
        left = summary.vaults[ROWS:]
        table.add_row(plain(f"… and {len(left):,} more; --json shows them all", "bright_black"), _vms(left))
    return table


def held_table(held: Sequence[HeldUp], title: str) -> RenderableType | None:
    """What waits, with its reason, until when, and what to do; None where nothing does."""
    if not held:
        return None
    table = new_table(f"{title} ({sum(each.vms for each in held):,})")
    for name in ("VMs", "reason", "until (UTC)", "remedy"):
        table.add_column(name, justify="right" if name == "VMs" else "left")
    for each in held[:ROWS]:
        why = plain(each.code, "bold") + plain(f"  {each.why}" if each.why else "")
        table.add_row(f"{each.vms:,}", why, plain(_until(each)), plain(each.remedy, "bright_black"))
    if len(held) > ROWS:
        rest = held[ROWS:]
        more = plain(f"… and {len(rest):,} reasons more; --json shows them all", "bright_black")
        table.add_row(f"{sum(each.vms for each in rest):,}", more)
    return table


def as_data(summary: PlacementSummary) -> dict[str, Any]:
    """All of it. `until` is null for what waits for a person."""
    return {
        "vaults": [_vault(each) for each in summary.vaults],
        "held": held_data(summary.held),
        "totals": {
            "vaults": len(summary.vaults),
            "vaultsToBeMade": sum(each.to_be_made for each in summary.vaults),
            "backupPolicies": len(summary.policies),
            "backupPoliciesToBeMade": sum(each.to_be_made for each in summary.policies),
            "vms": sum(each.vms for each in summary.vaults),
            "days": summary.days,
        },
    }


def _vault(use: VaultUse) -> dict[str, Any]:
    return {
        "id": use.id.text,
        "toBeMade": use.to_be_made,
        "location": use.location,
        "redundancy": use.redundancy or None,
        "vms": use.vms,
        "days": len(use.per_day),
        "registrations": list(use.per_day),
        "from": utc(use.first),
        "until": utc(use.last),
        "backupPolicies": [
            {"name": each.name, "toBeMade": each.to_be_made, "toBeChanged": each.to_be_changed, "vms": each.vms}
            for each in use.policies
        ],
    }


def _made_as(use: VaultUse) -> str:
    redundancy = use.redundancy or "redundancy as Azure gives it"
    return f"to be made in group {use.id.resource_group}, {redundancy}"


def _policies(policies: Sequence[PolicyUse]) -> str:
    parts = []
    for what, chosen in (
        ("", [each for each in policies if not (each.to_be_made or each.to_be_changed)]),
        ("to be made: ", [each for each in policies if each.to_be_made]),
        ("to be changed: ", [each for each in policies if each.to_be_changed]),
    ):
        if chosen:
            named = ", ".join(f"{each.name} {each.vms:,}" for each in chosen[:_POLICIES])
            more = f" and {len(chosen) - _POLICIES:,} more" if len(chosen) > _POLICIES else ""
            parts.append(f"{what}{named}{more}")
    return "; ".join(parts)


def _a_day(per_day: Sequence[int]) -> str:
    """Such as 250, 250, 100: each day's registrations."""
    shown = ", ".join(f"{each:,}" for each in per_day[:_DAYS])
    return f"{shown}, … {len(per_day):,} days" if len(per_day) > _DAYS else shown


def _until(held: HeldUp) -> str:
    if held.first is None or held.until is None:
        return "a person acts"
    first, last = f"{held.first:%Y-%m-%d %H:%M}", f"{held.until:%Y-%m-%d %H:%M}"
    return last if first == last else f"{first} to {last}"


def _vms(uses: Iterable[VaultUse]) -> str:
    return f"{sum(each.vms for each in uses):,}"
