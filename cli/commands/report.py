"""`report`: what is on record, as a summary here and as four files; with `--fresh` after another look."""

import uuid
from pathlib import Path

from cli.options import Options
from cli.output.console import err, out, plain, print_json
from cli.output.placement import held_table
from cli.output.tables import new_table, verdict_bars
from shared.bootstrap import open_backstop
from shared.domain.words import counted
from shared.errors import SettingsError
from shared.reporting.render_json import summary_data
from shared.reporting.reporter import ADVICE_CSV, CSV, HTML, JSON, render
from shared.reporting.summary import ComplianceReport


async def run(options: Options, *, folder: Path | None, fresh: bool) -> int:
    """Always 0 when the report could be made."""
    async with open_backstop(options.settings()) as backstop:
        report = await backstop.reporter.report(backup_policies=not fresh)
        if fresh or not report.findings:
            with err().status("Reading the estate from Resource Graph"):
                await backstop.sweeper.sweep(backstop.settings.scope, uuid.uuid4().hex)
            report = await backstop.reporter.report()
    files = write(report, folder) if folder is not None else []
    if options.as_json:
        print_json({**summary_data(report), "files": files})
    else:
        show(report, files)
    return 0


def write(report: ComplianceReport, folder: Path) -> list[str]:
    """The four files; SettingsError where the folder cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in render(report).items():
            (folder / name).write_bytes(content)
    except OSError as error:
        remedy = "Give another folder with --out"
        raise SettingsError(f"{folder} cannot be written: {error.strerror}", code="OUT", remedy=remedy) from None
    return [str(folder / name) for name in (HTML, CSV, JSON, ADVICE_CSV)]


def show(report: ComplianceReport, files: list[str]) -> None:
    """The summary for a person."""
    console = out()
    first = report.initial_backups
    policy = f"{report.policy.name} ({report.policy.hash}), mode {report.policy.mode}"
    console.print(plain(f"{counted(report.discovered, 'VM')} under policy {policy}", "bold"))
    if report.policy.paused:
        console.print(plain("Paused by policy: nothing is written.", "bold yellow"))
    if report.policy.problem:
        line = f"The policy in its place is not taken; {report.policy.name} stays in force. {report.policy.problem}"
        console.print(plain(line, "bold yellow"), soft_wrap=True)
    console.print(verdict_bars(report.verdicts))
    console.print(
        f"Protected: {report.protected:,}   first backups: {first.done:,} done, {first.running:,} running, "
        f"{first.missing:,} missing, {first.failed:,} failed"
    )
    if report.oldest and report.newest:
        console.print(plain(f"Seen between {report.oldest:%Y-%m-%d %H:%M} and {report.newest:%Y-%m-%d %H:%M} UTC"))
    table = new_table("")
    table.add_column("VMs", justify="right")
    for name in ("reason", "remedy"):
        table.add_column(name)
    for reason, count in report.reasons.items():
        table.add_row(f"{count:,}", reason.sentence, plain(reason.remedy, "bright_black"))
    console.print(table)
    if (waits := held_table(report.waiting, "Put off")) is not None:
        console.print(waits)
    if report.advice:
        advice = new_table("")
        advice.add_column("", justify="right")
        for name in ("advice", "remedy"):
            advice.add_column(name)
        for group in report.advice:
            advice.add_row(f"{group.count:,}", group.advice.sentence, plain(group.advice.remedy, "bright_black"))
        console.print(advice)
    if report.needs_person:
        console.print(
            plain(f"{counted(len(report.needs_person), 'VM')} need a person; the report lists them.", "yellow")
        )
    for name in files:
        console.print(plain(f"wrote {name}"), soft_wrap=True)
