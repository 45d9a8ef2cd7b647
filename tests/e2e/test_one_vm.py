import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import POLICY, backstop, control, simulator


@pytest.fixture(scope="module")
def untouched() -> Iterator[str]:
    """A simulator to which no test may write."""
    with simulator("--vms", "60", "--seed", "3") as url:
        yield url
        assert control(url, "counts")["writes"] == 0


def labelled(url: str, kind: str) -> str:
    """A VM of this kind."""
    labels: list[dict[str, Any]] = control(url, "labels")
    return next(str(each["vmId"]) for each in labels if each["kind"] == kind)


def common(url: str, state: Path) -> list[str]:
    return ["--endpoint", url, "--policy", POLICY, "--state", str(state)]


# Kind of VM, its verdict, the rule, every reason, and the words of what happens next.
EXPLAINED = [
    ("plain-unprotected", "NON_COMPLIANT", "default", ["UNPROTECTED"], "The next sweep with --enforce"),
    ("prod-opt-out", "NON_COMPLIANT", "production", ["UNPROTECTED", "OPT_OUT_FORBIDDEN"], "The next sweep"),
    ("opt-out-expired", "NON_COMPLIANT", "default", ["UNPROTECTED", "OPT_OUT_EXPIRED"], "The next sweep"),
    ("opted-out", "EXEMPT", "default", ["OPTED_OUT", "UNPROTECTED"], "as long as its owner's opt-out is honoured"),
    ("aks", "NOT_APPLICABLE", "", ["EXCLUDED_AKS"], "leaves this VM alone"),
    ("no-vault-in-region", "NON_COMPLIANT", "default", ["UNPROTECTED", "NO_VAULT_IN_REGION"], "leaves it to a person"),
    ("stopped", "NON_COMPLIANT", "default", ["PROTECTION_STOPPED"], "leaves it to a person"),
]


def test_explain_names_the_rule_and_every_reason(untouched: str, tmp_path: Path) -> None:
    for kind, verdict, rule, reasons, step in EXPLAINED:
        done = backstop("explain", labelled(untouched, kind), *common(untouched, tmp_path), "--json")
        assert done.returncode == 0, done.stderr
        data = json.loads(done.stdout)
        assert (data["verdict"], [each["code"] for each in data["reasons"]]) == (verdict, reasons)
        if kind != "stopped":  # that one may be of either rule
            assert data["rule"] == rule
        assert [each["name"] for each in data["rules"] if each["won"]] == [data["rule"]] * bool(data["rule"])
        assert step in data["next"]
    shown = backstop("explain", labelled(untouched, "prod-opt-out"), *common(untouched, tmp_path)).stdout
    assert "rule production (priority 10)? matches, and wins" in shown
    assert "OPT_OUT_FORBIDDEN" in shown
    assert control(untouched, "counts")["writes"] == 0


def test_protect_changes_the_named_vm_and_no_other(tmp_path: Path) -> None:
    with simulator("--vms", "60") as url:
        assert backstop("pause", "--reason", "freeze", "--endpoint", url, "--state", str(tmp_path)).returncode == 0
        stopped = backstop("sweep", *common(url, tmp_path), "--enforce", "--yes", "--json")
        assert (stopped.returncode, json.loads(stopped.stdout)["paused"]) == (7, "freeze")
        assert control(url, "counts")["writes"] == 0
        assert backstop("resume", "--endpoint", url, "--state", str(tmp_path)).returncode == 0
        vm = labelled(url, "plain-unprotected")
        done = backstop("protect", vm, *common(url, tmp_path), "--enforce", "--yes", "--json")
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout)
        assert (result["verdict"], result["reasons"]) == ("COMPLIANT", ["INITIAL_BACKUP_RUNNING"])
        writes = control(url, "writes")
    assert [(each["operation"], each["vmId"].lower()) for each in writes] == [
        ("PUT protectedItems", vm.lower()),
        ("POST backup", vm.lower()),
    ]


@pytest.mark.parametrize(
    ("kind", "arguments", "code", "expected"),
    [
        ("opted-out", ["--enforce", "--yes", "--backup-now"], 0, "Its owner opted out of backup by tag"),
        ("databricks", ["--enforce", "--yes", "--backup-now"], 0, "A Databricks cluster owns this VM"),
        ("stopped", ["--enforce", "--yes", "--backup-now"], 0, "Somebody stopped this VM's backup"),
        ("plain-unprotected", [], 0, "Nothing was written: --enforce was not given"),
        ("plain-unprotected", ["--enforce", "--yes", "--retain-until", "2020-01-01"], 8, "cannot be kept until"),
        ("plain-unprotected", ["--enforce", "--yes", "--retain-until", "soon"], 8, "'soon' is no date"),
        ("plain-unprotected", ["--enforce", "--yes", "--retain-until", "2199-01-01"], 8, "cannot be kept until"),
    ],
)
def test_protect_says_why_it_writes_nothing(
    kind: str, arguments: list[str], code: int, expected: str, untouched: str, tmp_path: Path
) -> None:
    done = backstop("protect", labelled(untouched, kind), *common(untouched, tmp_path), *arguments)
    assert control(untouched, "counts")["writes"] == 0
    assert done.returncode == code
    assert expected in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_protect_refuses_a_vm_outside_the_scope(
    untouched: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vm = labelled(untouched, "plain-unprotected")
    other = next(
        str(each["vmId"]).split("/")[2]
        for each in control(untouched, "labels")
        if str(each["vmId"]).split("/")[2].lower() != vm.split("/")[2].lower()
    )
    monkeypatch.setenv("BACKSTOP_SCOPE", other)
    done = backstop("protect", vm, *common(untouched, tmp_path), "--enforce", "--yes")
    assert done.returncode == 8
    assert "outside the scope" in done.stderr
