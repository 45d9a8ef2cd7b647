"""Command lines in processes that need not read Backstop and Azure's SDK first: they are forks of one that has.

Each run is a process of its own all the same, with its own standard streams, environment, working folder and exit
code. Where the start itself is tried, and where a system cannot fork, an interpreter is started instead
(`tests/e2e/running.py`).
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path

FORKS = "forkserver" in multiprocessing.get_all_start_methods()


def run(arguments: tuple[str, ...], folder: Path, timeout: float) -> subprocess.CompletedProcess[str]:
    """What `python -m cli ARGUMENTS` does in a folder, without a terminal; TimeoutExpired after so many seconds."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.e2e.preloaded"])
    with tempfile.TemporaryDirectory() as said:
        out, err = Path(said) / "out", Path(said) / "err"
        process = context.Process(target=_become, args=(arguments, folder, dict(os.environ), out, err))
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(arguments, timeout)
        code = process.exitcode
        process.close()
        return subprocess.CompletedProcess(arguments, code, out.read_text("utf-8"), err.read_text("utf-8"))


def _become(arguments: tuple[str, ...], folder: Path, environment: dict[str, str], out: Path, err: Path) -> int:
    """In the fork: the command line, from here to its end."""
    for path, number in ((os.devnull, 0), (out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.stdin = open(0, encoding="utf-8")  # noqa: SIM115  # the server's is closed
    sys.argv = ["backstop", *arguments]
    from cli.__main__ import main  # noqa: PLC0415  # whoever tests need not read it

    sys.exit(main())
