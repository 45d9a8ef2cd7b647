"""`python -m simulator`: serve one simulated Azure until SIGINT or SIGTERM.

Prints exactly one line on standard output once it answers: `Simulator ready at http://127.0.0.1:PORT`, or https.
"""

import argparse
import asyncio
import gc
import logging
import os
import signal
import sys

from simulator.estate.file_text import EstateFileError
from simulator.faults.api import apply as set_faults
from simulator.first_steps import first_steps
from simulator.limits.settings import profile as limits_of
from simulator.options import parse
from simulator.server import running
from simulator.tls import CertificateError, server_context


async def serve(options: argparse.Namespace) -> None:
    """Serve until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    async with running(
        vms=options.vms,
        subscriptions=options.subscriptions,
        seed=options.seed,
        mode=options.clock,
        latency=options.latency_ms / 1000,
        graph_lag=options.graph_lag_s,
        port=options.port,
        speed=options.speed,
        tls=server_context(options.cert_dir) if options.tls else None,
        estate=options.estate,
    ) as (base, world):
        world.limits.use(limits_of(options.limits))
        if options.faults is not None:
            set_faults(world, options.faults)
        gc.freeze()  # the estate stays: without this every full collection walks through all of it
        print(f"Simulator ready at {base}", flush=True)
        if options.tls and sys.stderr.isatty():
            print(first_steps(base, options.cert_dir / "cert.pem"), file=sys.stderr, flush=True)
        await stop.wait()
    gc.unfreeze()  # so that the interpreter can clear it away


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    chosen = parse()
    try:
        asyncio.run(serve(chosen))
    except (CertificateError, EstateFileError) as error:
        sys.exit(f"simulator: {error}")
    except OSError as error:
        sys.exit(f"simulator: cannot listen on port {chosen.port}: {os.strerror(error.errno or 0)}")
