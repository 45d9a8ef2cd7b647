"""The demo's story: an estate as it is found, a sweep, new VMs, owners who opt out, a second sweep, a report."""

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Coroutine
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cli.demo import people
from cli.demo.local_azure import LocalAzure, local_azure
from cli.demo.screen import Screen
from cli.demo.summary import Ended
from cli.demo.watch import watching
from cli.demo.weather import Weather, Weathered, begin
from cli.host.host import LocalHost
from shared.bootstrap import process_backstop
from shared.domain.arm_id import parse_vm_id
from shared.domain.model import Finding, State, Status
from shared.domain.words import counted
from shared.errors import RetryLaterError
from shared.reporting.reporter import CSV, HTML, JSON

POLICY = Path(__file__).resolve().parents[2] / "examples" / "demo.yaml"
TAGS_AFTER = timedelta(minutes=3)  # within the policy's settle of ten
BACKUPS_TAKE = timedelta(hours=3)
SWEEP_AGAIN = timedelta(minutes=30)
MOST_EXTRA_SWEEPS = 6
WATCHED = 40  # VMs of the first sweep that are looked at, to show a few of them
# The story fires the timers itself; on their own schedule they would come on the way.
_NEVER = "0 0 0 29 2 *"


class Story:
    """Everything that the demo does, in order."""

    def __init__(self, azure: LocalAzure, host: LocalHost, screen: Screen, weather: Weather) -> None:
        self._azure = azure
        self._host = host
        self._screen = screen
        self._created_at: dict[str, datetime] = {}
        self._created: dict[str, float] = {}
        self._seen_protected: dict[str, float] = {}
        self._weathered = Weathered(weather)

    async def tell(self, vms: int, seed: int) -> Ended:
        """Run it to the end."""
        screen, host, azure = self._screen, self._host, self._azure
        watched = await people.subscribe(azure, host.webhook_url("vm_written"))
        screen.line(f"A local Azure at {azure.url}: {counted(vms, 'VM')} in {watched} subscriptions")
        screen.line("Its Event Grid tells Backstop of each write to a VM")
        await begin(azure, self._weathered.weather)
        if self._weathered.weather is not Weather.NONE:
            screen.line(f"From now on its weather is {self._weathered.weather}: requests of Backstop's fail at random")
        with screen.phase("First sweep: protect what lacks a backup"):
            await self._first_sweep()
        await self._sweep_up()
        findings = (await process_backstop()).findings
        screen.others(await findings.latest())
        arrivals = await people.plan_arrivals(azure, max(8, vms // 15), seed)
        owners = [each for each in arrivals if each.then_tags]
        screen.line(
            f"People create {counted(len(arrivals), 'VM')}; owners who opt out by tag minutes later: {len(owners)}"
        )
        with screen.phase("New VMs: events come twice, out of order"):
            await self._arrivals(arrivals, owners)
        await self._sweep_up()
        with screen.phase("Hours pass: first backups run to their end"):
            await host.run_until_idle(host.clock.now() + BACKUPS_TAKE)
        before = (await azure.control("counts"))["writes"]
        with screen.phase("Second sweep: nothing should be left to do"):
            await self._sweep()
            await host.run_until_idle()
        counts = await azure.control("counts")
        with screen.phase("Report"):
            await host.invoke_timer("compliance_report")
        await self._tell_of_the_weather()
        kept = {name: await findings.load_report(name) for name in (HTML, CSV, JSON)}
        return Ended(
            files={name: content for name, content in kept.items() if content},
            check=await azure.control("check"),
            counts=counts,
            state=await azure.control("state"),
            writes=await azure.control("writes"),
            jobs=await people.backup_jobs(azure),
            arrivals=arrivals,
            created_at=self._created_at,
            created=self._created,
            seen_protected=self._seen_protected,
            second_sweep_writes=counts["writes"] - before,
            weathered=self._weathered,
        )

    async def _sweep(self) -> None:
        """Discover and queue. Where the estate cannot be read, wait for the next time, as the timer would."""
        for _ in range(MOST_EXTRA_SWEEPS):
            self._weathered.sweeps += 1
            try:
                await self._host.invoke_timer("discovery_sweep")
            except RetryLaterError as error:
                self._screen.line(f"The sweep could not read the estate ({error.code}); the next one is to try again")
            else:
                if not any(each.verdict.state is State.UNKNOWN for each in await self._on_record()):
                    return
                self._screen.line("The sweep could not read all of the estate: unknown until the next one has")
            self._weathered.unread_sweeps += 1
            await self._host.run_until_idle(self._host.clock.now() + SWEEP_AGAIN)

    async def _sweep_up(self) -> None:
        """What Backstop itself has on record as failed or not known is taken up by the next sweep, and told."""
        for _ in range(MOST_EXTRA_SWEEPS):
            left = [each for each in await self._on_record() if _is_left(each)]
            if not left:
                return
            self._weathered.extra_sweeps += 1
            with self._screen.phase(f"Another sweep: {counted(len(left), 'VM')} could not be finished in this weather"):
                await self._host.run_until_idle(self._host.clock.now() + SWEEP_AGAIN)
                await self._sweep()
                await self._host.run_until_idle()

    async def _on_record(self) -> tuple[Finding, ...]:
        return await (await process_backstop()).findings.latest()

    async def _tell_of_the_weather(self) -> None:
        told, backstop = self._weathered, await process_backstop()
        told.faults = await self._azure.control("faults")
        told.events = self._screen.events
        told.tally = backstop.worker.tally

    async def _first_sweep(self) -> None:
        await self._sweep()
        found = await (await process_backstop()).findings.latest()
        due = [each for each in found if each.actions]
        shown = [each.vm for each in due[:: max(1, len(due) // WATCHED)]]
        async with watching(self._azure, self._screen, shown, sum(len(each.actions) for each in due)):
            await self._host.run_until_idle()

    async def _arrivals(self, arrivals: list[people.Arrival], owners: list[people.Arrival]) -> None:
        host = self._host
        expected = 2 * sum(each.expect == "protect" for each in arrivals)  # the protection and its first backup
        vms = [parse_vm_id(each.vm_id) for each in arrivals]
        async with watching(self._azure, self._screen, vms, expected) as watch:
            for each, vm in zip(arrivals, vms, strict=True):
                self._created_at[vm.key], self._created[vm.key] = host.clock.now(), time.monotonic()
                await people.create(self._azure, each)
            await host.run_until_idle(host.clock.now() + TAGS_AFTER)
            for each in owners:
                await people.opt_out(self._azure, each)
            await host.run_until_idle()
        self._seen_protected = watch.protected


def _is_left(finding: Finding) -> bool:
    """Whether the VM's work has ended for now without being done."""
    if finding.outcome.look_again is not None:
        return False
    return finding.outcome.status is Status.FAILED or finding.verdict.state is State.UNKNOWN


async def run_story(vms: int, seed: int, screen: Screen, weather: Weather = Weather.NONE) -> Ended:
    """The whole demo in a state folder of its own, which goes with it; returns what was left."""
    async with local_azure(vms, seed) as azure:
        with tempfile.TemporaryDirectory(prefix="backstop-demo-") as state:
            os.environ |= _settings(azure.url, state)
            async with LocalHost(on_event=screen.on_event) as host:
                return await Story(azure, host, screen, weather).tell(vms, seed)


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


def run_blocking(vms: int, seed: int, screen: Screen, weather: Weather = Weather.NONE) -> Ended:
    """`run_story` for a caller without an event loop."""
    return asyncio.run(_tidy(run_story(vms, seed, screen, weather)))


async def _tidy(story: Coroutine[Any, Any, Ended]) -> Ended:
    """The story, which cleans up behind itself when it is told to stop too, as it does on Ctrl-C."""
    task = asyncio.current_task()
    if sys.platform != "win32" and task is not None:
        for each in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(each) is not signal.SIG_IGN:  # nohup: the person wants it to go on
                asyncio.get_running_loop().add_signal_handler(each, task.cancel)
    return await story
