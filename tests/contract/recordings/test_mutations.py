"""The replay notices what it is there for: each recording here is a copy of a real one with one thing changed."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.contract.recordings.checking import check, files
from tests.contract.recordings.listing import DIFFERENT, NOT_SERVED, BrokenTableError, Listing
from tests.reference import reference_file

Exchanges = list[dict[str, Any]]


def original(name: str = "softdelete") -> Exchanges:
    exchanges: Exchanges = json.loads(reference_file(f"recordings/azure-cli.{name}.json"))
    return exchanges


def first(exchanges: Exchanges, method: str, ending: str, **shown: str) -> dict[str, Any]:
    """The first exchange of this method whose path ends so and whose answer shows these."""
    return next(
        each
        for each in exchanges
        if each["method"] == method
        and each["path"].endswith(ending)
        and all((each["response"] or {}).get(key) == value for key, value in shown.items())
    )


def problems(folder: Path, exchanges: object) -> list[str]:
    """What the check says of a folder that holds this file alone."""
    text = exchanges if isinstance(exchanges, str) else json.dumps(exchanges)
    (folder / "azure-cli.changed.json").write_text(text, encoding="utf-8")
    [path] = files(folder)
    return check(path).problems


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


HEADS = "".join(f"| {' | '.join(head)} |\n|{'---|' * len(head)}\n{{}}\n" for head in (NOT_SERVED, DIFFERENT))


def test_a_listed_difference_that_no_longer_occurs_is_stale_and_one_elsewhere_is_not(tmp_path: Path) -> None:
    (tmp_path / "azure-cli.vault.json").write_text(json.dumps(original("vault")), encoding="utf-8")
    [path] = files(tmp_path)
    report = check(path).report
    assert report is not None
    line = "| `GET **/vaults` | `body value[].sku.tier`, `body value[].sku.colour` | extra | vault, other | because |"
    listing = Listing(HEADS.format("", line))
    assert listing.stale({"vault": report.differences}) == [
        "GET **/vaults: body value[].sku.colour: extra: not seen in vault"
    ]


def test_a_line_without_a_reason_is_refused() -> None:
    with pytest.raises(BrokenTableError, match="5 cells are needed, none of them empty"):
        Listing(HEADS.format("", "| `GET **` | `status` | value | vault |  |"))


def test_a_page_without_the_tables_is_refused() -> None:
    with pytest.raises(BrokenTableError, match="has 0 tables with the head"):
        Listing("# Nothing here\n")
