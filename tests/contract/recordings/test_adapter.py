"""The backup adapter reads every recorded answer that it has an operation for, in every file that lies there.

Each file is served as it was recorded, and the adapter is asked over real HTTP what the recording's client asked.
"""

import re
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from shared.adapters.azure.backup import AzureBackup
from shared.adapters.azure.connection import Connection
from shared.adapters.clock import SystemClock
from shared.domain.arm_id import ArmId, parse_id, parse_vm_id
from shared.domain.azure_answers import OperationStatus
from shared.domain.model import ProtectionState
from shared.errors import PermanentError
from tests.contract.recordings.checking import files, stem
from tests.contract.recordings.recording import Exchange, Json, load
from tests.contract.recordings.replay import Replay, replaying
from tests.reference import FOLDER, reference_path

RECORDINGS = FOLDER / "recordings"
FILES = files(RECORDINGS) if RECORDINGS.is_dir() else [RECORDINGS / "none"]
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
VAULT = r"(?P<vault>/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.RecoveryServices/vaults/[^/]+)"
ITEM = rf"{VAULT}/backupFabrics/Azure/protectionContainers/IaasVMContainer;[^/]+/protectedItems/[^/]+"


class Reader:
    """Asks the adapter what one exchange asked, and holds its answer against the recorded one."""

    def __init__(self, replay: Replay, connection: Connection) -> None:
        self.replay, self.connection = replay, connection

    @property
    def backup(self) -> AzureBackup:
        """A new one for each question: it keeps vaults for five minutes."""
        return AzureBackup(self.connection, SystemClock())

    async def vaults(self, exchange: Exchange, found: re.Match[str]) -> None:
        read = await self.backup.vaults(found["subscription"])
        assert [vault.id.text for vault in read] == [node["id"] for node in exchange.response["value"]]
        assert [vault.location for vault in read] == [node["location"] for node in exchange.response["value"]]

    async def items(self, exchange: Exchange, found: re.Match[str]) -> None:
        """Each item of a list is asked for by the VM that it protects."""
        for node in of_vms(exchange):
            properties = node["properties"]
            protection = await self.backup.item(found["vault"], parse_vm_id(properties["sourceResourceId"]))
            assert protection is not None
            assert protection.item_id == node["id"]
            assert protection.last_backup_status == properties["lastBackupStatus"]
            assert protection.backup_policy == properties.get("policyName", protection.backup_policy)
            assert protection.state is not ProtectionState.UNRECOGNISED

    async def jobs(self, exchange: Exchange, found: re.Match[str]) -> None:
        """Each VM's backups of a list; where a job of 2019 names no container, a clear refusal."""
        for vm in vms_of_jobs(exchange, found["vault"]):
            wanted = backups(exchange)
            if any("containerName" not in node["properties"] for node in wanted):
                with pytest.raises(PermanentError, match="does not say which container it belongs to"):
                    await self.backup.jobs(found["vault"], vm, LONG_AGO)
                continue
            read = await self.backup.jobs(found["vault"], vm, LONG_AGO)
            mine = [n for n in wanted if n["properties"]["containerName"].lower() == container(vm)]
            assert [(job.id, job.status) for job in read] == [(n["id"], n["properties"]["status"]) for n in mine]

    async def operation(self, exchange: Exchange, found: re.Match[str]) -> None:
        read = await self.backup.operation(f"{self.replay.base}{exchange.path}?{exchange.query}")
        if exchange.response is None:
            assert read == OperationStatus("InProgress" if exchange.status == 202 else "Succeeded")
        elif "status" in exchange.response:
            body = exchange.response
            error = body.get("error") or {}
            assert (read.status, read.error_code) == (body["status"], error.get("code", ""))
            assert read.job_id == (body.get("properties") or {}).get("jobId", "")
            assert read.running == (body["status"] == "InProgress")

    async def status(self, exchange: Exchange, found: re.Match[str]) -> None:
        read = await self.backup.status(parse_vm_id(exchange.request["resourceId"]), found["location"])
        assert (read.status, read.vault_id) == (
            exchange.response["protectionStatus"],
            exchange.response.get("vaultId") or "",
        )

    async def protect(self, exchange: Exchange, found: re.Match[str]) -> None:
        properties = exchange.request["properties"]
        vm, policy = parse_vm_id(properties["sourceResourceId"]), properties["policyId"].rsplit("/", 1)[-1]
        accepted = await self.backup.protect(found["vault"], vm, policy)
        assert same_address(accepted.operation_url, exchange.headers["azure-asyncoperation"])

    async def start(self, exchange: Exchange, found: re.Match[str]) -> None:
        accepted = await self.backup.start_backup(
            exchange.path.removesuffix("/backup"), datetime(2099, 1, 1, tzinfo=UTC)
        )
        assert same_address(accepted.operation_url, exchange.headers["azure-asyncoperation"])


