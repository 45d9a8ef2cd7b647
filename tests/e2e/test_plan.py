"""`plan`: where VMs go, before anything is written; run again, what has changed, whatever became of its record."""

import json
from pathlib import Path
from typing import Any

from tests.e2e.running import POLICY, backstop, simulator


def test_a_plan_is_held_against_the_one_before(tmp_path: Path) -> None:
    with simulator("--estate", "examples/estate-small.yaml", "--clock", "stepped") as url:
        there = ("--endpoint", url, "--state", str(tmp_path))

        def plan(policy: str = POLICY) -> Any:
            done = backstop("plan", "--policy", policy, *there, "--json")
            assert done.returncode == 0, done.stderr
            return json.loads(done.stdout)

        first = plan()
        assert (first["previous"], first["changes"]) == (None, None)
        assert first["byAction"] == {"EnableProtection": 4, "StartInitialBackup": 5}
        again = plan()
        assert again["changes"] == {"newlyToChange": [], "noLongerToChange": [], "changedAction": [], "unread": []}
        assert again["previous"]["policy"] == {"name": "demo", "hash": first["policy"]["hash"]}

        swept = backstop("sweep", "--policy", POLICY, *there, "--enforce", "--json")
        assert swept.returncode == 0, swept.stderr
        shown = backstop("plan", "--policy", POLICY, *there)
        assert "5 no longer to change" in shown.stdout
        assert "COMPLIANT" in shown.stdout

        other = tmp_path / "other.yaml"
        head = "apiVersion: backstop/v1\nkind: EnforcementPolicy\nmetadata: {name: other}\n"
        other.write_text(head + "spec: {exclude: {builtin: []}, rules: [{name: all, priority: 1, match: {}}]}")
        wider = plan(str(other))
        assert wider["previous"]["policy"]["name"] == "demo"
        assert len(wider["changes"]["newlyToChange"]) == wider["vmsToChange"] > 0

        (record,) = tmp_path.glob("*/plan-*.json")
        record.write_text("{", encoding="utf-8")
        broken = backstop("plan", "--policy", POLICY, *there)
        assert broken.returncode == 0
        assert "cannot be read" in broken.stderr
        assert "This is the first plan" in broken.stdout


def test_1200_vms_and_no_vault_are_planned_as_two_vaults_twelve_policies_and_three_days(tmp_path: Path) -> None:
    fleet = "".join(
        f"  - {{name: vm-{number:04}, resourceGroup: fleet, subscription: prod, location: westeurope}}\n"
        for number in range(1200)
    )
    head = (
        "version: 1\nasOf: 2026-11-24T08:00:00Z\nsubscriptions:\n  - {name: prod}\n"
        "resourceGroups:\n  - {name: backup}\nvirtualMachines:\n"
    )
    estate, policy = tmp_path / "estate.yaml", tmp_path / "policy.yaml"
    estate.write_text(head + fleet)
    policy.write_text("""
apiVersion: backstop/v1
kind: EnforcementPolicy
metadata: {name: fleet}
spec:
  mode: enforce
  rules:
    - name: all
      priority: 1
      match: {}
      vault: {whenMissing: create, redundancy: GeoRedundant, create: {resourceGroup: backup}}
      backupPolicy: {name: gold, retain: {daily: P30D}}
""")
    with simulator("--estate", str(estate), "--clock", "stepped") as url:
        there = ("--policy", str(policy), "--endpoint", url, "--state", str(tmp_path / "state"))
        done = backstop("plan", *there, "--json")
        shown = backstop("plan", *there)
    assert done.returncode == shown.returncode == 0, done.stderr
    planned = json.loads(done.stdout)
    assert planned["placement"]["totals"] == {
        "vaults": 2,
        "vaultsToBeMade": 2,
        "backupPolicies": 12,
        "backupPoliciesToBeMade": 12,
        "vms": 1200,
        "days": 3,
    }
    for vault in planned["placement"]["vaults"]:
        assert "/resourceGroups/backup/" in vault["id"]
        assert (vault["location"], vault["redundancy"], vault["vms"]) == ("westeurope", "GeoRedundant", 600)
        assert vault["registrations"] == [250, 250, 100]
        assert [each["vms"] for each in vault["backupPolicies"]] == [100] * 6
    assert {each["code"] for each in planned["placement"]["held"]} == {"QUOTA_REGISTRATIONS"}
    assert sum(each["vms"] for each in planned["placement"]["held"]) == 700
    assert planned["byAction"]["CreateVault"] == 2
    assert planned["byAction"]["EnsureBackupPolicy"] == 12
    assert "Where they go: 2 vaults (2 to be made), 12 backup policies (12 to be made), 3 days" in shown.stdout
    assert "Held up (700)" in shown.stdout


def test_a_sweep_over_the_day_s_quota_says_until_when_and_so_does_the_report(tmp_path: Path) -> None:
    head = "version: 1\nasOf: 2026-11-24T08:00:00Z\nsubscriptions:\n  - {name: prod}\nvirtualMachines:\n"
    fleet = [f"  - {{name: vm-{number}, resourceGroup: fleet, subscription: prod}}\n" for number in range(5)]
    estate, policy = tmp_path / "estate.yaml", tmp_path / "policy.yaml"
    estate.write_text(head + "".join(fleet))
    policy.write_text("""
apiVersion: backstop/v1
kind: EnforcementPolicy
metadata: {name: fleet}
spec:
  mode: enforce
  limits: {perVaultPerDay: 2}
  rules:
    - name: all
      priority: 1
      match: {}
      vault: {whenMissing: create}
      backupPolicy: {name: gold, timeZone: W. Europe Standard Time, retain: {daily: P30D}}
""")
    with simulator("--estate", str(estate), "--clock", "stepped") as url:
        there = ("--policy", str(policy), "--endpoint", url, "--state", str(tmp_path / "state"))
        swept = backstop("sweep", *there, "--enforce", "--yes", "--json")
        made = backstop("report", *there, "--out", str(tmp_path), "--json")
    assert swept.returncode == made.returncode == 0, swept.stderr + made.stderr
    told = json.loads(swept.stdout)
    assert told["placement"]["totals"]["days"] == 3
    (waits,) = told["deferred"]
    assert (waits["code"], waits["vms"], told["putOff"]) == ("QUOTA_REGISTRATIONS", 3, 3)
    assert waits["from"].startswith("2026-11-25T08:")
    assert waits["until"].startswith("2026-11-26T08:")
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["waiting"] == told["deferred"]
    assert report["needsPerson"] == []
    assert sorted(each["outcome"]["lookAgain"] or "" for each in report["vms"])[2:] == [
        waits["from"],
        waits["from"],
        waits["until"],
    ]
    (gold,) = report["backupPolicies"]
    assert (gold["name"], gold["vms"], gold["schedule"]) == ("gold", 2, "every day at 23:00 W. Europe Standard Time")
    assert (gold["nextRun"], gold["nextRunLocal"]) == ("2026-11-24T22:00:00Z", "2026-11-24T23:00:00+01:00")
    assert "daily points kept 30 days" in (tmp_path / "report.html").read_text()
