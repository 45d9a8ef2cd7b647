"""What Backstop says of jobs and protected items is what the Azure CLI says, on a simulator that Backstop has swept.

The simulator is this module's own, so that nothing but Backstop has worked on it; its clock stands still in between.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cli.quality.clients import scripts
from tests.clients.conftest import PATIENCE, ROOT, Az, Simulator, simulator_over_tls

#: An item's state in the vault's word, as the report has it.
STATES = {
    "IRPending": "firstBackupPending",
    "Protected": "protected",
    "ProtectionError": "error",
    "ProtectionStopped": "stopped",
}


class Swept(NamedTuple):
    """Both command lines on one simulator, and its vaults as the Azure CLI lists them."""

    simulator: Simulator
    az: Az
    state: Path
    vaults: list[dict[str, Any]]

    def backstop(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "cli", *words, "--endpoint", self.simulator.base],
            cwd=ROOT,
            env=self.simulator.environment | {"BACKSTOP_STATE": str(self.state)},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=False,
        )

    def of_each_vault(self, command: str) -> dict[str, list[dict[str, Any]]]:
        """What `az backup <command>` lists, by the vault's lower-cased id."""
        return {
            vault["id"].lower(): self.az(
                f"backup {command} --subscription {vault['id'].split('/')[2]} "
                f"-g {vault['resourceGroup']} -v {vault['name']}"
            )
            for vault in self.vaults
        }


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Swept]:
    """A sweep that protects what lacks a backup; of its first backups one fails and one ends with a warning."""
    if not scripts().exists():
        pytest.fail("there is no Azure CLI: run these tests by ./backstop test --clients")
    folder = tmp_path_factory.mktemp("swept")
    options = ("--vms", "40", "--subscriptions", "1", "--seed", "8", "--clock", "stepped")
    with simulator_over_tls(folder, *options) as running:
        az = Az(running.environment)
        az("config set core.instance_discovery=false --only-show-errors")
        az(f"cloud register -n BackstopSimulator --endpoint-resource-manager {running.base}")
        az("cloud set -n BackstopSimulator")
        az("login --identity")
        fault = {"fault": "job", "operation": "POST backup"}
        rules = [{**fault, "nth": 1, "status": "Failed"}, {**fault, "nth": 2, "status": "CompletedWithWarnings"}]
        running.control("faults", rules)
        found = Swept(running, az, folder / "state", az("backup vault list"))
        done = found.backstop("sweep", "--policy", "examples/demo.yaml", "--enforce", "--yes")
        assert "Traceback" not in done.stderr
        assert done.returncode in (0, 1), done.stderr
        yield found


def ours(swept: Swept, *more: str) -> list[dict[str, Any]]:
    done = swept.backstop("jobs", "--json", "--since", "P14D", *more)
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout)["jobs"])


def told(job: dict[str, Any]) -> tuple[str, ...]:
    """A job of the Azure CLI in the words that both have."""
    properties = job["properties"]
    [error] = properties.get("errorDetails") or [{}]
    began, ended = (str(properties.get(each) or "")[:19] for each in ("startTime", "endTime"))
    words = (properties["operation"], properties["status"], properties["entityFriendlyName"], began, ended)
    return (*words, str(error.get("errorCode") or ""), *(error.get("recommendations") or []))


def told_by_us(job: dict[str, Any]) -> tuple[str, ...]:
    failure = job["failure"] or {"code": "", "recommendations": []}
    began, ended = (str(job[each] or "")[:19] for each in ("started", "ended"))
    words = (job["operation"], job["status"], job["name"], began, ended)
    return (*words, failure["code"], *failure["recommendations"])


def by_vault(jobs: list[dict[str, Any]]) -> dict[str, dict[str, tuple[str, ...]]]:
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for each in jobs:
        found.setdefault(each["vault"].lower(), {})[each["id"].rsplit("/", 1)[-1]] = told_by_us(each)
    return found


def agree(swept: Swept) -> list[dict[str, Any]]:
    """Our jobs, which must be the Azure CLI's."""
    mine = ours(swept)
    theirs = {
        vault: {job["name"]: told(job) for job in jobs} for vault, jobs in swept.of_each_vault("job list").items()
    }
    assert by_vault(mine) == {vault: jobs for vault, jobs in theirs.items() if jobs}
    return mine


def test_jobs_agree_while_they_run_and_when_they_have_ended(swept: Swept) -> None:
    before = agree(swept)
    running = [each for each in before if each["group"] == "in-progress"]
    assert len(running) > 5
    watched = swept.backstop("jobs", "--watch")
    assert watched.returncode == 0, watched.stderr
    after = {each["id"]: each["group"] for each in agree(swept)}
    ends = [after[each["id"]] for each in running]
    assert sorted({*ends}) == ["completed", "failed", "warnings"]
    assert (ends.count("failed"), ends.count("warnings")) == (1, 1)
    [failed] = ours(swept, "--status", "failed")
    job = swept.az(f"backup job show --ids {failed['id']}")
    assert told(job) == told_by_us(failed)


def test_items_agree_with_the_report(swept: Swept) -> None:
    done = swept.backstop("report", "--policy", "examples/demo.yaml", "--fresh", "--out", str(swept.state / "report"))
    assert done.returncode == 0, done.stderr
    report = json.loads((swept.state / "report" / "report.json").read_text(encoding="utf-8"))
    mine = {
        (each["vm"].lower(), each["protection"]["vault"].lower()): (
            each["protection"]["state"],
            each["protection"]["backupPolicy"],
            each["protection"]["hasRecoveryPoint"],
        )
        for each in report["vms"]
        if each["protection"] is not None and each["protection"]["state"] != "none"
    }
    theirs = {}
    for vault, items in swept.of_each_vault("item list --backup-management-type AzureIaasVM").items():
        for item in items:
            properties = item["properties"]
            deleted = bool(properties.get("isScheduledForDeferredDelete"))
            theirs[properties["sourceResourceId"].lower(), vault] = (
                "softDeleted" if deleted else STATES[properties["protectionState"]],
                properties["policyName"] or "",
                bool(properties.get("lastRecoveryPoint")),
            )
    assert mine == theirs
    assert len(mine) > 20
