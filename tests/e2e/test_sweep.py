import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import POLICY, ROOT, backstop, control, person_puts, simulator, under_way

# Ten points at which the sweep is killed, before and after what counts among them.
KILLS = [
    ("PUT", "PUT protectedItems", 1, "before"),
    ("PUT", "PUT protectedItems", 3, "after"),
    ("POST", "POST backup", 2, "before"),
    ("POST", "POST backup", 4, "after"),
    ("POST", "POST backupStatus", 4, "before"),
    ("GET", "GET protectedItems", 7, "after"),
    ("POST", "POST resources", 3, "before"),
    ("PUT", "PUT protectedItems", 5, "after"),
    ("POST", "POST backup", 1, "after"),
    ("GET", "GET operationsStatus", 2, "after"),
]


def sweep(url: str, state: Path) -> list[str]:
    return ["sweep", "--endpoint", url, "--policy", POLICY, "--state", str(state), "--enforce", "--yes", "--json"]


def newcomers(url: str, count: int, seed: int) -> None:
    """Create so many VMs that must be protected, and let their owners' time for tags go by.

    How much a killed sweep had done is a matter of speed; with these, each point is reached however much that was.
    """
    planned = control(url, "arrivals", {"count": 6 * count, "seed": seed})
    wanted = [each for each in planned if each["label"]["expect"] == "protect"][:count]
    assert len(wanted) == count
    for each in wanted:
        person_puts(url, each["path"], each["body"])
    until = datetime.fromisoformat(control(url, "clock")["now"]) + timedelta(minutes=11)
    while datetime.fromisoformat(control(url, "clock/advance", {"to": until.isoformat()})["now"]) < until:
        pass


def test_a_plan_writes_nothing_and_names_each_action(tmp_path: Path) -> None:
    with simulator("--vms", "60") as url:
        done = backstop("plan", "--endpoint", url, "--policy", POLICY, "--state", str(tmp_path), "--json")
        assert done.returncode == 0, done.stderr
        counts = control(url, "counts")
        labels = {each["vmId"].lower(): each for each in control(url, "labels")}
    plan = json.loads(done.stdout)
    assert counts["writes"] == 0
    assert sum(plan["verdicts"].values()) == plan["discovered"] == 60
    assert {each["vm"].lower() for each in plan["actions"]} == {
        key for key, label in labels.items() if label["expect"] == "protect"
    }
    assert all(set(each) >= {"vm", "action", "rule", "reasons"} for each in plan["actions"])


def test_a_second_sweep_writes_nothing(tmp_path: Path) -> None:
    with simulator("--vms", "60") as url:
        first = backstop(*sweep(url, tmp_path))
        assert first.returncode == 0, first.stderr
        before = control(url, "counts")["writes"]
        second = backstop(*sweep(url, tmp_path))
        assert second.returncode == 0, second.stderr
        assert before > 0
        assert control(url, "counts")["writes"] == before
        assert control(url, "check") == {"missed": [], "wrongWrites": [], "labelled": 60}
    assert json.loads(second.stdout)["writes"] == {"PUT protectedItems": 0, "POST backup": 0}


def test_killed_at_ten_points_and_run_again_each_vm_is_protected_once(tmp_path: Path) -> None:
    with simulator("--vms", "20", "--seed", "5") as url:
        for turn, (method, operation, nth, when) in enumerate(KILLS):
            newcomers(url, 8, seed=turn)
            held: dict[str, Any] = {"method": method, "operation": operation, "nth": nth, "when": when}
            control(url, "holds", held)
            caught = False
            with under_way(*sweep(url, tmp_path), errors=tmp_path / "errors") as runs:
                while not caught and runs():  # a poll ends after some real seconds
                    caught = any(each["caught"] for each in control(url, "holds?wait=1"))
            control(url, "holds", method="DELETE")
            assert caught, f"the sweep never came to {operation} {nth}: {(tmp_path / 'errors').read_text()}"
        done = backstop(*sweep(url, tmp_path))
        assert done.returncode == 0, done.stderr
        verdict = control(url, "check")
    assert verdict["missed"] == verdict["wrongWrites"] == []


@pytest.mark.parametrize(
    ("policy", "code", "expected"),
    [
        (None, 3, "there is no such file"),
        ("spec: [", 3, "not valid YAML"),
        ("spec: {moed: audit}", 3, "unknown key (did you mean 'mode'?)"),
        ("spec: {rules: [{name: a, priority: 1, match: {}}, {name: b, priority: 1, match: {}}]}", 3, "same priority"),
        ("spec: {settle: soon, rules: [{name: a, priority: 1, match: {}}]}", 3, "spec.settle"),
        (
            "spec: {mode: enforce, limits: {maxActions: {amount: 3}}, rules: [{name: a, priority: 1, match: {}}]}",
            6,
            "limits.maxActions.amount is 3",
        ),
    ],
)
def test_a_bad_policy_gives_one_clear_line_and_nothing_is_written(
    policy: str | None, code: int, expected: str, tmp_path: Path
) -> None:
    file = tmp_path / "mine.yaml"
    if policy is not None:
        head = "apiVersion: backstop/v1\nkind: EnforcementPolicy\nmetadata: {name: mine}\n"
        file.write_text(head + policy + "\n", encoding="utf-8")
    with simulator("--vms", "60") as url:
        arguments = ["sweep", "--endpoint", url, "--policy", str(file), "--state", str(tmp_path / "state")]
        done = backstop(*arguments, "--enforce", "--yes", "--json")
        assert control(url, "counts")["writes"] == 0
    assert done.returncode == code
    assert expected in done.stderr
    assert done.stderr.count("\n") == 1
    assert json.loads(done.stdout)["error"]["remedy"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["plan", "--endpoint", "http://127.0.0.1:9"], 5),
        (["plan", "--endpoint", "https://example.org"], 8),
        (["plan", "--scope", "a b"], 8),
        (["protect", "web-01"], 8),
        (["sweep", "--nonsense"], 2),
        (["demo", "--vms", "1"], 2),
    ],
)
def test_bad_arguments_end_with_their_own_code_and_without_a_traceback(arguments: list[str], code: int) -> None:
    done = backstop(*arguments)
    assert done.returncode == code
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_without_enforce_or_with_an_audit_policy_a_sweep_writes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "audit.yaml"
    file.write_text(
        (ROOT / POLICY).read_text(encoding="utf-8").replace("mode: enforce", "mode: audit"), encoding="utf-8"
    )
    with simulator("--vms", "60") as url:
        for policy, enforce in ((POLICY, []), (str(file), ["--enforce", "--yes"])):
            done = backstop(
                "sweep", "--endpoint", url, "--policy", policy, "--state", str(tmp_path / "state"), *enforce
            )
            assert done.returncode == 0, done.stderr
            assert "Nothing was written" in done.stdout
        assert control(url, "counts")["writes"] == 0


def test_whoever_ends_the_sim_verb_ends_the_simulator() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "sim", "--vms", "50"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    url = process.stdout.readline().split()[-1]
    assert control(url, "counts")["total"] == 0
    process.terminate()
    assert process.wait(timeout=60) == 0
    process.stdout.close()
    with pytest.raises(OSError, match="refused"):
        control(url, "counts")
