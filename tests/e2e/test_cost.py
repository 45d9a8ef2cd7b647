"""`cost` and `report` with a price file, against a simulator: they agree, and nothing is written."""

import csv
import io
import json
from pathlib import Path

from tests.e2e.running import POLICY, backstop, control, simulator


def test_cost_and_report_agree_and_write_nothing(tmp_path: Path) -> None:
    with simulator("--estate", "examples/estate-small.yaml", "--clock", "stepped") as url:
        there = ("--policy", POLICY, "--endpoint", url, "--state", str(tmp_path / "state"))
        priced = ("--prices", "examples/prices.yaml")
        done = backstop("cost", *priced, *there, "--json")
        assert done.returncode == 0, done.stderr
        costs = json.loads(done.stdout)
        assert costs["total"]["vms"] == costs["current"]["vms"] + costs["newlyProtected"]["vms"] > 0
        assert costs["newlyProtected"]["vms"] > 0
        assert costs["total"]["monthly"] > 0
        assert len(costs["vms"]) == costs["total"]["vms"] + costs["optedOut"]["saved"]["vms"]

        made = backstop("report", *priced, *there, "--out", str(tmp_path / "out"))
        assert made.returncode == 0, made.stderr
        data = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
        vms = costs.pop("vms")
        assert data["costs"] == costs
        assert [each["vm"] for each in data["vms"] if each["cost"]] == [each["vm"] for each in vms]
        table = (tmp_path / "out" / "report.csv").read_text(encoding="utf-8")
        rows = list(csv.DictReader(io.StringIO(table, newline="")))
        assert [row["costIs"] for row in rows if row["costIs"]] == [each["charge"] for each in vms]
        assert "Cost estimate" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")

        shown = backstop("cost", *priced, *there)
        assert "An estimate, not a bill." in shown.stdout
        without = backstop("cost", *there)
        assert without.returncode == 8
        assert "no price file" in without.stderr
        assert control(url, "writes") == []