Read = Callable[[Reader, Exchange, re.Match[str]], Awaitable[None]]
READS: tuple[tuple[str, str, Read], ...] = (
    ("GET", r"/subscriptions/(?P<subscription>[^/]+)/providers/Microsoft\.RecoveryServices/vaults", Reader.vaults),
    ("GET", rf"{VAULT}/backupProtectedItems", Reader.items),
    ("GET", rf"{VAULT}/backupJobs", Reader.jobs),
    ("GET", rf"{VAULT}/(.*/)?(backupOperations|operations?Status|(backupO|o)perationResults)/[^/]+", Reader.operation),
    ("POST", r"/subscriptions/[^/]+/providers/[^/]+/locations/(?P<location>[^/]+)/backupStatus", Reader.status),
    ("PUT", ITEM, Reader.protect),
    ("POST", rf"{ITEM}/backup", Reader.start),
)


def of_vms(exchange: Exchange) -> list[Json]:
    """The items of VMs, classic ones included; databases are asked for by nobody."""
    kinds = {"Microsoft.Compute/virtualMachines", "Microsoft.ClassicCompute/virtualMachines"}
    return [node for node in exchange.response["value"] if node["properties"].get("protectedItemType") in kinds]


def backups(exchange: Exchange) -> list[Json]:
    return [node for node in exchange.response["value"] if node["properties"]["operation"] == "Backup"]


def vms_of_jobs(exchange: Exchange, vault: str) -> list[ArmId]:
    """The VMs of a list of jobs, by container or, where there is none, by name in the vault's group."""
    home, found = parse_id(vault), {}
    for node in exchange.response["value"]:
        properties = node["properties"]
        if properties.get("backupManagementType") == "AzureIaasVM":
            name = properties.get("containerName", f";{home.resource_group};{properties['entityFriendlyName']}")
            group, vm = name.split(";")[-2:]
            path = f"/subscriptions/{home.subscription_id}/resourceGroups/{group}"
            found[name.lower()] = parse_vm_id(f"{path}/providers/Microsoft.Compute/virtualMachines/{vm}")
    return list(found.values())


def container(vm: ArmId) -> str:
    return f"iaasvmcontainerv2;{vm.resource_group};{vm.name}".lower()


def same_address(here: str, recorded: str) -> bool:
    """Whether an address is the recorded one but for its host."""
    old, new = urlsplit(recorded), urlsplit(here)
    return (new.path, new.query) == (old.path, old.query)


def asked(exchange: Exchange) -> tuple[Read, re.Match[str]] | None:
    """The adapter's operation for an exchange that succeeded; it neither stops nor undeletes."""
    for method, path, read in READS:
        found = re.fullmatch(path, exchange.path, re.IGNORECASE)
        if not found or method != exchange.method or not exchange.accepted:
            continue
        return (read, found) if read is not Reader.protect or exchange.request["properties"].get("policyId") else None
    return None


def served(exchanges: list[Exchange]) -> list[dict[str, Any]]:
    """The recording, with every list as often as the adapter asks for it, and without the writes that it has not."""
    found = []
    for exchange in exchanges:
        times, question = 1, asked(exchange)
        if exchange.method == "PUT" and not question:
            times = 0
        elif question and question[0] is Reader.items:
            times = len(of_vms(exchange))
        elif question and question[0] is Reader.jobs:
            times = len(vms_of_jobs(exchange, question[1]["vault"]))
        node = {name: getattr(exchange, name) for name in ("method", "path", "status", "headers", "response")}
        found += [node] * times
    return found


@pytest.mark.parametrize("path", FILES, ids=stem)
async def test_the_backup_adapter_reads_all_that_it_has_an_operation_for(path: Path) -> None:
    reference_path("recordings")
    exchanges = load(path)
    questions = [(exchange, *question) for exchange in exchanges if (question := asked(exchange))]
    async with replaying(served(exchanges)) as replay, Connection(replay.base) as connection:
        reader = Reader(replay, connection)
        for exchange, read, found in questions:
            await read(reader, exchange, found)


def test_the_recordings_have_an_answer_to_nearly_everything_that_the_adapter_asks() -> None:
    reference_path("recordings")
    kinds = Counter(
        question[0].__name__ for path in FILES for exchange in load(path) if (question := asked(exchange)) is not None
    )
    assert kinds["vaults"] >= 3
    assert kinds["items"] >= 50
    assert kinds["jobs"] >= 4
    assert kinds["operation"] >= 40
    assert kinds["protect"] >= 7
    assert kinds["start"] >= 2
