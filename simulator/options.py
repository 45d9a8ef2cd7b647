"""The command line of `python -m simulator`, which is also that of `./backstop sim`."""

import argparse
from pathlib import Path

from simulator.core.wire import AzureError, Json
from simulator.faults.api import read as read_faults
from simulator.faults.profiles import NAMES, load
from simulator.limits.settings import DEFAULT, PROFILES

#: Where --tls keeps its certificate unless told otherwise: beside the state that Backstop keeps in this folder.
CERTIFICATES = Path(".backstop/tls")


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{number} is less than 0")
    return number


def _speed(text: str) -> float:
    number = float(text)
    if not 0 < number <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and at most 1000000")
    return number


def _faults(text: str) -> Json:
    try:
        given = load(text)
        read_faults(given)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    except AzureError as error:
        raise argparse.ArgumentTypeError(f"{text}: {error.message}") from None
    return given


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="backstop sim", description="A local Azure over HTTP, on 127.0.0.1.")
    parser.add_argument("--port", type=_count, default=0, help="0 takes a free port")
    parser.add_argument("--estate", type=Path, default=None, metavar="FILE", help="serve this estate: docs/estate.md")
    parser.add_argument("--vms", type=_count, default=None, help="how many VMs to generate; default: 200")
    parser.add_argument("--subscriptions", type=_count, default=None, help="default: one per 200 VMs, at least 4")
    parser.add_argument("--seed", type=int, default=None, help="the same seed gives the same estate; default: 1")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="real milliseconds added to every request")
    parser.add_argument("--graph-lag-s", type=float, default=0.0, help="virtual seconds Resource Graph is behind")
    parser.add_argument("--clock", choices=("flowing", "stepped"), default="flowing")
    parser.add_argument("--speed", type=_speed, default=1.0, help="virtual seconds per real one, of a flowing clock")
    what = f"faults from the start: {', '.join(NAMES)}, or a JSON file of rules"
    parser.add_argument("--faults", type=_faults, default=None, metavar="NAME|FILE", help=what)
    what = f"Azure's limits that refuse; all are counted and shown; default: {DEFAULT}"
    parser.add_argument("--limits", choices=tuple(PROFILES), default=DEFAULT, help=what)
    parser.add_argument("--tls", action="store_true", help="https, with a certificate of its own")
    parser.add_argument("--cert-dir", type=Path, default=None, help=f"where it is kept; default: {CERTIFICATES}")
    options = parser.parse_args(argv)
    if options.estate is not None:
        for name in ("vms", "subscriptions", "seed"):
            if getattr(options, name) is not None:
                parser.error(f"--{name} is for a generated estate: --estate brings its own")
    options.vms = 200 if options.vms is None else options.vms
    options.seed = 1 if options.seed is None else options.seed
    if options.clock == "stepped" and options.speed != 1:
        parser.error("--speed is for a flowing clock: a stepped one moves by jumps alone")
    if options.cert_dir is not None and not options.tls:
        parser.error("--cert-dir is of no use without --tls")
    options.cert_dir = (options.cert_dir or CERTIFICATES).absolute()
    return options
