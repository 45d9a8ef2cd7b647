"""`demo`: the whole job against a local Azure. Exit 0 only when nothing was missed and nothing was written wrongly."""

import time
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from cli import exit_codes
from cli.demo.screen import Screen
from cli.demo.story import run_blocking
from cli.demo.summary import passed, summarise
from cli.output.console import out as console
from cli.output.console import plain, print_json
from cli.output.tables import verdict_bars
from shared.domain.model import State
from shared.errors import SettingsError


def run(*, vms: int, seed: int, as_json: bool, out: Path | None) -> int:
    """Tell the story, then hold its end against the local Azure's own labels."""
    began = time.monotonic()
    if out is not None:
        _make(out)
    ended, files = run_blocking(vms, seed, Screen())
    summary = summarise(ended)
    good = passed(summary) and len(files) == 3
    written = _write(files, out) if out is not None else []
    summary |= {"seed": seed, "durationSeconds": round(time.monotonic() - began, 1), "reportFiles": written}
    if as_json:
        print_json(summary)
    else:
        _show(summary, good)
    return exit_codes.DONE if good else exit_codes.FAILED


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        remedy = "Give another folder with --out"
        raise SettingsError(f"{folder} cannot be made: {error.strerror}", code="OUT", remedy=remedy) from None


def _write(files: dict[str, bytes], folder: Path) -> list[str]:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [str(folder / name) for name in files]


def _show(summary: dict[str, Any], good: bool) -> None:
    screen = console()
    screen.print()
    screen.print(plain(f"{summary['discovered']:,} VMs, {summary['protected']:,} of them protected", "bold"))
    screen.print(verdict_bars({State(name): count for name, count in summary["verdicts"].items()}))
    took = summary["timeToProtection"]
    table = Table(box=SIMPLE_HEAD, show_header=False, pad_edge=False)
    for what, figure in (
        ("first backups started, finished", f"{summary['initialBackups']:,}, {summary['initialBackupsFinished']:,}"),
        ("new VMs by event", f"{summary['arrivals']:,}"),
        ("creation to protection, Azure's time", _times(took["virtualSeconds"])),
        ("creation to protection, in this demo", _times(took["realSeconds"])),
        ("writes of the second sweep", f"{summary['secondSweepWrites']:,}"),
        ("took", f"{summary['durationSeconds']} s"),
    ):
        table.add_row(what, figure)
    screen.print(table)
    requests = sorted(summary["requests"].items(), key=lambda each: -each[1])
    screen.print(plain("Requests: " + ", ".join(f"{count:,} {kind}" for kind, count in requests), "bright_black"))
    for name in summary["reportFiles"]:
        screen.print(plain(f"wrote {name}"), soft_wrap=True)
    if not summary["reportFiles"]:
        screen.print(plain("To keep the report: ./backstop demo --out DIR", "bright_black"))
    verdict = f"missed {summary['missed']}, wrong writes {summary['wrongWrites']}: "
    verdict += "every VM is as the local Azure's labels say" if good else "NOT as the local Azure's labels say"
    screen.print(plain(verdict, "bold green" if good else "bold red"))
    for each in summary["missedVms"][:10]:
        screen.print(plain(f"  missed ({each['kind']}): {each['vmId']}: {each['why']}", "red"), soft_wrap=True)
    for each in summary["wrongWriteList"][:10]:
        screen.print(plain(f"  wrong: {each['method']} {each['path']}: {each['why']}", "red"), soft_wrap=True)


def _times(spread: dict[str, float | None]) -> str:
    if spread["p50"] is None or spread["p95"] is None:
        return "no new VM was protected"
    return f"p50 {spread['p50']:.1f} s, p95 {spread['p95']:.1f} s"
