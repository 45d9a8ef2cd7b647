"""`plan` run again: it says what has changed since the last time, and a broken record of that is no obstacle."""

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
