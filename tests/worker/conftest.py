"""One simulator and one worker process for a module; each test takes VMs of its own, so that their order is free."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from shared.bootstrap import Backstop, open_backstop
from shared.settings import from_environment
from tests.worker.process import ROOT, Worker

NEEDS = "needs Python 3.13: azure-functions-runtime"


@dataclass
class Azure:
    """A simulator in a process of its own, on a stepped clock."""

    base: str
    taken: set[str] = field(default_factory=set)

    def ask(self, path: str, body: object = None, method: str = "") -> Any:
        """GET, or POST with a body; the answer's JSON."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": "Bearer any", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.base}{path}", data, headers, method=method or None)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or "null")

    @property
    def tenant(self) -> str:
        """The tenant's id, which differs from start to start."""
        return str(self.ask("/subscriptions?api-version=2022-12-01")["value"][0]["tenantId"])

    def unprotected_vm(self) -> str:
        """A VM without a backup that no other test has."""
        for label in self.ask("/_sim/labels"):
            if label["kind"] == "plain-unprotected" and label["vmId"] not in self.taken:
                self.taken.add(label["vmId"])
                return str(label["vmId"])
        raise AssertionError("the estate has no such VM left")


@pytest.fixture(scope="module")
def azure() -> Iterator[Azure]:
    command = [sys.executable, "-m", "simulator", "--clock", "stepped", "--vms", "90", "--seed", "11"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Azure(process.stdout.readline().split()[-1])
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def settings(azure: Azure, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {
        "BACKSTOP_ENDPOINT": azure.base,
        "BACKSTOP_STATE": str(tmp_path_factory.mktemp("state")),
        "BACKSTOP_POLICY": str(Path("examples") / "demo.yaml"),
        "BACKSTOP_ENFORCE": "true",
    }


@pytest.fixture(scope="module")
def worker(settings: dict[str, str]) -> Iterator[Worker]:
    with Worker(**settings) as running:
        yield running


@pytest.fixture
async def backstop(settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Backstop]:
    """The same store and simulator, seen from the test's process."""
    monkeypatch.chdir(ROOT)
    async with open_backstop(from_environment(settings)) as opened:
        yield opened
