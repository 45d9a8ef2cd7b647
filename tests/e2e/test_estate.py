"""An estate copied, served and decided about by the command line, as docs/estate.md tells it."""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulator.estate.file import load
from tests.e2e.running import POLICY, ROOT, backstop, control, simulator

PAGE = (ROOT / "docs/estate.md").read_text(encoding="utf-8")


def plan(url: str, state: Path) -> str:
    done = backstop("plan", "--policy", POLICY, "--endpoint", url, "--state", str(state), "--json")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_copy_gives_the_same_plan_and_takes_the_sweep(tmp_path: Path) -> None:
    file = tmp_path / "estate.json"
    with simulator("--vms", "60", "--seed", "4", "--clock", "stepped") as url:
        before = plan(url, tmp_path / "a")
        done = backstop("estate", "export", "--endpoint", url, "--out", str(file), "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["counts"]["virtualMachines"] == 60
        assert control(url, "counts")["writes"] == 0
    with simulator("--estate", str(file), "--clock", "stepped") as url:
        assert plan(url, tmp_path / "b") == before
        swept = backstop(
            "sweep", "--policy", POLICY, "--endpoint", url, "--state", str(tmp_path / "b"), "--enforce", "--json"
        )
        assert swept.returncode == 0, swept.stderr
        assert json.loads(plan(url, tmp_path / "b"))["vmsToChange"] == 0
        assert json.loads(before)["vmsToChange"] > 10


def test_the_example_written_by_hand_decides_as_its_comments_say(tmp_path: Path) -> None:
    with simulator("--estate", "examples/estate-small.yaml", "--clock", "stepped") as url:
        found = json.loads(plan(url, tmp_path))
    assert {name: count for name, count in found["verdicts"].items() if count} == {
        "NOT_APPLICABLE": 2,
        "COMPLIANT": 1,
        "EXEMPT": 1,
        "NON_COMPLIANT": 9,
    }
    assert {(each["vm"].rpartition("/")[2], each["action"]) for each in found["actions"]} == {
        *((vm, "EnableProtection") for vm in ("vm-shop-02", "vm-crm-01", "vm-batch-02", "vm-sql-01")),
        *((vm, "StartInitialBackup") for vm in ("vm-shop-02", "vm-crm-01", "vm-batch-02", "vm-sql-01", "vm-erp-01")),
    }


@pytest.mark.parametrize(
    ("options", "code", "line"),
    [
        (["--estate", "{file}"], 1, "simulator: {file}:1:1: the key 'version' is missing"),
        (["--estate", "{file}.no"], 1, "simulator: {file}.no: there is no such file"),
        (["--estate", "{file}", "--vms", "3"], 2, "backstop sim: error: --vms is for a generated estate"),
        (["--estate", "{file}", "--seed", "3"], 2, "backstop sim: error: --seed is for a generated estate"),
        (["--estate", "{file}", "--subscriptions", "3"], 2, "backstop sim: error: --subscriptions is for a generated"),
    ],
)
def test_a_file_that_is_none_is_told_in_one_line(tmp_path: Path, options: list[str], code: int, line: str) -> None:
    file = tmp_path / "e.yaml"
    file.write_text("subscriptions: [{name: a}]\n", encoding="utf-8")
    command = [sys.executable, "-m", "simulator", *(each.format(file=file) for each in options)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.splitlines()[-1].startswith(line.format(file=file))
    assert "Traceback" not in done.stderr


def test_an_export_that_fails_says_so_by_its_exit_code(tmp_path: Path) -> None:
    done = backstop("estate", "export", "--endpoint", "http://127.0.0.1:1", "--out", str(tmp_path / "e.json"), "--json")
    assert done.returncode == 5
    assert json.loads(done.stdout)["error"]["message"].startswith("no ARM endpoint answers")
    assert list(tmp_path.iterdir()) == []


def test_the_page_shows_an_estate_that_is_one_and_a_refusal_that_is_ours(tmp_path: Path) -> None:
    [whole] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    file = tmp_path / "estate.yaml"
    file.write_text(whole, encoding="utf-8")
    state, _ = load(file, datetime(2026, 1, 1, tzinfo=UTC))
    assert [vm.name for vm in state.vms.values()] == ["web-1"]
    file.write_text(whole.replace("{name: web-1,", "{name: web-1, subscription: contoso-prd,"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "simulator", "--estate", "estate.yaml"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr.strip() in PAGE
