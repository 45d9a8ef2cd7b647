"""`estate export` against an Azure that fails, and what it says of what it saw."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.commands import estate
from cli.commands.estate import Wish
from cli.options import Options
from shared.errors import PermanentError, SettingsError
from tests.unit.shared.adapters.azure.stub import GRAPH, SUB, Reply, Stub, serving

ONE = {"id": f"/subscriptions/{SUB}", "subscriptionId": SUB, "name": "prod", "tenantId": SUB}
TWO = {**ONE, "id": ONE["id"].replace("1", "2"), "subscriptionId": SUB.replace("1", "2"), "tenantId": "other"}


def page(*rows: Any, truncated: bool = False) -> Reply:
    body: dict[str, Any] = {"totalRecords": len(rows), "count": len(rows), "data": list(rows), "facets": []}
    return Reply({**body, "resultTruncated": "true" if truncated else "false"})


def azure(stub: Stub, *pages: Reply) -> Options:
    listed = [{**each, "displayName": each["name"]} for each in (ONE, TWO)]
    stub.on("GET", "/subscriptions", Reply({"value": listed}))
    stub.on("POST", GRAPH, page(ONE, TWO), *pages)
    return Options(endpoint=stub.base, as_json=True)


def contents(folder: Path) -> list[str]:
    return [each.read_text(encoding="utf-8") for each in folder.iterdir()]


async def test_a_cut_answer_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    file = tmp_path / "estate.json"
    file.write_text("old", encoding="utf-8")
    async with serving() as stub:
        with pytest.raises(PermanentError, match="cut"):
            await estate.export(azure(stub, page(), page(truncated=True)), Wish(file))
    assert contents(tmp_path) == ["old"]


async def test_it_says_what_it_saw_and_what_it_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "estate.yaml"
    share = {"id": "/a", "management": "AzureStorage", "sourceResourceId": "/subscriptions/x/share"}
    async with serving() as stub:
        options = azure(stub, page(), page(), page(), page(), page(share))
        assert await estate.export(options, Wish(file)) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["file"], said["anonymized"]) == (str(file), False)
    assert said["counts"] == {
        "subscriptions": 2,
        "managementGroups": 0,
        "resourceGroups": 0,
        "vaults": 0,
        "backupPolicies": 0,
        "virtualMachines": 0,
        "protectedItems": 0,
    }
    assert said["leftOut"] == {"itemsOfNoVm": 1, "otherTenants": 1}
    assert {each.method for each in stub.seen} == {"GET", "POST"}
    assert {each.path for each in stub.seen} == {"/subscriptions", GRAPH}


async def test_a_person_is_told_that_the_copy_may_lack_something(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with serving() as stub:
        options = Options(endpoint=azure(stub, page()).endpoint)
        assert await estate.export(options, Wish(tmp_path / "e.json")) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Seen as of " in said
    assert "2 subscriptions, " in said
    assert "late by minutes, and silent on what is hidden" in said
    assert "1 more tenants were seen" in said


async def test_what_to_keep_is_for_an_anonymous_file_alone(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="without --anonymize everything is kept"):
        await estate.export(Options(), Wish(tmp_path / "e.json", keep_tags=("env",)))


async def test_a_bad_name_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    async with serving() as stub:
        with pytest.raises(SettingsError, match="ends with"):
            await estate.export(azure(stub), Wish(tmp_path / "e.txt"))
    assert stub.seen == []
