"""Serving one simulated Azure: `create_app` makes the application, `running` serves it for the length of a block."""

import contextlib
import ssl
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

from aiohttp import web

from simulator.core.clock import Clock, Mode
from simulator.door import Door
from simulator.estate.build import build
from simulator.estate.file import load
from simulator.estate.file_unfinished import go_on
from simulator.world import World


def create_app(world: World) -> web.Application:
    """An aiohttp application that serves this world, background clock included."""
    door = Door(world)
    app = web.Application(client_max_size=4 * 2**20)
    app.router.add_route("*", "/{tail:.*}", door.handle)
    app.cleanup_ctx.append(door.lifetime)
    return app


@contextlib.asynccontextmanager
async def running(
    *,
    vms: int = 50,
    subscriptions: int | None = None,
    seed: int = 1,
    mode: Mode = "stepped",
    latency: float = 0.0,
    graph_lag: float = 0.0,
    port: int = 0,
    start: datetime | None = None,
    speed: float = 1.0,
    tls: ssl.SSLContext | None = None,
    estate: Path | None = None,
) -> AsyncIterator[tuple[str, World]]:
    """A simulator on 127.0.0.1 for the length of the block: its base URL and its world. Port 0 takes a free one.

    With `tls` it speaks https and nothing else. With `estate` it serves the estate in that file, as of the moment that
    the file names, and raises EstateFileError where the file is no such thing.
    """
    clock = Clock(mode, start, speed)
    if estate is None:
        state = build(vms, subscriptions, seed, clock.now())
    else:
        state, as_of = load(estate, clock.now())
        clock = Clock(mode, as_of, speed)
    world = World(state, clock, latency=latency, graph_lag=graph_lag)
    if estate is not None:
        go_on(world)
    runner = web.AppRunner(create_app(world), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls)
        await site.start()
        host, bound = runner.addresses[0][:2]
        yield f"{'https' if tls else 'http'}://{host}:{bound}", world
    finally:
        world.holds.release()
        world.faults.clear()
        await runner.cleanup()
