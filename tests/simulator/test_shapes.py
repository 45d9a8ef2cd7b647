"""The simulator's answers hold what real traffic held, field by field, where a recording shows the same thing.

The recordings are the Azure CLI's own, of 2019-20. They are no part of the repository: they are read from
`BACKSTOP_REFERENCE_DATA`, or from `../shared/data` beside it.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.client import BACKUP, Client, item_of, protect_body

DATA = Path(os.environ.get("BACKSTOP_REFERENCE_DATA", Path(__file__).parents[3] / "shared" / "data"))


def _recording(name: str) -> list[Any]:
    path = DATA / "recordings" / f"azure-cli.{name}.json"
    if not path.exists():
        message = f"no reference data at {DATA} (BACKSTOP_REFERENCE_DATA)"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return list(json.loads(path.read_text()))


def _bodies(name: str, ending: str, **wanted: str) -> Iterator[Any]:
    """Properties of what the recording's GETs answered at paths with this ending (or one segment below it)."""
    for exchange in _recording(name):
        path = exchange["path"].lower()
        body = exchange["response"]
        if exchange["method"] != "GET" or not isinstance(body, dict):
            continue
        if path.endswith(ending.lower()) or path.rsplit("/", 1)[0].endswith(ending.lower()):
            for node in body.get("value", [body]):
                properties = node.get("properties", {})
                if all(properties.get(key) == value for key, value in wanted.items()):
                    yield node


def _same_kinds(real: Any, ours: Any, where: str = "") -> None:
    """Everything the real object has, ours has too, as a value of the same kind."""
    for key, value in real.items():
        assert key in ours, f"{where}{key} is missing"
        if isinstance(value, dict) and value:
            assert isinstance(ours[key], dict)
            _same_kinds(value, ours[key], f"{where}{key}.")
        elif value is not None:
            assert isinstance(ours[key], type(value)), f"{where}{key}"


async def test_a_fresh_and_a_backed_up_item_look_like_real_ones(azure: Client) -> None:
    vm = (await azure.label("plain-unprotected"))["vmId"]
    vault = await azure.vault_for(vm)
    await azure.protect(vm, vault)
    await azure.advance()
    real = next(_bodies("scenario", "/backupProtectedItems", protectionState="IRPending"))
    _same_kinds(real, await azure.get(item_of(vault, vm)))
    await azure.back_up(vm, vault)
    await azure.until_idle()
    real = next(_bodies("scenario", "/backupProtectedItems", protectionState="Protected"))
    ours = await azure.get(item_of(vault, vm))
    _same_kinds(real, ours)
    assert ours["properties"]["healthDetails"][0].keys() == real["properties"]["healthDetails"][0].keys()


async def test_a_soft_deleted_item_looks_like_a_real_one(azure: Client) -> None:
    vm = (await azure.label("soft-deleted"))["vmId"]
    listed = []
    for vault in await azure.rows(f"{'/'.join(vm.split('/')[:3])}/providers/Microsoft.RecoveryServices/vaults"):
        path = f"{vault['id']}/backupProtectedItems?$filter=backupManagementType eq 'AzureIaasVM' and itemType eq 'VM'"
        listed += await azure.rows(path)
    [ours] = [item for item in listed if item["properties"]["sourceResourceId"] == vm]
    _same_kinds(next(_bodies("softdelete", "/backupProtectedItems", protectionState="ProtectionStopped")), ours)


async def test_jobs_and_operations_look_like_real_ones(azure: Client) -> None:
    vm = (await azure.label("plain-unprotected"))["vmId"]
    vault = await azure.vault_for(vm)
    reply = await azure.protect(vm, vault)
    running = await azure.get(reply.headers["azure-asyncoperation"])
    await azure.advance()
    done = await azure.get(reply.headers["azure-asyncoperation"])
    real = {e["response"]["status"]: e["response"] for e in _recording("scenario") if "/backupOperations/" in e["path"]}
    assert running.keys() == real["InProgress"].keys()
    assert running["endTime"] == real["InProgress"]["endTime"]
    _same_kinds(real["Succeeded"], done)
    jobs = {"ConfigureBackup": done["properties"]["jobId"]}
    reply = await azure.back_up(vm, vault)
    await azure.advance()
    jobs["Backup"] = (await azure.get(reply.headers["azure-asyncoperation"]))["properties"]["jobId"]
    _same_kinds(
        next(_bodies("scenario", "/backupJobs", operation="Backup", status="InProgress")),
        await azure.get(f"{vault}/backupJobs/{jobs['Backup']}"),
    )
    await azure.advance()
    for operation, job in jobs.items():
        real_job = next(_bodies("scenario", "/backupJobs", operation=operation, status="Completed"))
        _same_kinds(real_job, await azure.get(f"{vault}/backupJobs/{job}"))


async def test_vaults_policies_machines_and_what_can_be_protected_look_like_real_ones(azure: Client) -> None:
    vm = (await azure.label("plain-unprotected"))["vmId"]
    vault = await azure.vault_for(vm)
    _same_kinds(next(_bodies("scenario", "/Microsoft.RecoveryServices/vaults")), await azure.get(vault))
    real_policy = next(_bodies("scenario", "/backupPolicies/DefaultPolicy"))
    _same_kinds(real_policy, await azure.get(f"{vault}/backupPolicies/DefaultPolicy"))
    real_vm = next(_bodies("scenario", "/Microsoft.Compute/virtualMachines"))
    for part in ("windowsConfiguration", "secrets"):  # the guest's kind differs, and the recording's secrets are cut
        del real_vm["properties"]["osProfile"][part]
    real_vm["properties"].pop("instanceView", None)
    real_vm.pop("tags")
    _same_kinds(real_vm, await azure.get(vm))
    found = (await azure.rows(f"{vault}/backupProtectableItems"))[0]
    _same_kinds(next(_bodies("scenario", "/backupProtectableItems")), found)


async def test_the_answers_to_writes_have_the_real_status_and_headers(azure: Client) -> None:
    vm = (await azure.label("plain-unprotected"))["vmId"]
    vault = await azure.vault_for(vm)
    item = item_of(vault, vm)
    for method, path, body in (
        ("PUT", item, protect_body(vm, f"{vault}/backupPolicies/DefaultPolicy")),
        ("POST", f"{item}/backup", BACKUP),
        ("DELETE", item, None),
    ):
        ours = await azure.ask(method, path, body)
        await azure.advance()
        below = "/backup" if method == "POST" else ""
        real = next(
            e
            for e in _recording("scenario")
            if e["method"] == method and "/protectedItems/" in e["path"] and e["path"].endswith(below)
        )
        assert (ours.status, ours.body) == (real["status"], real["response"])
        for header in ("azure-asyncoperation", "location"):
            theirs = real["headers"][header].partition("/vaults/")[2].partition("?")[0]
            mine = ours.headers[header].partition("/vaults/")[2].partition("?")[0]
            assert mine.split("/")[1::2] == theirs.split("/")[1::2]
