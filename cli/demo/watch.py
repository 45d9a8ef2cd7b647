"""Looks at the work while the host does it: how many of its writes are made, and how each watched VM ends.

The counts are the simulator's. The VMs are looked up where Backstop records them, for words on the screen and for the
real time that a protection took; nothing that decides the demo's result comes from here.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress

from cli.demo.local_azure import LocalAzure
from cli.demo.screen import Screen
from shared.bootstrap import process_backstop
from shared.domain.arm_id import ArmId
from shared.domain.model import Finding, State, Status

_BETWEEN_LOOKS = 0.1  # real seconds


class Watch:
    """`protected` holds the monotonic real second at which each watched VM was first seen protected."""

    def __init__(self, azure: LocalAzure, screen: Screen, vms: Iterable[ArmId], expected: int) -> None:
        self._azure = azure
        self._screen = screen
        self._open = list(vms)
        self._expected = expected
        self._before: Counter[str] | None = None
        self.protected: dict[str, float] = {}

    async def look(self) -> None:
        """Look once; tell of the VMs whose work has ended since the last look."""
        counts = Counter((await self._azure.control("counts"))["byOperation"])
        if self._before is None:
            self._before = counts
        protects, backups = (counts[each] - self._before[each] for each in ("PUT protectedItems", "POST backup"))
        self._screen.advance(protects, backups, self._expected)
        findings = (await process_backstop()).findings
        still_open = []
        for vm in self._open:
            finding = await findings.of(vm)
            if finding is None or not _ended(finding):
                still_open.append(vm)
                continue
            if finding.verdict.state is State.COMPLIANT:
                self.protected[vm.key] = time.monotonic()
            self._screen.vm(finding)
        self._open = still_open

    async def keep_looking(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(_BETWEEN_LOOKS)
            await self.look()


@asynccontextmanager
async def watching(azure: LocalAzure, screen: Screen, vms: Iterable[ArmId], expected: int) -> AsyncIterator[Watch]:
    """Look at these VMs while the block runs and once when it has ended; `expected` writes fill the bar."""
    watch = Watch(azure, screen, vms, expected)
    await watch.look()
    looking = asyncio.create_task(watch.keep_looking())
    try:
        yield watch
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
    await watch.look()


def _ended(finding: Finding) -> bool:
    """Whether the VM is protected, or nothing more is to be done about it."""
    if finding.verdict.state is State.COMPLIANT:
        return True
    return finding.outcome.look_again is None and finding.outcome.status is not Status.QUEUED
