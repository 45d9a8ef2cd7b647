"""Runs a verb, and turns whatever goes wrong into one clear line and an exit code: no traceback reaches a person."""

import asyncio
import os
from collections.abc import Callable, Coroutine

import typer

from cli import exit_codes
from cli.output.console import err, plain, print_json
from shared import telemetry
from shared.errors import BackstopError


def run_verb(verb: Callable[[], int], *, as_json: bool = False) -> None:
    """Run the verb and exit with its code; an error becomes a line on standard error, with `--json` an object too."""
    telemetry.configure(json_lines=False, level=os.environ.get("BACKSTOP_LOG", "ERROR").upper())
    try:
        code = verb()
    except BackstopError as error:
        _tell(str(error))
        if as_json:
            print_json(
                {
                    "error": {
                        "code": error.code or type(error).__name__,
                        "message": error.message,
                        "remedy": error.remedy,
                        "resourceId": error.resource_id,
                    }
                }
            )
        code = error.exit_code
    except (KeyboardInterrupt, asyncio.CancelledError):
        _tell("interrupted")
        code = exit_codes.INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the reader left: nothing more can be said to it
        code = exit_codes.FAILED
    except Exception as error:
        if os.environ.get("BACKSTOP_DEBUG"):
            raise
        _tell(f"unexpected {type(error).__name__}: {telemetry.clean(str(error))[:300]} (BACKSTOP_DEBUG=1 shows more)")
        code = exit_codes.UNEXPECTED
    raise typer.Exit(code)


def run_async(verb: Callable[[], Coroutine[object, object, int]], *, as_json: bool = False) -> None:
    """The same for a verb that is a coroutine function."""
    run_verb(lambda: asyncio.run(verb()), as_json=as_json)


def _tell(line: str) -> None:
    err().print(plain("backstop: ", "bold red") + plain(" ".join(line.split())), soft_wrap=True)
