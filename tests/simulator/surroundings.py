"""An estate in which one VM after the other cannot be backed up, served; and how a first backup of one ends."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from simulator.server import running
from simulator.world import World
from tests.contract.spec.differences import unlisted
from tests.contract.spec.recorder import Recorder
from tests.reference import FOLDER
from tests.simulator.client import Client, item_of
from tests.simulator.conftest import TOKEN

HEAD = """\
version: 1
asOf: 2026-11-24T08:00:00Z
managementGroups: [{name: corp, subscriptions: [prod]}]
subscriptions: [{name: prod}]
vaults: [{name: rsv-1, location: westeurope}]
"""
GROUP = "resourceGroups: [{name: AzureBackupRG_westeurope_1}]\n"
REQUIRE_TAG = "96670d01-0a4d-4649-9c89-2d3abc0a5025"


@asynccontextmanager
async def estate(folder: Path, text: str) -> AsyncIterator[tuple[Client, World]]:
    """The estate of HEAD and this text, with every answer held against Azure's documents where those are at hand."""
    file = folder / "estate.yaml"
    file.write_text(HEAD + text, encoding="utf-8")
    async with running(estate=file) as (base, world), aiohttp.ClientSession(headers=TOKEN) as http:
        azure = Recorder(base, http) if FOLDER.exists() else Client(base, http)
        yield azure, world
        if isinstance(azure, Recorder):
            assert unlisted(azure.found) == set()


def vm_named(world: World, name: str) -> str:
    """The id of the VM of that name."""
    return next(vm.id for vm in world.state.vms.values() if vm.name == name)


async def backed_up(azure: Client, world: World, name: str) -> dict[str, Any]:
    """The properties of the job of a first backup, at its end."""
    vm = vm_named(world, name)
    vault = next(iter(world.state.vaults.values())).id
    if not world.state.vm_items(vm):
        assert (await azure.protect(vm, vault)).status == 202
        await azure.until_idle()
    reply = await azure.back_up(vm, vault)
    assert reply.status == 202, reply
    while (operation := await azure.get(reply.headers["azure-asyncoperation"]))["status"] == "InProgress":
        await azure.advance()
    await azure.until_idle()
    job = await azure.get(f"{vault}/backupJobs/{operation['properties']['jobId']}")
    return dict(job["properties"])


def failure(job: dict[str, Any]) -> str:
    """The code with which the job failed; empty where it did not."""
    assert (job["status"] == "Failed") == bool(job.get("errorDetails")), job
    return str(job["errorDetails"][0]["errorTitle"]) if job.get("errorDetails") else ""


async def points_of(azure: Client, world: World, name: str) -> list[str]:
    """How consistent each recovery point is, newest first."""
    vm, vault = vm_named(world, name), next(iter(world.state.vaults.values())).id
    rows = await azure.rows(f"{item_of(vault, vm)}/recoveryPoints")
    return [row["properties"]["recoveryPointType"] for row in rows]
