"""The kept plan: back as it went in, apart for each estate and scope, and never half a one."""

import json
from pathlib import Path

import pytest

from shared.adapters.local.last_plan import LastPlan
from shared.domain.azure_answers import Scope
from shared.domain.policy_tools.plan_diff import Plan, Planned
from shared.errors import PermanentError

STEP = {"action": "EnableProtection", "vault": "/v", "disks": {"including": True, "luns": [1, 2]}, "retain": None}
PLAN = Plan("2026-11-01T12:00:00Z", "corp \u202e", "abc", {"/a/vm": Planned("/A/vm", (STEP,))})


def last(folder: Path, *subscriptions: str, endpoint: str = "http://127.0.0.1:1", tenant: str = "t") -> LastPlan:
    return LastPlan(folder, endpoint, tenant, Scope(subscriptions))


def test_a_plan_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    assert last(tmp_path).load() is None
    last(tmp_path).save(PLAN)
    assert last(tmp_path).load() == PLAN
    last(tmp_path).save(Plan("later", "corp", "def", {}))
    assert last(tmp_path).load() == Plan("later", "corp", "def", {})
    assert [each.suffix for each in last(tmp_path).path.parent.iterdir()] == [".json"]


def test_each_estate_and_scope_has_its_own(tmp_path: Path) -> None:
    last(tmp_path, "a", "b").save(PLAN)
    assert last(tmp_path, "B", "A").load() == PLAN
    others = (
        last(tmp_path),
        last(tmp_path, "a"),
        last(tmp_path, "a", "b", tenant="u"),
        last(tmp_path, "a", "b", endpoint="http://127.0.0.1:2"),
        LastPlan(tmp_path, "http://127.0.0.1:1", "t", Scope((), ("a", "b"))),
    )
    assert [each.load() for each in others] == [None] * 5
    others[-1].save(PLAN)
    assert last(tmp_path).load() is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b'{"version": 2}',
        json.dumps({"version": 1, "at": 3, "policy": {"name": "", "hash": ""}, "vms": []}).encode(),
        json.dumps({"version": 1, "at": "", "policy": {"name": "", "hash": ""}, "vms": [{"vm": "x"}]}).encode(),
        json.dumps(
            {"version": 1, "at": "", "policy": {"name": "", "hash": ""}, "vms": [{"vm": "x", "steps": [1]}]}
        ).encode(),
    ],
)
def test_a_damaged_file_is_told_and_can_be_replaced(tmp_path: Path, content: bytes) -> None:
    place = last(tmp_path)
    place.path.parent.mkdir(parents=True)
    place.path.write_bytes(content)
    with pytest.raises(PermanentError, match="cannot be read"):
        place.load()
    place.save(PLAN)
    assert place.load() == PLAN


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file", encoding="utf-8")
    with pytest.raises(PermanentError, match="could not be kept"):
        last(tmp_path / "state").save(PLAN)
