"""`demo`: the whole job against a local Azure. Exit 0 only when nothing was missed and nothing was written wrongly."""

import time
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from cli import exit_codes
from cli.demo.screen import Screen
from cli.demo.story import run_blocking
from cli.demo.summary import Ended, summarise
from cli.demo.weather import SAID, Weather
from cli.output.console import err, plain, print_json
from cli.output.console import out as console
from cli.output.tables import verdict_bars
from shared.domain.model import State
from shared.domain.words import counted
from shared.errors import SettingsError

_REMEDY = "Give another folder with --out"
_SHOWN = 10  # missed VMs and wrong writes in words; --json has them all


def run(*, vms: int, seed: int, as_json: bool, out: Path | None, weather: Weather = Weather.NONE) -> int:
    """Tell the story, then hold its end against the local Azure's own labels."""
    began = time.monotonic()
    if out is not None:
        _make(out)
    ended = run_blocking(vms, seed, Screen(), weather)
    summary = summarise(ended)
    written = _write(ended, out) if out is not None else []
    summary |= {"seed": seed, "durationSeconds": round(time.monotonic() - began, 1), "reportFiles": written}
    if as_json:
        print_json(summary)
        for each in summary["problems"]:
            err().print(plain(f"backstop: {each}", "bold red"), soft_wrap=True)
    else:
        _show(summary)
    return exit_codes.FAILED if summary["problems"] else exit_codes.DONE


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"{folder} cannot be made: {error.strerror}", code="OUT", remedy=_REMEDY) from None


def _write(ended: Ended, folder: Path) -> list[str]:
    try:
        for name, content in ended.files.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise SettingsError(f"{folder} cannot be written to: {error.strerror}", code="OUT", remedy=_REMEDY) from None
    return [str(folder / name) for name in ended.files]


def _show(summary: dict[str, Any]) -> None:
    screen = console()
    screen.print()
    screen.print(plain(f"{counted(summary['discovered'], 'VM')}, {summary['protected']:,} of them protected", "bold"))
    screen.print(verdict_bars({State(name): count for name, count in summary["verdicts"].items()}))
    screen.print(_figures(summary))
    screen.print(_requests(summary["requests"]))
    if summary["faults"]["weather"] != Weather.NONE:
        screen.print(_weather(summary["faults"]))
    screen.print()
    for name in summary["reportFiles"]:
        screen.print(plain(f"wrote {name}"), soft_wrap=True)
    if not summary["reportFiles"]:
        screen.print(plain("To keep the report: ./backstop demo --out DIR", "bright_black"))
    _show_result(summary)


def _figures(summary: dict[str, Any]) -> Table:
    took = summary["timeToProtection"]
    table = Table(box=SIMPLE_HEAD, show_header=False, pad_edge=False)
    for what, figure in (
        ("first backups started, finished", f"{summary['initialBackups']:,}, {summary['initialBackupsFinished']:,}"),
        ("new VMs by event", f"{summary['arrivals']:,}"),
        ("creation to protection, Azure's time", _times(took["virtualSeconds"], 60, "min")),
        ("creation to protection, in this demo", _times(took["realSeconds"], 1, "s")),
        ("writes of the second sweep", f"{summary['secondSweepWrites']:,}"),
        ("took", f"{summary['durationSeconds']} s"),
    ):
        table.add_row(what, figure)
    return table


def _weather(faults: dict[str, Any]) -> Table:
    """What went wrong on purpose, and what came of it."""
    injected, engine = faults["injected"], faults["engine"]
    table = Table(box=SIMPLE_HEAD, show_header=False, pad_edge=False, title=f"Weather: {faults['weather']}")
    for fault, count in injected.items():
        into_writes = faults["injectedIntoWrites"].get(fault, 0)
        table.add_row(SAID.get(fault, fault), f"{count:,}, of them writes {into_writes:,}")
    table.add_row("events taken in, copies included", f"{faults['eventsTakenIn']:,}")
    put_off = engine["looksPutOff"]
    table.add_row("looks at a VM, put off", f"{engine['looks']:,}, {sum(put_off.values()):,}")
    for code, count in sorted(put_off.items(), key=lambda each: -each[1]):
        table.add_row(f"  {code}", f"{count:,}")
    table.add_row("VMs given up until the next sweep", f"{engine['givenUp']:,}")
    again = f"{engine['sweeps']:,}, {engine['extraSweeps']:,}, {engine['sweepsThatCouldNotRead']:,}"
    table.add_row("sweeps, extra ones, ones that could not read", again)
    return table


def _requests(requests: dict[str, int]) -> Table:
    """Two columns of them, the most frequent first, read downwards."""
    ordered = sorted(requests.items(), key=lambda each: (-each[1], each[0]))
    half = -(-len(ordered) // 2)
    table = Table.grid(padding=(0, 2))
    for number in range(half):
        cells: list[Any] = []
        for kind, count in ordered[number::half]:
            cells += [plain(f"{count:>9,}", "bright_black"), plain(kind, "bright_black")]
        table.add_row(*cells)
    return table


def _show_result(summary: dict[str, Any]) -> None:
    screen = console()
    result = f"missed {summary['missed']}, wrong writes {summary['wrongWrites']}"
    if not summary["problems"]:
        screen.print(plain(f"{result}: every VM is as the local Azure's labels say", "bold green"))
        return
    screen.print(plain(f"{result}: this demo FAILED", "bold red"))
    for each in summary["problems"]:
        screen.print(plain(f"  {each}", "red"), soft_wrap=True)
    for each in summary["missedVms"][:_SHOWN]:
        screen.print(plain(f"  missed ({each['kind']}): {each['vmId']}: {each['why']}", "red"), soft_wrap=True)
    for each in summary["wrongWriteList"][:_SHOWN]:
        screen.print(plain(f"  wrong: {each['method']} {each['path']}: {each['why']}", "red"), soft_wrap=True)


def _times(spread: dict[str, float | None], unit: int, name: str) -> str:
    if spread["p50"] is None or spread["p95"] is None:
        return "no new VM was protected"
    return f"p50 {spread['p50'] / unit:.1f} {name}, p95 {spread['p95'] / unit:.1f} {name}"
