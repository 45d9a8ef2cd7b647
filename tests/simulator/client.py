"""A plain HTTP client for the simulator's tests, and the few addresses that every one of them needs."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp

VERSION = "2026-10-01"
GRAPH = "/providers/Microsoft.ResourceGraph/resources"


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any
    headers: dict[str, str]

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])


@dataclass
class Client:
    base: str
    http: aiohttp.ClientSession

    async def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Reply:
        """One request. A path gets its api-version where it has none; a full address goes out as it is."""
        url = path if path.startswith("http") else self.base + path
        if "api-version" not in url and "/_sim/" not in url:
            url += ("&" if "?" in url else "?") + f"api-version={VERSION}"
        async with self.http.request(method, url, json=body, headers=headers) as answer:
            read = await answer.read()
            content = await answer.json() if read else None
            return Reply(answer.status, content, {k.lower(): v for k, v in answer.headers.items()})

    async def get(self, path: str) -> Any:
        """The body of a GET that must succeed."""
        reply = await self.ask("GET", path)
        assert reply.status == 200, reply
        return reply.body

    async def rows(self, path: str) -> list[Any]:
        """All pages of a list."""
        found: list[Any] = []
        page = await self.get(path)
        while True:
            found += page["value"]
            if "nextLink" not in page:
                return found
            page = await self.get(page["nextLink"])

    async def advance(self, to: str | None = None) -> Any:
        return (await self.ask("POST", "/_sim/clock/advance", {"to": to})).body

    async def until_idle(self) -> None:
        """Jump from due moment to due moment until the simulator has no work of its own left."""
        while not (await self.advance())["idle"]:
            pass

    async def graph(self, query: str, **body: Any) -> Reply:
        return await self.ask("POST", GRAPH, {"query": query, **body})

    async def labels(self, kind: str | None = None) -> list[Any]:
        return [label for label in await self.get("/_sim/labels") if kind in (None, label["kind"])]

    async def label(self, kind: str) -> Any:
        return (await self.labels(kind))[0]

    async def vault_for(self, vm_id: str, region: str | None = None) -> str:
        """The id of the first vault in the VM's subscription and region (or in another region)."""
        region = region or (await self.get(vm_id))["location"]
        subscription = "/".join(vm_id.split("/")[:3])
        vaults = await self.rows(f"{subscription}/providers/Microsoft.RecoveryServices/vaults")
        return str(next(vault["id"] for vault in vaults if vault["location"] == region))

    async def protect(self, vm_id: str, vault: str, policy: str = "DefaultPolicy") -> Reply:
        return await self.ask("PUT", item_of(vault, vm_id), protect_body(vm_id, f"{vault}/backupPolicies/{policy}"))

    async def back_up(self, vm_id: str, vault: str) -> Reply:
        return await self.ask("POST", f"{item_of(vault, vm_id)}/backup", BACKUP)

    async def backup_status(self, vm_id: str) -> Any:
        location = (await self.get(vm_id))["location"]
        path = f"/Subscriptions/{vm_id.split('/')[2]}/providers/Microsoft.RecoveryServices/locations/{location}"
        return (await self.ask("POST", f"{path}/backupStatus", {"resourceType": "VM", "resourceId": vm_id})).body


BACKUP = {"properties": {"objectType": "IaasVMBackupRequest"}}


def protect_body(vm_id: str, policy_id: str) -> dict[str, Any]:
    kind = "/".join(vm_id.split("/")[6:8])
    return {"properties": {"protectedItemType": kind, "sourceResourceId": vm_id, "policyId": policy_id}}


def item_of(vault: str, vm_id: str) -> str:
    """The path of the VM's protected item, with `;` escaped as the SDKs do."""
    version = "" if "/microsoft.classiccompute/" in vm_id.lower() else "v2"
    name = quote(f"iaasvmcontainer{version};{vm_id.split('/')[4]};{vm_id.rsplit('/', 1)[1]}", safe="")
    return f"{vault}/backupFabrics/Azure/protectionContainers/IaasVMContainer%3B{name}/protectedItems/vm%3B{name}"
