"""The command line of `python -m simulator`, which is also that of `./backstop sim`."""

import argparse


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{number} is less than 0")
    return number


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="backstop sim", description="A local Azure over HTTP, on 127.0.0.1.")
    parser.add_argument("--port", type=_count, default=0, help="0 takes a free port")
    parser.add_argument("--vms", type=_count, default=200)
    parser.add_argument("--subscriptions", type=_count, default=None, help="default: one per 200 VMs, at least 4")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--latency-ms", type=float, default=0.0, help="real milliseconds added to every request")
    parser.add_argument("--graph-lag-s", type=float, default=0.0, help="virtual seconds Resource Graph is behind")
    parser.add_argument("--clock", choices=("flowing", "stepped"), default="flowing")
    return parser.parse_args(argv)
