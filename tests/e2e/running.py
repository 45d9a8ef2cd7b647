"""Runs the command line and the simulator as processes, as a person does."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from tests.e2e import warm

ROOT = Path(__file__).resolve().parents[2]
POLICY = "examples/demo.yaml"


def backstop(*arguments: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
    """One run of the command line, without a terminal, as a process of its own."""
    if warm.FORKS:
        return warm.run("cli", arguments, ROOT, timeout)
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
        check=False,
    )


@contextmanager
def under_way(*arguments: str, errors: Path) -> Iterator[Callable[[], bool]]:
    """One run of the command line that is killed at the end of the block; tells whether it still runs."""
    if warm.FORKS:
        with warm.under_way("cli", arguments, ROOT, errors) as runs:
            yield runs
        return
    command = [sys.executable, "-m", "cli", *arguments]
    with (
        errors.open("w") as err,
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err) as process,
    ):
        yield lambda: process.poll() is None
        process.kill()


@contextmanager
def simulator(*arguments: str) -> Iterator[str]:
    """The URL of a simulator that ends with the block."""
    if warm.FORKS:
        with warm.serving("simulator", ("--port", "0", *arguments), ROOT) as line:
            yield line.split()[-1]
        return
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", "--port", "0", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def control(url: str, path: str, body: object = None, method: str = "") -> Any:
    """A control route of the simulator."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"{url}/_sim/{path}", data=data, method=method or ("POST" if data else "GET"))
    with urlopen(request, timeout=120) as answer:
        content = answer.read()
    return json.loads(content) if content else None


def person_puts(url: str, path: str, body: object) -> None:
    """Somebody who is not Backstop makes or replaces a resource. Raises HTTPError where it is refused."""
    headers = {"Content-Type": "application/json", "Authorization": "Bearer any", "x-sim-actor": "estate"}
    address = f"{url}{path}?api-version=2024-07-01"
    with urlopen(Request(address, json.dumps(body).encode(), headers, method="PUT"), timeout=120) as answer:
        answer.read()
