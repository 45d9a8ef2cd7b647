"""The replay notices what it is there for: each recording here is a copy of a real one with one thing changed."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.contract.recordings.copies import Exchanges, original, problems


def first(exchanges: Exchanges, method: str, ending: str, **shown: str) -> dict[str, Any]:
    """The first exchange of this method whose path ends so and whose answer shows these."""
    return next(
        each
        for each in exchanges
        if each["method"] == method
        and each["path"].endswith(ending)
        and all((each["response"] or {}).get(key) == value for key, value in shown.items())
    )


def test_an_unchanged_copy_under_another_name_has_no_problems(tmp_path: Path) -> None:
    assert problems(tmp_path, original()) == []


def _key_added(recorded: Exchanges) -> None:
    first(recorded, "GET", "/backupProtectedItems")["response"]["value"][0]["properties"]["newInAzure"] = 1


def _key_removed(recorded: Exchanges) -> None:
    for each in recorded:
        if "/backupJobs/" in each["path"]:
            del each["response"]["properties"]["activityId"]


def _type_changed(recorded: Exchanges) -> None:
    first(recorded, "GET", "/backupconfig/vaultconfig")["response"]["properties"][
        "isSoftDeleteFeatureStateEditable"
    ] = "yes"


def _word_changed(recorded: Exchanges) -> None:
    first(recorded, "GET", "/backupProtectedItems")["response"]["value"][0]["properties"]["protectionState"] = "Paused"


def _element_removed(recorded: Exchanges) -> None:
    first(recorded, "GET", "/backupProtectionContainers")["response"]["value"].clear()


def _status_changed(recorded: Exchanges) -> None:
    first(recorded, "PATCH", "/backupconfig/vaultconfig")["status"] = 202


def _refused(recorded: Exchanges) -> None:
    exchange = first(recorded, "PATCH", "/backupconfig/vaultconfig")
    exchange["status"], exchange["response"] = 403, {"error": {"code": "AuthorizationFailed", "message": "no"}}


def _header_removed(recorded: Exchanges) -> None:
    del next(each for each in recorded if each["method"] == "PUT" and "vm%3B" in each["path"])["headers"]["location"]


def _header_added(recorded: Exchanges) -> None:
    first(recorded, "POST", "/refreshContainers")["headers"]["retry-after"] = "60"


def _address_changed(recorded: Exchanges) -> None:
    exchange = first(recorded, "POST", "/refreshContainers")
    exchange["headers"]["location"] = exchange["headers"]["location"].replace("/operationResults/", "/results/")


def _never_ends(recorded: Exchanges) -> None:
    """Under way forever in the recording; here it must not have ended either, nor any item be there."""
    for each in recorded:
        if "/backupOperations/" in each["path"] and each["response"]["status"] == "Succeeded":
            each["response"]["status"] = "InProgress"


def _job_changed(recorded: Exchanges) -> None:
    exchange = next(each for each in recorded if "/backupJobs/" in each["path"])
    exchange["response"]["properties"]["operation"] = "Register"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_key_added, "backupProtectedItems: body value[].properties.newInAzure: missing"),
        (_key_removed, "backupJobs/*: body properties.activityId: extra"),
        (_type_changed, "isSoftDeleteFeatureStateEditable: type (recorded string, here boolean)"),
        (_word_changed, "value[].properties.protectionState: value (recorded Paused, here IRPending)"),
        (_element_removed, "backupProtectionContainers: body value[]: extra (here /"),
        (
            _status_changed,
            "PATCH Microsoft.RecoveryServices/vaults/*/backupconfig/*: status: value (recorded 202, here 200)",
        ),
        (_refused, "backupconfig/*: status: value (recorded 403, here 200)"),
        (_header_removed, "protectedItems/*: header location: extra"),
        (_header_added, "refreshContainers: header retry-after: missing"),
        (_address_changed, "refreshContainers: header location: value (recorded https://management.azure.com/"),
        (_never_ends, "backupOperations/*: body properties: missing"),
        (_job_changed, "properties.operation: value (recorded Register, here ConfigureBackup)"),
    ],
)
def test_a_change_is_named(change: Callable[[Exchanges], None], named: str, tmp_path: Path) -> None:
    recorded = copy.deepcopy(original())
    change(recorded)
    found = problems(tmp_path, recorded)
    assert any(named in problem for problem in found), found
    assert all("\n" not in problem for problem in found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no recording: Expecting value"),
        ("[{", "is no recording: Expecting"),
        ("[]", "is no recording: it holds no list of exchanges"),
        ('{"interactions": []}', "is no recording: it holds no list of exchanges"),
        ('["GET"]', "is no recording: exchange 0 is no object"),
        ('[{"method": "GET", "path": "/x", "query": ""}]', "exchange 0 has no status that is a int"),
        (
            '[{"method": "GET", "path": "/x", "query": "", "status": 200, "headers": {}, "request": null}]',
            "exchange 0 has no response",
        ),
        (
            '[{"method":"GET","path":"/","query":"","status":200,"headers":{"date":"x"},"request":{},"response":{}}]',
            "exchange 0 has no date among its headers",
        ),
    ],
)
def test_a_file_that_is_no_recording_fails_with_one_clear_line(text: str, said: str, tmp_path: Path) -> None:
    [problem] = problems(tmp_path, text)
    assert problem.startswith("azure-cli.changed.json is no recording: ")
    assert said in problem
    assert "\n" not in problem
