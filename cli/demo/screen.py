"""What the demo shows while it runs, on standard error: a bar for each phase, and in words some of what happens.

Without a terminal the same lines come without bar and colour, and none is cut.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from cli.output.console import err, plain
from cli.output.tables import STYLES
from shared.domain.model import Finding, State

ALIKE = 2  # so many VMs with the same verdict and reason are shown in a phase
_BAR = 12
_NAME = 13
_WORDS = {
    State.EXEMPT: "left alone: ",
    State.NOT_APPLICABLE: "left alone: ",
    State.NON_COMPLIANT: "reported: ",
    State.UNKNOWN: "not known: ",
}


class Screen:
    """A line for each phase; on a terminal a live one."""

    def __init__(self) -> None:
        self._looks = 0
        self.events = 0  # taken in from Event Grid, copies included
        self._backups = 0
        self._shown: dict[tuple[str, ...], int] = {}
        self._live: tuple[Progress, TaskID] | None = None

    def line(self, text: str) -> None:
        """Something that happened."""
        self._print(plain(f"  {text}", "dim"))

    @contextmanager
    def phase(self, title: str) -> Iterator[None]:
        """A part of the story; what it took stands behind it when it has ended well."""
        began, looks, events = time.monotonic(), self._looks, self.events
        self._backups = 0
        self._shown.clear()
        columns = (
            SpinnerColumn(),
            TextColumn("[bold]{task.description}"),
            BarColumn(_BAR),
            TextColumn("{task.fields[live]}"),
            TimeElapsedColumn(),
        )
        live = Progress(*columns, console=err(), transient=True, disable=not err().is_terminal)
        self._live = live, live.add_task(title, total=None, live="")
        try:
            with live:
                yield
        finally:
            self._live = None
        told = [f"{time.monotonic() - began:.1f} s"]
        if self.events > events:
            told.insert(0, f"{self.events - events:,} events")
        elif self._looks > looks:
            told.insert(0, f"{self._looks - looks:,} looks")
        if self._backups:
            told.insert(0, f"{self._backups:,} backups")
        self._print(Text.assemble(("✓ ", "green"), plain(title, "bold"), "  ", plain(", ".join(told), "dim")))

    def advance(self, protects: int, backups: int, total: int) -> None:
        """So many writes of either kind this phase has seen, of so many that are expected."""
        self._backups, done = backups, protects + backups
        if self._live is not None and total:
            live, task = self._live
            live.update(task, completed=done, total=max(done, total), live=f"{done:,}/{total:,}")

    def on_event(self, kind: str, details: Mapping[str, object]) -> None:
        """What the local host tells."""
        if kind == "succeeded" and details.get("function") == "reconcile_vm":
            self._looks += 1
        if kind == "succeeded" and details.get("function") == "vm_written":
            self.events += 1
        if kind in {"failed", "poisoned"}:
            self.line(f"{kind}: {', '.join(f'{key} {value}' for key, value in details.items())}")

    def vm(self, finding: Finding, alike: int = ALIKE) -> None:
        """How it ended for a VM, unless enough others of this phase were shown for whom it ended alike."""
        state, reasons = finding.verdict.state, finding.verdict.reasons
        # Why it is left alone stands first, why it could not be protected last.
        reason = reasons[-1 if state is State.NON_COMPLIANT else 0].reason
        key = (state, finding.verdict.rule) if state is State.COMPLIANT else (state, reason.code)
        self._shown[key] = self._shown.get(key, 0) + 1
        if self._shown[key] > alike:
            return
        said = _WORDS.get(state, "") + reason.sentence
        if state is State.COMPLIANT and finding.protection is not None and finding.protection.vault_id:
            vault = finding.protection.vault_id.rsplit("/", 1)[-1]
            said = f"protected in {vault} under {finding.protection.backup_policy}"
        style = STYLES[state]
        name = plain(f"  {finding.vm.name:<{_NAME}}", "bold")
        self._print(Text.assemble(name, (" ▸ ", style), plain(said, style)))

    def others(self, findings: Iterable[Finding]) -> None:
        """A VM of each reason for which VMs were left as they are."""
        self._shown.clear()
        for each in sorted(findings, key=lambda each: each.verdict.state.value):
            if each.verdict.state is not State.COMPLIANT:
                self.vm(each, alike=1)

    def _print(self, text: Text) -> None:
        console: Console = self._live[0].console if self._live else err()
        if console.is_terminal:
            console.print(text, no_wrap=True, overflow="ellipsis")
        else:
            console.print(text, soft_wrap=True)
