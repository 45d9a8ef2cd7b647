"""What the demo shows while it runs, on standard error: a bar for each phase, and some of what happens."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from cli.output.console import err, plain
from shared.bootstrap import process_backstop
from shared.domain.model import Finding, State

SAMPLES = 1
_COLOUR = {
    State.COMPLIANT: "green",
    State.EXEMPT: "cyan",
    State.NON_COMPLIANT: "yellow",
    State.NOT_APPLICABLE: "bright_black",
}


class Screen:
    """A line for each phase; on a terminal, a live one that counts the looks at VMs."""

    def __init__(self) -> None:
        self._looks = 0
        self._events = 0
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def line(self, text: str) -> None:
        """Something that happened."""
        (self._progress.console if self._progress else err()).print(plain(f"  {text}", "dim"))

    @contextmanager
    def phase(self, title: str) -> Iterator[None]:
        """A part of the story; what it took stands behind it when it has ended."""
        began, looks, events = time.monotonic(), self._looks, self._events
        columns = (SpinnerColumn(), TextColumn("[bold]{task.description}"), TextColumn("{task.fields[live]}"))
        live = Progress(*columns, TimeElapsedColumn(), console=err(), transient=True, disable=not err().is_terminal)
        self._progress, self._task = live, live.add_task(title, total=None, live="")
        try:
            with live:
                yield
        finally:
            self._progress, self._task = None, None
        told = [f"{time.monotonic() - began:.1f} s"]
        if self._events > events:
            told.insert(0, f"{self._events - events:,} events")
        if self._looks > looks:
            told.insert(0, f"{self._looks - looks:,} looks at VMs")
        err().print(Text.assemble(("✓ ", "green"), plain(title, "bold"), "  ", plain(", ".join(told), "dim")))

    def on_event(self, kind: str, details: Mapping[str, object]) -> None:
        """What the local host tells."""
        if kind == "succeeded" and details.get("function") == "reconcile_vm":
            self._looks += 1
        if kind == "succeeded" and details.get("function") == "vm_written":
            self._events += 1
        if kind in {"failed", "poisoned"}:
            self.line(f"{kind}: {', '.join(f'{key} {value}' for key, value in details.items())}")
        if self._progress is not None and self._task is not None:
            live = f"{self._looks:,} looks, {self._events:,} events"
            self._progress.update(self._task, live=live)

    async def samples(self) -> None:
        """A few VMs of each verdict, in words."""
        shown: dict[str, int] = {}
        for each in await (await process_backstop()).findings.latest():
            key = each.verdict.reasons[0].reason.code
            if shown.setdefault(key, 0) < SAMPLES and each.verdict.state is not State.UNKNOWN:
                shown[key] += 1
                self._sample(each)

    def _sample(self, finding: Finding) -> None:
        reason = finding.verdict.reasons[0]
        where = ""
        if finding.protection is not None and finding.protection.vault_id:
            vault = finding.protection.vault_id.rsplit("/", 1)[-1]
            where = f" in {vault} under {finding.protection.backup_policy}"
        text = Text.assemble(
            plain(f"    {finding.vm.name:<16} ", "bold"),
            plain(f"{finding.verdict.state:<15}", _COLOUR.get(finding.verdict.state, "")),
            plain(f"{reason.reason.sentence}{where}"),
        )
        err().print(text, no_wrap=True, overflow="ellipsis")
