import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.running import ROOT, backstop


@pytest.mark.parametrize("seed", ["1", "77"])
def test_the_demo_does_the_whole_job(seed: str, tmp_path: Path) -> None:
    done = backstop("demo", "--vms", "60", "--seed", seed, "--json", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["missed"], summary["wrongWrites"], summary["secondSweepWrites"]) == (0, 0, 0)
    assert sum(summary["verdicts"].values()) == summary["discovered"] == 60 + summary["arrivals"]
    assert len(summary["verdicts"]) == 5
    assert summary["initialBackups"] == summary["initialBackupsFinished"] > 0
    # From the VM's creation: ten minutes of settling, then Azure's half minute to one and a half.
    assert 600 <= summary["timeToProtection"]["virtualSeconds"]["p50"] <= 900
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    with (tmp_path / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) - 1 == report["discovered"] == summary["discovered"]
    assert report["verdicts"] == summary["verdicts"]
    assert report["protected"] == summary["protected"]
    assert f"{summary['discovered']}" in (tmp_path / "report.html").read_text(encoding="utf-8")


BROKEN = """
import sys
from dataclasses import replace
import shared.domain.matching as matching
whole = matching.evaluate
def broken(seen, policy, now):
    {change}
    return whole(seen, policy, now)
import shared.sweep, shared.reconcile
shared.sweep.evaluate = shared.reconcile.evaluate = broken
sys.argv = ["backstop", "demo", "--vms", "50", "--json"]
from cli.__main__ import main
sys.exit(main())
"""


@pytest.mark.parametrize(
    ("change", "what"),
    [
        # Opt-outs are no longer read: VMs whose owners said no get a backup.
        ("seen = replace(seen, vm=replace(seen.vm, tags={}))", "wrongWrites"),
        # Every VM in one region is taken for protected: its VMs are missed.
        (
            "if seen.vm.location == 'eastus': seen = replace(seen, vm=replace(seen.vm, provisioning_state='Deleting'))",
            "missed",
        ),
    ],
)
def test_broken_matching_makes_the_demo_fail(change: str, what: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BROKEN.format(change=change)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)[what] > 0
