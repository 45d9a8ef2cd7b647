"""A server that answers with recorded Azure traffic, for each method and path in the order recorded.

The recordings are the Azure CLI's, which reads items and operations by other URLs than Backstop does. Two rules make
up for that, and nothing else is invented: an item is the next recorded list's element of its name (404 where the list
lacks it), and `operationsStatus/{id}` is answered by the recorded `backupOperations/{id}`, which has the same body.
"""

import json
import re
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from tests.reference import reference_file

PUBLIC = "https://management.azure.com"
_ITEM = re.compile(r"(?P<vault>.*)/backupfabrics/azure/protectioncontainers/[^/]+/protecteditems/(?P<name>[^/]+)")
_OPERATION = re.compile(r"(?P<vault>.*/vaults/[^/]+)/.*/operationsstatus/(?P<id>[^/]+)")


def recorded(name: str) -> list[dict[str, Any]]:
    """The exchanges of one of the recordings, such as `protection`."""
    exchanges: list[dict[str, Any]] = json.loads(reference_file(f"recordings/azure-cli.{name}.json"))
    return exchanges


class Replay:
    """The recorded answers that are left, and what was asked."""

    def __init__(self, exchanges: list[dict[str, Any]]) -> None:
        self.base = ""
        self.asked: list[tuple[str, str, Any]] = []
        self._left: dict[tuple[str, str], deque[dict[str, Any]]] = defaultdict(deque)
        for each in exchanges:
            self._left[each["method"], unquote(each["path"]).lower()].append(each)

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else None
        path = request.path.lower()
        self.asked.append((request.method, path, body))
        recorded = bool(self._left[request.method, path])
        if request.method == "GET" and not recorded and (item := _ITEM.fullmatch(path)):
            return self._item(item["vault"], item["name"])
        if request.method == "GET" and not recorded and (operation := _OPERATION.fullmatch(path)):
            path = f"{operation['vault']}/backupoperations/{operation['id']}"
        left = self._left[request.method, path]
        if not left:
            return _error("NotRecorded", f"nothing (more) is recorded of {request.method} {path}", 501)
        return self._answer(left.popleft())

    def _item(self, vault: str, name: str) -> web.Response:
        left = self._left["GET", f"{vault}/backupprotecteditems"]
        if not left:
            return _error("NotRecorded", f"no (further) list of items is recorded of {vault}", 501)
        for item in left.popleft()["response"]["value"]:
            if item["name"].lower() == name:
                return web.json_response(item)
        return _error("ResourceNotFound", "the recorded list does not hold it", 404)

    def _answer(self, exchange: dict[str, Any]) -> web.Response:
        headers = {
            name: value.replace(PUBLIC, self.base)
            for name, value in exchange["headers"].items()
            if name in {"azure-asyncoperation", "location", "retry-after"}
        }
        if exchange["response"] is None:
            return web.Response(status=exchange["status"], headers=headers)
        text = json.dumps(exchange["response"]).replace(PUBLIC, self.base)  # the address of a next page
        return web.json_response(text=text, status=exchange["status"], headers=headers)


def _error(code: str, message: str, status: int) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status)


@asynccontextmanager
async def replaying(exchanges: list[dict[str, Any]]) -> AsyncIterator[Replay]:
    """A recording on a free port of this machine."""
    replay = Replay(exchanges)
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", replay.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        replay.base = f"http://{host}:{port}"
        yield replay
    finally:
        await runner.cleanup()
