"""The demo's story: an estate as it is found, a sweep, new VMs, owners who opt out, a second sweep, a report."""

import asyncio
import json
import os
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

from cli.demo import people
from cli.demo.local_azure import LocalAzure, local_azure
from cli.demo.screen import Screen
from cli.demo.summary import Ended
from cli.host.host import LocalHost
from shared.bootstrap import process_backstop
from shared.domain.arm_id import parse_vm_id
from shared.domain.model import State
from shared.reporting.reporter import CSV, HTML, JSON

POLICY = Path(__file__).resolve().parents[2] / "examples" / "demo.yaml"
TAGS_AFTER = timedelta(minutes=3)  # within the policy's settle of ten
BACKUPS_TAKE = timedelta(hours=3)
# The story fires the timers itself; on their own schedule they would come on the way.
_NEVER = "0 0 0 29 2 *"


class Story:
    """Everything that the demo does, in order; `files` are the report's three forms afterwards."""

    def __init__(self, azure: LocalAzure, host: LocalHost, screen: Screen) -> None:
        self._azure = azure
        self._host = host
        self._screen = screen
        self._created_at: dict[str, datetime] = {}
        self._created: dict[str, float] = {}
        self._seen_protected: dict[str, float] = {}
        self.files: dict[str, bytes] = {}

    async def tell(self, vms: int, seed: int) -> Ended:
        """Run it to the end."""
        screen, host, azure = self._screen, self._host, self._azure
        watched = await people.subscribe(azure, host.webhook_url("vm_written"))
        screen.line(
            f"A local Azure with {vms:,} VMs in {watched} subscriptions; Event Grid tells Backstop of each write"
        )
        with screen.phase("First sweep: protect what lacks a backup"):
            await host.invoke_timer("discovery_sweep")
            await host.run_until_idle()
        await screen.samples()
        arrivals = await people.plan_arrivals(azure, max(8, vms // 15), seed)
        with screen.phase(f"{len(arrivals)} new VMs: events arrive, twice and out of order"):
            await self._create(arrivals)
            await host.run_until_idle(host.clock.now() + TAGS_AFTER)
            late = [each for each in arrivals if each.then_tags]
            for each in late:
                await people.opt_out(azure, each)
            screen.line(f"Owners opt out by tag: {len(late)}")
            await host.run_until_idle()
            await self._look_at_arrivals()
        with screen.phase("Hours pass: first backups run to their end"):
            await host.run_until_idle(host.clock.now() + BACKUPS_TAKE)
        before = (await azure.control("counts"))["writes"]
        with screen.phase("Second sweep: nothing should be left to do"):
            await host.invoke_timer("discovery_sweep")
            await host.run_until_idle()
        counts = await azure.control("counts")
        with screen.phase("Report"):
            await host.invoke_timer("compliance_report")
            await self._take_reports()
        return Ended(
            report=json.loads(self.files[JSON]),
            check=await azure.control("check"),
            counts=counts,
            jobs=await people.backup_jobs(azure),
            arrivals=arrivals,
            created_at=self._created_at,
            created=self._created,
            seen_protected=self._seen_protected,
            second_sweep_writes=counts["writes"] - before,
        )

    async def _create(self, arrivals: list[people.Arrival]) -> None:
        for each in arrivals:
            key = each.vm_id.lower()
            self._created_at[key], self._created[key] = self._host.clock.now(), time.monotonic()
            await people.create(self._azure, each)

    async def _look_at_arrivals(self) -> None:
        """Which of the new VMs are protected by now, for the time that it really took."""
        findings = (await process_backstop()).findings
        for key in self._created:
            found = await findings.of(parse_vm_id(key))
            if found is not None and found.verdict.state is State.COMPLIANT:
                self._seen_protected.setdefault(key, time.monotonic())

    async def _take_reports(self) -> None:
        findings = (await process_backstop()).findings
        for name in (HTML, CSV, JSON):
            content = await findings.load_report(name)
            if content is not None:
                self.files[name] = content


async def run_story(vms: int, seed: int, screen: Screen) -> tuple[Ended, dict[str, bytes]]:
    """The whole demo in a state folder of its own, which goes with it; returns what was left and the report's files."""
    async with local_azure(vms, seed) as azure:
        with tempfile.TemporaryDirectory(prefix="backstop-demo-") as state:
            os.environ |= _settings(azure.url, state)
            async with LocalHost(on_event=screen.on_event) as host:
                story = Story(azure, host, screen)
                return await story.tell(vms, seed), story.files


def _settings(url: str, state: str) -> dict[str, str]:
    for name in [each for each in os.environ if each.startswith("BACKSTOP_")]:
        if name not in {"BACKSTOP_DEBUG", "BACKSTOP_LOG", "BACKSTOP_PYTHON"}:
            del os.environ[name]  # the demo is the same for everybody
    return {
        "BACKSTOP_ENDPOINT": url,
        "BACKSTOP_POLICY": str(POLICY),
        "BACKSTOP_STATE": state,
        "BACKSTOP_ENFORCE": "true",
        "BACKSTOP_SWEEP_SCHEDULE": _NEVER,
        "BACKSTOP_REPORT_SCHEDULE": _NEVER,
    }


def run_blocking(vms: int, seed: int, screen: Screen) -> tuple[Ended, dict[str, bytes]]:
    """`run_story` for a caller without an event loop."""
    return asyncio.run(run_story(vms, seed, screen))
