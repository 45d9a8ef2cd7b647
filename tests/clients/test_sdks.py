"""Programs with Microsoft's clients and credentials, and Backstop itself: nothing is set but environment variables."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import PATIENCE, ROOT, Simulator

PROGRAMS = Path(__file__).parent / "programs"


def program(simulator: Simulator, name: str, *words: str) -> Any:
    """What a program of `programs/` prints. It runs from no folder of ours, with what is installed here."""
    done = subprocess.run(
        [sys.executable, str(PROGRAMS / name), simulator.base, *words],
        env=simulator.environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def backstop(environment: dict[str, str], folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "cli", *words],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_a_program_with_default_credentials_protects_backs_up_and_queries(simulator: Simulator) -> None:
    vm = simulator.vm("gallery-image")
    [vault, *_] = program(simulator, "vaults.py", vm)
    said = program(simulator, "sdk_sync.py", vm, vault)
    assert (said["vm"], said["state"]) == (vm, "IRPending")
    assert vm.rsplit("/", 1)[1] in said["running"]
    assert vault in said["vaults"]
    assert vm.split("/")[2] in said["subscriptions"]
    assert said["graph"] == [{"id": vm}]
    assert said["listed"]


def test_an_async_program_with_a_managed_identity_lists_and_is_told_azure_s_errors(simulator: Simulator) -> None:
    subscription = simulator.vm("protected").split("/")[2]
    said = program(simulator, "sdk_async.py", subscription)
    assert said["machines"] > 0
    assert said["vaults"] > 0
    assert said["code"] == "ResourceGroupNotFound"


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_backstop_plans_over_tls_by_either_variable(simulator: Simulator, tmp_path: Path, variable: str) -> None:
    other = {"REQUESTS_CA_BUNDLE": "SSL_CERT_FILE", "SSL_CERT_FILE": "REQUESTS_CA_BUNDLE"}[variable]
    environment = {name: value for name, value in simulator.environment.items() if name != other}
    policy = str(ROOT / "examples" / "demo.yaml")
    done = backstop(environment, tmp_path, "plan", "--policy", policy, "--endpoint", simulator.base, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)


def test_backstop_tells_an_untrusted_certificate_in_one_line(simulator: Simulator, tmp_path: Path) -> None:
    environment = {
        name: value
        for name, value in simulator.environment.items()
        if name not in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
    }
    policy = str(ROOT / "examples" / "demo.yaml")
    done = backstop(environment, tmp_path, "plan", "--policy", policy, "--endpoint", simulator.base)
    assert done.returncode != 0
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert "certificate" in done.stderr.lower()
