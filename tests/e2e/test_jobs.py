"""`jobs` as a person runs it, against a simulator on which a sweep has just protected what lacked a backup."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import POLICY, backstop, control, simulator


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a simulator with first backups in progress, one of which will fail."""
    state = str(tmp_path_factory.mktemp("state"))
    with simulator("--vms", "60", "--seed", "5") as url:
        rule = {"fault": "job", "operation": "POST backup", "status": "Failed", "times": 1}
        control(url, "faults", [rule])
        done = backstop("sweep", "--policy", POLICY, "--endpoint", url, "--enforce", "--yes", "--state", state)
        assert "Traceback" not in done.stderr
        yield url


def jobs(url: str, *more: str) -> dict[str, Any]:
    done = backstop("jobs", "--endpoint", url, "--json", *more)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_jobs_are_followed_to_their_end_and_the_failed_one_is_explained(swept: str) -> None:
    before = jobs(swept)
    assert before["counts"]["in-progress"] > 10
    followed = backstop("jobs", "--endpoint", swept, "--watch")
    assert followed.returncode == 0, followed.stderr
    assert followed.stdout.count("InProgress → Completed after 1 h") + 1 == before["counts"]["in-progress"]
    assert "InProgress → Failed after 1 h" in followed.stdout
    assert "Remedy: " in followed.stdout
    assert ": 0 in progress, 1 failed, " in followed.stdout
    after = jobs(swept, "--status", "failed")
    [failed] = after["jobs"]
    assert (failed["failure"]["title"], failed["failure"]["kind"]) == ("UserErrorGuestAgentStatusUnavailable", "MEND")
    assert failed["failure"]["recommendations"]
    mine = jobs(swept, "--vm", failed["vm"], "--since", "P14D")
    assert failed["id"] in {each["id"] for each in mine["jobs"]}
    assert {each["vm"] for each in mine["jobs"]} == {failed["vm"]}
    vault = failed["vault"].rsplit("/", 1)[-1]
    whole = jobs(swept, "--vault", vault, "--since", "P30D")
    assert failed["id"] in {each["id"] for each in whole["jobs"]}
    assert {each["vault"] for each in whole["jobs"]} == {failed["vault"]}


def test_a_vault_that_cannot_be_read_is_named_and_ends_in_1(swept: str) -> None:
    rule = {"fault": "error", "operation": "GET backupJobs", "status": 500}
    control(swept, "faults", [rule])
    try:
        done = backstop("jobs", "--endpoint", swept, "--json")
    finally:
        control(swept, "faults", method="DELETE")
    said = json.loads(done.stdout)
    assert done.returncode == 1
    assert said["unread"]
    assert said["jobs"]


def test_a_wrong_span_or_vault_is_one_clear_line(swept: str, tmp_path: Path) -> None:
    for more, said in ((("--since", "yesterday"), "ISO 8601"), (("--vault", "nope"), "no vault in scope")):
        done = backstop("jobs", "--endpoint", swept, *more)
        assert done.returncode == 8
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1
