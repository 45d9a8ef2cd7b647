import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from shared.domain import finding_json
from shared.domain.model import (
    Action,
    ActionKind,
    DiskSelection,
    Finding,
    Outcome,
    Protection,
    ProtectionState,
    ReasonDetail,
    State,
    Status,
    Verdict,
)
from shared.domain.reasons import Reason
from tests.findings import findings, vm_id

FINDING = Finding(
    vm_id("web-1"),
    "westeurope",
    Verdict(State.COMPLIANT, (ReasonDetail(Reason.PROTECTED),), "default"),
    Protection(ProtectionState.PROTECTED),
    (),
    Outcome(Status.NOTHING_TO_DO),
    datetime(2026, 11, 24, 8, 0, 0, 1, tzinfo=UTC),
)

ENABLE = Action(
    ActionKind.ENABLE_PROTECTION, FINDING.vm, "/vault", "Gold", disks=DiskSelection((1, 2), including=False)
)


@given(findings)
def test_a_finding_comes_back_as_it_was(finding: Finding) -> None:
    text = finding_json.encode(finding)
    back = finding_json.decode(text)
    assert back == finding
    assert back.vm.text == finding.vm.text
    assert [each.vm.text for each in back.actions] == [each.vm.text for each in finding.actions]
    assert finding_json.encode(back) == text
    assert text.isascii()


def changed(path: str, value: object) -> str:
    data: dict[str, Any] = json.loads(finding_json.encode(FINDING))
    place = data
    *parents, last = path.split(".")
    for parent in parents:
        place = place[parent]
    place[last] = value
    return json.dumps(data)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        "[" * 100_000,
        changed("version", 4),
        changed("vm", "somewhere"),
        changed("location", 7),
        changed("state", "FINE"),
        changed("reasons", [["NO_SUCH_REASON", ""]]),
        changed("reasons", [["PROTECTED", 7]]),
        changed("reasons", "PROTECTED"),
        changed("protection.state", "perhaps"),
        changed("protection.hasRecoveryPoint", "yes"),
        changed("protection.lastBackup", "2026-01-01T00:00:00"),
        changed("actions", [{}]),
        changed("outcome.status", "DONE"),
        changed("outcome", None),
        changed("at", None),
        changed("at", "2026-01-01T00:00:00+01:00"),
        changed("at", 5),
    ],
)
def test_a_text_that_is_not_a_finding_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a finding"):
        finding_json.decode(text)


def test_what_an_earlier_version_kept_is_read_as_what_it_meant_then() -> None:
    data = json.loads(finding_json.encode(replace(FINDING, actions=(ENABLE,))))
    del data["optOut"], data["actions"][0]["disks"]
    back = finding_json.decode(json.dumps({**data, "version": 1}))
    assert back == replace(FINDING, actions=(replace(ENABLE, disks=None),))


@pytest.mark.parametrize("disks", [[], [1, 2], [True, "1"], "all", 7, [True, True]])
def test_disks_that_are_not_a_choice_and_its_luns_are_refused(disks: object) -> None:
    data = json.loads(finding_json.encode(replace(FINDING, actions=(ENABLE,))))
    data["actions"][0]["disks"] = disks
    with pytest.raises(ValueError, match="not a finding"):
        finding_json.decode(json.dumps(data))


@pytest.mark.parametrize("key", sorted(json.loads(finding_json.encode(FINDING))))
def test_a_finding_with_a_part_missing_is_refused(key: str) -> None:
    data = json.loads(finding_json.encode(FINDING))
    del data[key]
    with pytest.raises(ValueError, match="not a finding"):
        finding_json.decode(json.dumps(data))
