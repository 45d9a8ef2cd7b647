"""Recordings that hold more than the simulator serves, or less than all that happened."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.contract.recordings.checking import check, files
from tests.contract.recordings.copies import original, problems

DATE = {"date": "Mon, 16 Dec 2019 13:10:00 GMT"}
SUB = "/subscriptions/00000000-0000-0000-0000-000000000000"
ACCOUNT = f"{SUB}/resourceGroups/clitest.rg000001/providers/Microsoft.Storage/storageAccounts/a"


def asked(method: str, path: str, status: int = 200, response: Any = None, **more: Any) -> dict[str, Any]:
    blank = {"query": "api-version=2019-06-15", "request": None, "headers": DATE}
    return blank | {"method": method, "path": path, "status": status, "response": response} | more


def test_what_is_outside_the_simulators_scope_fails_nothing_and_neither_does_what_follows_from_it(
    tmp_path: Path,
) -> None:
    recorded = original()
    vault = recorded[0]["path"]
    operation = "0a1b2c3d-0000-4000-8000-00000000000e"
    share = {"properties": {"backupManagementType": "AzureStorage", "friendlyName": "share"}}
    recorded[1:1] = [
        asked("POST", f"{ACCOUNT}/listKeys", response={"keys": []}),
        asked("PUT", f"{vault}/backupFabrics/Azure/protectionContainers/StorageContainer%3Ba", 202, None,
              headers=DATE | {"location": f"https://management.azure.com{vault}/operationResults/{operation}"}),
        asked("GET", f"{vault}/operationResults/{operation}", 204),
        asked("GET", f"{vault}/backupProtectedItems", response={"value": [share]}),
    ]  # fmt: skip
    (tmp_path / "more.json").write_text(json.dumps(recorded), encoding="utf-8")
    [path] = files(tmp_path)
    result = check(path)
    assert result.problems == []
    assert result.report is not None
    assert (result.report.replayed, result.report.compared) == (len(recorded), len(recorded) - 4)
    assert sorted(result.report.skipped) == [
        "AzureStorage is not served",
        "it goes on with something that is not served",
        "not served: POST Microsoft.Storage/storageAccounts/*/listKeys",
        "not served: PUT Microsoft.RecoveryServices/vaults/*/backupFabrics/*/protectionContainers/*",
    ]


@pytest.mark.parametrize(
    ("name", "start"),
    [("container", 12), ("container", 25), ("job", 14), ("protection", 56), ("scenario", 18), ("softdelete", 15)],
)
def test_a_recording_that_begins_in_the_middle_finds_what_was_there_before(
    name: str, start: int, tmp_path: Path
) -> None:
    assert problems(tmp_path, original(name)[start:]) == []


def test_a_recording_without_a_request_of_its_middle_says_what_it_lacks(tmp_path: Path) -> None:
    recorded = [e for e in original() if e["method"] != "PUT" or "protectedItems" not in e["path"]]
    (tmp_path / "less.json").write_text(json.dumps(recorded), encoding="utf-8")
    [path] = files(tmp_path)
    report = check(path).report
    assert report is not None
    assert next(iter(report.skipped)) == "the recording lacks the request that began it"


def test_a_request_within_its_scope_that_it_has_no_route_for_must_be_listed(tmp_path: Path) -> None:
    recorded = original()
    recorded.append(asked("POST", f"{recorded[0]['path']}/backupMiracle", response={}))
    [problem] = problems(tmp_path, recorded)
    assert problem == "not listed as not served: POST Microsoft.RecoveryServices/vaults/*/backupMiracle"


def test_a_recording_of_nothing_that_is_served_fails(tmp_path: Path) -> None:
    assert problems(tmp_path, [asked("POST", f"{ACCOUNT}/listKeys")]) == ["nothing in it could be compared"]
