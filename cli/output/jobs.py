"""Backup jobs for a person and for a machine: what is in progress, what failed and what to do about it, what is done.

Failures with one code stand together, with Azure's words, Azure's recommendation and Backstop's remedy said once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.output.console import err, out, plain
from cli.output.tables import ROWS, new_table
from shared.domain.azure_answers import BackupJob
from shared.domain.job_groups import JobGroup, counted, group_of
from shared.domain.troubleshooting import advice_for
from shared.job_board import Board, Wish
from shared.reporting.text import utc

_TITLES = {
    JobGroup.IN_PROGRESS: ("In progress", "cyan"),
    JobGroup.FAILED: ("Failed", "red"),
    JobGroup.WARNINGS: ("Completed with warnings", "yellow"),
    JobGroup.CANCELLED: ("Cancelled", "bright_black"),
    JobGroup.COMPLETED: ("Completed", "green"),
    JobGroup.OTHER: ("In a state that is not known here", "magenta"),
}
_LIVE_ROWS = 12
_WITH_REASONS = frozenset({JobGroup.FAILED, JobGroup.WARNINGS})
#: Groups that hold more than one of Azure's words.
_SEVERAL_WORDS = frozenset({JobGroup.IN_PROGRESS, JobGroup.CANCELLED, JobGroup.OTHER})
_NO_CODE = "no code"


def show(board: Board, jobs: Sequence[BackupJob], wish: Wish, now: datetime) -> None:
    """The tables, groups with nothing in them left out; then what could not be read."""
    console = out()
    found = plain(f"{len(board.jobs):,} backup jobs since {utc(wish.since)}: ", "bold")
    console.print(Text.assemble(found, _tally(board.jobs)), soft_wrap=True)
    for group in JobGroup:
        mine = [each for each in jobs if group_of(each) is group]
        if mine:
            console.print(_reasons(group, mine, now) if group in _WITH_REASONS else _table(group, mine, now))
    if board.not_asked:
        line = f"{board.not_asked:,} vaults were not asked: for them this is what Resource Graph shows, minutes late"
        console.print(plain(line, "bright_black"), soft_wrap=True)
    for each in board.unread:
        name = each.vault_id.rsplit("/", 1)[-1]
        err().print(plain(f"vault {name} could not be read: {each.error}", "red"), soft_wrap=True)


def progress(board: Board, now: datetime) -> RenderableType:
    """What a terminal shows while jobs are followed: the counts, and the jobs that have run for longest."""
    longest = sorted(board.running, key=lambda each: each.started or now)
    parts: list[RenderableType] = [_tally(board.jobs)]
    if longest:
        parts.append(_table(JobGroup.IN_PROGRESS, longest, now, at_most=_LIVE_ROWS))
    return Group(*parts)


def changes(old: Board, new: Board, now: datetime) -> Iterator[Text]:
    """A line for each job that began or ended between two looks; at the first look for each in progress."""
    before = {each.id.lower(): each for each in old.jobs}
    for job in reversed(new.jobs):
        earlier = before.get(job.id.lower())
        if earlier is not None and earlier.status == job.status:
            continue
        if earlier is None and not job.running and not before:
            continue  # it had ended before anybody looked
        said = "begun" if earlier is None and job.running else f"{earlier.status} → " if earlier else ""
        parts = [plain(f"{utc(now)}  "), plain(_name(job), "bold"), plain(f"  {job.operation}  ")]
        if said == "begun":
            parts.append(plain(f"{job.status} since {utc(job.started)}", _style(job)))
        else:
            parts.append(plain(f"{said}{job.status}", _style(job)))
            parts.append(plain(f" after {_took(job, now)}"))
        if job.failed:
            parts.append(plain(f": {_what(job)}", "red"))
        yield Text.assemble(*parts)


def as_data(board: Board, jobs: Sequence[BackupJob], wish: Wish, now: datetime) -> dict[str, object]:
    """For `--json`: `counts` are of all jobs found, `jobs` those asked for."""
    return {
        "since": utc(wish.since),
        "now": utc(now),
        "counts": {group.value: count for group, count in counted(board.jobs).items()},
        "jobs": [_job_data(each, now) for each in jobs],
        "unread": [
            {"vault": each.vault_id, "code": each.error.code, "error": each.error.message} for each in board.unread
        ],
        "vaultsNotAsked": board.not_asked,
    }


def _job_data(job: BackupJob, now: datetime) -> dict[str, object]:
    took = job.lasted(now)
    failure = None
    if job.error_code or job.error or job.failed:
        trouble = advice_for(job.error_code, job.error)
        failure = {
            "code": job.error_code,
            "title": job.error,
            "message": job.error_text,
            "recommendations": list(job.recommendations),
            "kind": trouble.kind.value,
            "remedy": trouble.remedy,
        }
    return {
        "id": job.id,
        "vault": job.vault_id,
        "vm": job.vm_id or None,
        "name": job.name,
        "operation": job.operation,
        "status": job.status,
        "group": group_of(job).value,
        "started": utc(job.started) or None,
        "ended": utc(job.ended) or None,
        "seconds": None if took is None else round(took.total_seconds()),
        "userTriggered": job.user_triggered,
        "failure": failure,
    }


def _tally(jobs: Iterable[BackupJob]) -> Text:
    parts = [
        Text(f"{count:,} {_TITLES[group][0].lower()}", style=_TITLES[group][1])
        for group, count in counted(jobs).items()
        if count or group in {JobGroup.IN_PROGRESS, JobGroup.FAILED, JobGroup.COMPLETED}
    ]
    return Text(", ").join(parts)


def _table(group: JobGroup, jobs: Sequence[BackupJob], now: datetime, at_most: int = ROWS) -> RenderableType:
    title, style = _TITLES[group]
    extra = ("vault", "status") if group in _SEVERAL_WORDS else ("vault",)
    table = _empty(f"{title} ({len(jobs):,})", extra)
    table.title_style = f"bold {style}"
    for each in jobs[:at_most]:
        table.add_row(*_cells(each, now), *([plain(each.status, style)] if len(extra) > 1 else ()))
    return _with_rest(table, len(jobs) - at_most)


def _empty(title: str, extra: Sequence[str] = ("vault",)) -> Table:
    table = new_table(title)
    for name in ("VM", "operation", "began", "took", *extra):
        table.add_column(name, no_wrap=True, overflow="ellipsis", justify="right" if name == "took" else "left")
    return table


def _cells(job: BackupJob, now: datetime) -> list[Text]:
    vault = job.vault_id.rsplit("/", 1)[-1]
    return [plain(_name(job), "bold"), *(plain(each) for each in (job.operation, _when(job), _took(job, now), vault))]


def _reasons(group: JobGroup, jobs: Sequence[BackupJob], now: datetime) -> RenderableType:
    title, style = _TITLES[group]
    parts: list[RenderableType] = [plain(f"{title} ({len(jobs):,})", f"bold {style}")]
    for what, alike in _by_error(jobs).items():
        first = alike[0]
        trouble = advice_for(first.error_code, first.error)
        parts.append(Text.assemble("\n", plain(what, style)))
        told = {
            "Azure says": first.error_text,
            "Azure recommends": " ".join(first.recommendations),
            "It means": trouble.sentence,
            "Remedy": trouble.remedy,
        }
        parts += [Text.assemble((f"  {name}: ", "bold"), plain(text)) for name, text in told.items() if text]
        table = _empty("")
        for each in alike[:ROWS]:
            table.add_row(*_cells(each, now))
        parts.append(_with_rest(table, len(alike) - ROWS))
    return Group(*parts)


def _by_error(jobs: Iterable[BackupJob]) -> Mapping[str, list[BackupJob]]:
    groups: dict[str, list[BackupJob]] = {}
    for each in jobs:
        groups.setdefault(_what(each), []).append(each)
    return dict(sorted(groups.items(), key=lambda pair: -len(pair[1])))


def _with_rest(table: Table, more: int) -> RenderableType:
    if more <= 0:
        return table
    return Group(table, Text(f"… and {more:,} more; --json shows them all", style="bright_black"))


def _what(job: BackupJob) -> str:
    return " ".join(part for part in (job.error_code, job.error) if part) or _NO_CODE


def _name(job: BackupJob) -> str:
    return job.name or job.vm_id.rsplit("/", 1)[-1] or job.item_container.rsplit(";", 1)[-1]


def _style(job: BackupJob) -> str:
    return _TITLES[group_of(job)][1]


def _when(job: BackupJob) -> str:
    return f"{job.started:%Y-%m-%d %H:%M}" if job.started else ""


def _took(job: BackupJob, now: datetime) -> str:
    """`1 h 11 min`, `41 s`; empty where Azure does not tell."""
    took = job.lasted(now)
    if took is None:
        return ""
    seconds = round(took.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {seconds % 60:02d} s"
