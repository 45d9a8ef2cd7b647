"""`policy diff` as a person runs it: over an estate in a file, and over a simulator, which it leaves as it was."""

import json
from pathlib import Path

from tests.e2e.running import POLICY, ROOT, backstop, control, simulator

ESTATE = "examples/estate-small.yaml"


def test_a_file_and_its_simulator_change_alike(tmp_path: Path) -> None:
    text = (ROOT / POLICY).read_text(encoding="utf-8")
    new = tmp_path / "new.yaml"
    new.write_text(text.replace("maxDuration: P90D", "maxDuration: P30D"), encoding="utf-8")
    assert new.read_text(encoding="utf-8") != text
    of_file = backstop("policy", "diff", POLICY, str(new), "--estate", ESTATE, "--json")
    assert of_file.returncode == 1, of_file.stderr
    found = json.loads(of_file.stdout)
    assert [(each["vm"].rpartition("/")[2], each["after"]["state"]) for each in found["changes"]] == [
        ("vm-batch-01", "NON_COMPLIANT")
    ]
    with simulator("--estate", ESTATE, "--clock", "stepped") as url:
        served = backstop("policy", "diff", POLICY, str(new), "--endpoint", url, "--state", str(tmp_path), "--json")
        assert control(url, "counts")["writes"] == 0
    assert json.loads(served.stdout) == found


def test_an_estate_that_is_none_is_no_change_of_anything() -> None:
    done = backstop("policy", "diff", POLICY, POLICY, "--estate", POLICY)
    assert done.returncode == 5
    assert "unknown key" in done.stderr
    assert done.stdout == ""
