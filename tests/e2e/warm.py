"""Command lines and simulators as processes that need not read our modules and the SDK first: forks of one that did.

Each is a process of its own all the same, with its own standard streams, environment, working folder and exit code.
Where the start itself is tried, and where a system cannot fork, an interpreter is started instead
(`tests/e2e/running.py`).
"""

import contextlib
import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

FORKS = "forkserver" in multiprocessing.get_all_start_methods()


def run(module: str, arguments: tuple[str, ...], folder: Path, timeout: float) -> subprocess.CompletedProcess[str]:
    """What `python -m MODULE ARGUMENTS` does in a folder, without a terminal; TimeoutExpired after so many seconds."""
    with tempfile.TemporaryDirectory() as said:
        out, err = Path(said) / "out", Path(said) / "err"
        process = _started(_context(), module, arguments, folder, out, err)
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired([module, *arguments], timeout)
        code = process.exitcode
        process.close()
        return subprocess.CompletedProcess(arguments, code, out.read_text("utf-8"), err.read_text("utf-8"))


@contextlib.contextmanager
def serving(module: str, arguments: tuple[str, ...], folder: Path) -> Iterator[str]:
    """The first line that `python -m MODULE ARGUMENTS` says; it is killed at the end of the block."""
    context = _context()
    said, says = context.Pipe(duplex=False)
    with said, _killed(_started(context, module, arguments, folder, says, None)):
        says.close()
        with open(said.fileno(), encoding="utf-8", closefd=False) as lines:
            yield lines.readline()


@contextlib.contextmanager
def under_way(module: str, arguments: tuple[str, ...], folder: Path, errors: Path) -> Iterator[Callable[[], bool]]:
    """`python -m MODULE ARGUMENTS`, which is killed at the end of the block; tells whether it still runs."""
    with _killed(_started(_context(), module, arguments, folder, Path(os.devnull), errors)) as process:
        yield process.is_alive


@contextlib.contextmanager
def _killed(process: ForkServerProcess) -> Iterator[ForkServerProcess]:
    try:
        yield process
    finally:
        process.kill()
        process.join()
        process.close()


def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.e2e.preloaded"])
    return context


def _started(
    context: ForkServerContext,
    module: str,
    arguments: tuple[str, ...],
    folder: Path,
    out: Path | Connection,
    err: Path | None,
) -> ForkServerProcess:
    process = context.Process(target=_become, args=(module, arguments, folder, dict(os.environ), out, err))
    process.start()
    return process


def _become(
    module: str,
    arguments: tuple[str, ...],
    folder: Path,
    environment: dict[str, str],
    out: Path | Connection,
    err: Path | None,
) -> None:
    """In the fork: the module, from here to its end. Without `err` its errors are shown with the test's own."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out.fileno() if isinstance(out, Connection) else _written(out), 1)
    if err is not None:
        os.dup2(_written(err), 2)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.stdin = open(0, encoding="utf-8")  # noqa: SIM115  # the server's is closed
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _written(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
