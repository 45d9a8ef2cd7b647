"""Asks before anything is written to Azure itself. A simulator on this machine needs no asking."""

import sys

from cli import exit_codes
from cli.output.console import err, plain
from shared.bootstrap import Backstop
from shared.errors import BackstopError


class RefusedError(BackstopError):
    """The answer was no, or nobody was there to answer."""

    exit_code = exit_codes.REFUSED


def confirm(backstop: Backstop, question: str, *, yes: bool) -> None:
    """Return when writing was agreed to; RefusedError otherwise."""
    if not yes and not backstop.settings.on_loopback:
        agreed(question)


def agreed(question: str) -> None:
    """Return when a person says yes; RefusedError otherwise."""
    if not sys.stdin.isatty():
        raise RefusedError("nothing was written: nobody is there to answer", code="NOT_ASKED", remedy="Add --yes")
    err().print(plain(f"{question} [y/N] ", "bold"), end="")
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise RefusedError("nothing was written: the answer was no", code="REFUSED")
