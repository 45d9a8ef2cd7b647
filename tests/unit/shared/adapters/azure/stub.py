"""A small HTTP server that answers as a test scripts it: for what a healthy Azure, or the simulator, never says."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

SUB = "11111111-1111-4111-8111-111111111111"
VM = f"/subscriptions/{SUB}/resourceGroups/App-RG/providers/Microsoft.Compute/virtualMachines/web-01"
GROUP = f"/subscriptions/{SUB}/resourcegroups/App-RG"
VAULT = f"/subscriptions/{SUB}/resourceGroups/backup-rg/providers/Microsoft.RecoveryServices/vaults/vault-1"
_NAMES = "iaasvmcontainerv2;App-RG;web-01"
ITEM = f"{VAULT}/backupFabrics/Azure/protectionContainers/IaasVMContainer;{_NAMES}/protectedItems/VM;{_NAMES}"
GRAPH = "/providers/Microsoft.ResourceGraph/resources"


@dataclass
class Reply:
    """One scripted answer."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Seen:
    """One request as it arrived: `target` is path and query to the letter."""

    method: str
    path: str
    target: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


Script = Reply | Callable[[web.Request], Awaitable[web.StreamResponse]]


class Stub:
    """Answers by method and path (without case), in the order scripted; the last answer stays."""

    def __init__(self) -> None:
        self.base = ""
        self.seen: list[Seen] = []
        self._scripts: dict[tuple[str, str], list[Script]] = {}

    def on(self, method: str, path: str, *scripts: Script) -> None:
        """Script the answers to one method and path."""
        self._scripts[method, path.lower()] = list(scripts)

    def fail(self, method: str, path: str, status: int, code: str, message: str = "it says no", **headers: str) -> None:
        """Script an error in ARM's shape."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self.on(method, path, Reply({"error": {"code": code, "message": message}}, status, names))

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.json() if request.can_read_body else None
        seen = Seen(request.method, request.path, request.raw_path, dict(request.query), dict(request.headers), body)
        self.seen.append(seen)
        scripts = self._scripts.get((request.method, request.path.lower()))
        if not scripts:
            return web.json_response({"error": {"code": "NotScripted", "message": request.path}}, status=404)
        script = scripts.pop(0) if len(scripts) > 1 else scripts[0]
        if not isinstance(script, Reply):
            return await script(request)
        if script.body is None:
            return web.Response(status=script.status, headers=script.headers)
        return web.json_response(script.body, status=script.status, headers=script.headers)


@asynccontextmanager
async def serving() -> AsyncIterator[Stub]:
    """A stub on a free port of this machine."""
    stub = Stub()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", stub._handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        stub.base = f"http://{host}:{port}"
        yield stub
    finally:
        await runner.cleanup()


async def half_a_body(request: web.Request) -> web.StreamResponse:
    """Promises a kilobyte of JSON, sends a few bytes and hangs up."""
    response = web.StreamResponse(headers={"Content-Length": "1000", "Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"id": "/subs')
    assert request.transport is not None
    request.transport.close()
    return response


async def hang_up(request: web.Request) -> web.StreamResponse:
    """Takes the request and hangs up without a word."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def a_web_page(_request: web.Request) -> web.StreamResponse:
    """What a captive portal or any other web server says."""
    return web.Response(text="<html>Welcome</html>", content_type="text/html")


async def broken_json(_request: web.Request) -> web.StreamResponse:
    """A body that ends too early without HTTP noticing."""
    return web.Response(text='{"id": "/subs', content_type="application/json")


class StandingClock:
    """A clock that moves only when somebody waits, and keeps how long."""

    def __init__(self, step: timedelta | None = None) -> None:
        self.moment = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
        self.waits: list[timedelta] = []
        self._step = step

    def now(self) -> datetime:
        return self.moment

    async def wait_until(self, moment: datetime) -> None:
        self.waits.append(moment - self.moment)
        self.moment = moment if self._step is None else min(moment, self.moment + self._step)


def a_vm_node(**changes: Any) -> dict[str, Any]:
    """A VM as ARM answers it."""
    node: dict[str, Any] = {
        "id": VM,
        "name": "web-01",
        "type": "Microsoft.Compute/virtualMachines",
        "location": "West Europe",
        "properties": {"vmId": "0f47b100", "provisioningState": "Succeeded", "storageProfile": {}},
    }
    return {**node, **changes}


def an_item_node(**properties: Any) -> dict[str, Any]:
    """A protected item as ARM answers it, fresh after its protection."""
    fresh = {
        "protectedItemType": "Microsoft.Compute/virtualMachines",
        "backupManagementType": "AzureIaasVM",
        "protectionState": "IRPending",
        "lastBackupStatus": "",
        "lastBackupTime": "2001-01-01T00:00:00Z",
        "sourceResourceId": VM,
        "policyId": f"{VAULT}/backupPolicies/DefaultPolicy",
        "policyName": "DefaultPolicy",
    }
    return {"id": ITEM, "name": "x", "properties": {**fresh, **properties}}
