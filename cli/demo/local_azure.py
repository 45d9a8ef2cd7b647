"""The simulator as a process, and what its people do there: watch, create VMs, tag them. None of it is Backstop's.

What people do is marked as theirs, so that the simulator counts Backstop's writes apart from theirs.
"""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from shared.errors import EndpointError

_ROOT = Path(__file__).resolve().parents[2]
_READY = "Simulator ready at "
_START_SECONDS = 60
_PEOPLE = {"Authorization": "Bearer demo-people", "x-sim-actor": "estate"}
_API = {"api-version": "2024-07-01"}
_TIMEOUT = aiohttp.ClientTimeout(total=120)


class LocalAzure:
    """An HTTP client for the simulator's people and for its control routes."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    async def control(self, path: str, body: object = None) -> Any:
        """`GET /_sim/<path>`, or POST where there is a body."""
        return await self._send("GET" if body is None else "POST", f"/_sim/{path}", body, {}, {})

    async def people(self, method: str, path: str, body: object = None, **query: str) -> Any:
        """A request to ARM by somebody of the estate."""
        return await self._send(method, path, body, {**_API, **query}, _PEOPLE)

    async def all_pages(self, path: str, **query: str) -> list[Any]:
        """Every value of a list that may have several pages."""
        answer = await self.people("GET", path, None, **query)
        values = list(answer["value"])
        while answer.get("nextLink"):
            answer = await self._send("GET", answer["nextLink"].removeprefix(self.url), None, {}, _PEOPLE)
            values += answer["value"]
        return values

    async def _send(self, method: str, path: str, body: object, query: dict[str, str], headers: dict[str, str]) -> Any:
        try:
            async with self._session.request(
                method, f"{self.url}{path}", json=body, params=query or None, headers=headers
            ) as response:
                if response.status >= 400:
                    text = (await response.text())[:300]
                    raise EndpointError(f"the local Azure answered {response.status} to {method} {path}: {text}")
                has_json = response.content_length or response.content_type.endswith("json")
                return await response.json() if has_json else None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise EndpointError(f"the local Azure gave no answer to {method} {path}: {error}") from error


@asynccontextmanager
async def local_azure(vms: int, seed: int) -> AsyncIterator[LocalAzure]:
    """Start a simulator on a free port, with a clock that only moves when told; it ends with the block.

    It ends when this process does, however that may come. Ctrl-C reaches this process alone: the story ends first.
    """
    arguments = ["--clock", "stepped", "--vms", str(vms), "--seed", str(seed), "--limits", "all"]
    async with simulator(arguments) as url, aiohttp.ClientSession(timeout=_TIMEOUT) as session:
        yield LocalAzure(url, session)


@asynccontextmanager
async def simulator(arguments: Sequence[str]) -> AsyncIterator[str]:
    """The URL of a simulator on a free port; it ends with the block, and with this process. EndpointError."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cli.demo.tied_simulator",
        "--port",
        "0",
        *arguments,
        stdin=PIPE,
        stdout=PIPE,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": str(_ROOT)},  # wherever the person stands
    )
    try:
        yield await _url_of(process)
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                process.kill()
                await process.wait()


async def _url_of(process: Process) -> str:
    if process.stdout is None:
        raise EndpointError("the local Azure has no output to read its address from")
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), _START_SECONDS)).decode().strip()
    except TimeoutError:
        raise EndpointError(f"the local Azure was not ready within {_START_SECONDS} s") from None
    if not line.startswith(_READY):
        raise EndpointError(f"the local Azure did not start: {line or 'it ended without a word'}")
    return line.removeprefix(_READY)
