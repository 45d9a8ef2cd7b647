"""`bench sim`: how big and how fast the local Azure is with 100,000 VMs over 300 subscriptions.

The simulator runs as a process of its own, as people run it; the figures are a client's, over HTTP. Rates are given
beside those of a bare server of the same library in the same run, since a machine is not always equally fast.
"""

import asyncio
import contextlib
import json
import statistics
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.table import Table

from shared.adapters.azure.queries import VMS as QUERY

ROOT = Path(__file__).parent.parent
VMS, SUBSCRIPTIONS = 100_000, 300
SHARD = 4  # subscriptions: about 1,300 VMs, so that a page of 1,000 rows is full
PAGES, GETS, AT_ONCE = 7, 5000, 32
QUERIES = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01"
BARE = """
import asyncio
from aiohttp import web
async def main():
    app = web.Application()
    app.router.add_get("/{tail:.*}", lambda request: web.json_response({"value": "x" * 2000}))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print("at http://127.0.0.1:%d" % runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds until it answers, MiB at its most, milliseconds of a page (median), simple GETs per second."""

    vms: int
    subscriptions: int
    ready_s: float
    first_query_s: float
    page_ms: float
    page_rows: int
    page_of_all_ms: float
    gets_per_s: float
    bare_gets_per_s: float
    peak_mib: float


def run(*, as_json: bool = False) -> int:
    """Measure and print a table, or one JSON object; always 0, since a figure is no verdict."""
    console = Console(stderr=True)
    with console.status(f"a local Azure of {VMS:,} VMs"):
        figures = asyncio.run(measure(VMS, SUBSCRIPTIONS, GETS))
    if as_json:
        sys.stdout.write(json.dumps(asdict(figures), indent=2) + "\n")
        return 0
    table = Table("what", "figure", "aim", title=f"The local Azure with {figures.vms:,} VMs on this machine")
    rate = f"{figures.gets_per_s:,.0f}/s, {figures.gets_per_s / figures.bare_gets_per_s:.0%} of a bare server's"
    for row in (
        ("from start until it answers", f"{figures.ready_s:.1f} s", "20 s"),
        ("first query of Resource Graph", f"{figures.first_query_s:.2f} s", ""),
        (f"a page of {figures.page_rows:,} rows, {SHARD} subscriptions", f"{figures.page_ms:.0f} ms", "150 ms"),
        ("the same over all subscriptions", f"{figures.page_of_all_ms:.0f} ms", ""),
        (f"GETs of a VM, {AT_ONCE} at once", rate, "1,000/s"),
        ("memory at its most", f"{figures.peak_mib:,.0f} MiB", "1.5 GB"),
    ):
        table.add_row(*row)
    Console().print(table)
    return 0


async def measure(vms: int, subscriptions: int, gets: int) -> Figures:
    """Start a simulator of that size, ask it, and end it. Memory needs Linux."""
    options = ("-m", "simulator", "--vms", str(vms), "--subscriptions", str(subscriptions))
    began = time.perf_counter()
    async with _serving(*options) as (base, process):
        ready = time.perf_counter() - began
        async with aiohttp.ClientSession(headers={"Authorization": "Bearer bench"}) as client:
            listed = await _json(client, "GET", f"{base}/subscriptions?api-version=2022-12-01")
            names = [each["subscriptionId"] for each in listed["value"]]
            first, _ = await _page(client, base, names[:SHARD])
            pages = [await _page(client, base, names[:SHARD]) for _ in range(PAGES)]
            of_all = [await _page(client, base, names) for _ in range(3)]
            url = f"{base}/subscriptions/{names[0]}/providers/Microsoft.Compute/virtualMachines?api-version=2024-07-01"
            machines = (await _json(client, "GET", url))["value"]
            rate = await _rate(client, [f"{base}{vm['id']}?api-version=2024-07-01" for vm in machines], gets)
        peak = _peak_mib(process)
    async with _serving("-c", BARE) as (base, _), aiohttp.ClientSession() as client:
        bare = await _rate(client, [f"{base}/vm"], gets)
    return Figures(
        vms,
        subscriptions,
        ready,
        first,
        statistics.median(seconds for seconds, _ in pages) * 1000,
        pages[0][1],
        statistics.median(seconds for seconds, _ in of_all) * 1000,
        rate,
        bare,
        peak,
    )


@contextlib.asynccontextmanager
async def _serving(*arguments: str) -> AsyncIterator[tuple[str, Process]]:
    """A server in a process of its own, and the URL that its first line ends with."""
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=ROOT, stdout=PIPE)
    try:
        line = await process.stdout.readline() if process.stdout else b""
        if not line:
            raise RuntimeError("the server ended before it answered")
        yield line.decode().split()[-1], process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _json(
    client: aiohttp.ClientSession, method: str, url: str, body: object = None
) -> dict[str, list[dict[str, str]]]:
    async with client.request(method, url, json=body) as answer:
        answer.raise_for_status()
        read: dict[str, list[dict[str, str]]] = await answer.json()
        return read


async def _page(client: aiohttp.ClientSession, base: str, subscriptions: list[str]) -> tuple[float, int]:
    """Seconds and rows of the first page of Backstop's own question for VMs."""
    body = {"subscriptions": subscriptions, "query": QUERY, "options": {"$top": 1000}}
    began = time.perf_counter()
    answer = await _json(client, "POST", base + QUERIES, body)
    return time.perf_counter() - began, len(answer["data"])


async def _rate(client: aiohttp.ClientSession, urls: list[str], gets: int) -> float:
    """Simple GETs per second, `AT_ONCE` at a time."""
    left = iter(range(gets))

    async def work() -> None:
        for number in left:
            await _json(client, "GET", urls[number % len(urls)])

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return gets / (time.perf_counter() - began)


def _peak_mib(process: Process) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024
