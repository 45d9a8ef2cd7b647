"""One simulator over TLS and one logged-in Azure CLI for each process that runs these tests.

Everything that a client needs stands in environment variables, as for a person; nothing is patched. The Azure CLI keeps
its settings in a folder of its own. Each test takes machines of its own kind, so that none stands in another's way.
"""

import json
import os
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.quality.clients import scripts

ROOT = Path(__file__).parents[2]
#: No single command takes longer, not even one that waits 30 s for an operation on a busy machine.
PATIENCE = 180


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.clients)
    items.sort(key=lambda item: item.path != Path(__file__).parent / "test_page.py")  # by far the longest: first


@dataclass(frozen=True)
class Simulator:
    """A simulator's address, and the environment of whoever wants to speak to it."""

    base: str
    cert: Path
    environment: dict[str, str]

    def control(self, path: str, body: Any = None) -> Any:
        """`GET /_sim/<path>`, or POST where there is a body."""
        data = None if body is None else json.dumps(body).encode()
        trusting = ssl.create_default_context(cafile=self.cert)
        request = urllib.request.Request(f"{self.base}/_sim/{path}", data)
        with urllib.request.urlopen(request, context=trusting, timeout=PATIENCE) as answer:
            return json.load(answer)

    def jump(self, **span: float) -> None:
        """Let that much virtual time pass, with all that is due in it."""
        to = datetime.fromisoformat(self.control("clock")["now"]) + timedelta(**span)
        while datetime.fromisoformat(self.control("clock")["now"]) < to:
            self.control("clock/advance", {"to": to.isoformat()})

    def vm(self, kind: str) -> str:
        """The id of the first machine of a kind (docs/simulator.md)."""
        return next(str(label["vmId"]) for label in self.control("labels") if label["kind"] == kind)


@contextmanager
def simulator_over_tls(folder: Path, *options: str) -> Iterator[Simulator]:
    """`./backstop sim --tls`, as a process of its own."""
    cert_dir = folder / "tls"
    command = [sys.executable, "-m", "simulator", "--tls", "--cert-dir", str(cert_dir), *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            base = process.stdout.readline().removeprefix("Simulator ready at ").strip()
            assert base.startswith("https://127.0.0.1:")
            yield Simulator(base, cert_dir / "cert.pem", environment_of(base, cert_dir / "cert.pem", folder))
        finally:
            process.terminate()
            process.communicate(timeout=30)


def environment_of(base: str, cert: Path, home: Path) -> dict[str, str]:
    """What a person exports, and a home that is not theirs."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AZURE_", "ARM_", "PYTHON", "REQUESTS_", "SSL_"))}
    return kept | {
        "HOME": str(home),
        "PATH": os.pathsep.join((str(scripts()), os.environ["PATH"])),
        "REQUESTS_CA_BUNDLE": str(cert),
        "SSL_CERT_FILE": str(cert),
        "AZURE_POD_IDENTITY_AUTHORITY_HOST": base,
        "AZURE_CONFIG_DIR": str(home / "azure"),
        "AZURE_CORE_COLLECT_TELEMETRY": "0",
    }


@dataclass(frozen=True)
class Az:
    """The Azure CLI."""

    environment: dict[str, str]

    def run(self, line: str, *more: str) -> "subprocess.CompletedProcess[str]":
        """The words of `line`, then `more` as they are. A traceback is no answer, whatever the exit code."""
        az = "az.bat" if sys.platform == "win32" else "az"
        done = subprocess.run(
            [str(scripts() / az), *line.split(), *more],
            env=self.environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=False,
        )
        assert "Traceback" not in done.stderr, f"az {line}\n{done.stderr}"
        return done

    def __call__(self, line: str, *more: str) -> Any:
        """What the command says, read as JSON; None where it says nothing. It must succeed."""
        done = self.run(line, *more, "-o", "json")
        assert done.returncode == 0, f"az {line} {' '.join(more)}\n{done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    def refused(self, line: str, *more: str) -> str:
        """What the command says on standard error. It must fail."""
        done = self.run(line, *more)
        assert done.returncode != 0, f"az {line} {' '.join(more)}\n{done.stdout}"
        return done.stderr


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """60 machines; a protect ends within seconds, and a snapshot goes on long enough to be stopped."""
    if not scripts().exists():
        pytest.fail("there is no Azure CLI: run these tests by ./backstop test --clients")
    folder = tmp_path_factory.mktemp("azure")
    with simulator_over_tls(folder, "--vms", "60", "--seed", "5", "--speed", "15") as running:
        yield running


@pytest.fixture(scope="session")
def az(simulator: Simulator) -> Az:
    """Logged in to the simulator, as docs/azure-cli.md has it."""
    az = Az(simulator.environment)
    az("config set core.instance_discovery=false --only-show-errors")
    az(f"cloud register -n BackstopSimulator --endpoint-resource-manager {simulator.base}")
    az("cloud set -n BackstopSimulator")
    az("login --identity")
    return az


@dataclass(frozen=True)
class Place:
    """A machine and the vault for it, as the words that commands want."""

    vm: str
    vault: dict[str, Any]

    @property
    def subscription(self) -> str:
        return f"--subscription {self.vm.split('/')[2]}"

    @property
    def in_vault(self) -> str:
        return f"{self.subscription} -g {self.vault['resourceGroup']} -v {self.vault['name']}"

    @property
    def container(self) -> str:
        """Its whole name: a machine's own name may be that of several."""
        return f"IaasVMContainer;iaasvmcontainerv2;{self.vm.split('/')[4]};{self.vm.split('/')[8]}".lower()

    @property
    def item(self) -> str:
        return self.container.replace("iaasvmcontainer;", "vm;", 1)

    @property
    def protected(self) -> str:
        return f"{self.in_vault} -c {self.container} -i {self.item} --backup-management-type AzureIaasVM"


def place_of(az: Az, vm: str, *, location: str = "") -> Place:
    """The machine with the first vault of its region, or of another."""
    subscription = f"--subscription {vm.split('/')[2]}"
    at = location or az(f"vm show --ids {vm}")["location"]
    vaults = az(f"backup vault list {subscription}")
    return Place(vm, next(vault for vault in vaults if vault["location"] == at))
