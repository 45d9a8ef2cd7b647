import json
import shutil
from pathlib import Path

import pytest

from cli.commands import policy_check, policy_test
from cli.commands.policy_check import Wish
from cli.options import Options
from shared.errors import PolicyFileError
from tests.policies import DEMO

EXAMPLES = DEMO.parent
WORKED = [each.with_name(each.name.replace(".cases", "")) for each in sorted(EXAMPLES.glob("*.cases.yaml"))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("demo.yaml", "demo.cases.yaml"):
        shutil.copy(EXAMPLES / name, tmp_path / name)
    return tmp_path


def outcome(*places: Path, strict: bool = False, as_json: bool = False) -> int:
    return policy_test.run(places, strict=strict, as_json=as_json)


@pytest.mark.parametrize("policy", WORKED, ids=lambda each: each.stem)
def test_every_example_passes_the_strict_check_and_its_cases_reach_every_rule(policy: Path) -> None:
    assert policy_check.run(Wish((policy,), strict=True), Options()) == 0
    assert outcome(policy, strict=True) == 0


def test_the_six_examples_that_the_page_names_are_there() -> None:
    page = (EXAMPLES.parent / "docs" / "policy.md").read_text(encoding="utf-8")
    names = {each.name for each in WORKED} - {"demo.yaml"}
    assert len(names) >= 6
    assert all(f"`{name}`" in page for name in names)
    assert all(
        "yaml-language-server: $schema=" in each.read_text("utf-8") for each in EXAMPLES.glob("*.yaml") if each != DEMO
    )


def test_a_case_that_fails_is_shown_with_its_difference_and_why(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = folder / "demo.cases.yaml"
    cases.write_text(cases.read_text("utf-8").replace("rule: production", "rule: default"), encoding="utf-8")
    assert outcome(folder) == 1
    out = capsys.readouterr().out
    assert "✗ production (demo.cases.yaml:7)" in out
    assert "      rule: expected default\n            got      production\n" in out
    assert "rule production (priority 10) matches first" in out
    assert "2 passed, 1 failed in 1 file" in out


def test_a_rule_that_no_case_reaches_is_named_and_fails_a_strict_run(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = folder / "demo.cases.yaml"
    text = cases.read_text("utf-8")
    start = text.index("  - name: everything else")
    cases.write_text(text[:start], encoding="utf-8")
    assert outcome(folder / "demo.yaml") == 0
    assert "no case reaches: default" in capsys.readouterr().err
    assert outcome(folder / "demo.yaml", strict=True) == 1


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("demo.cases.yaml", "cases: [", "demo.cases.yaml:2:1: not valid YAML"),
        ("demo.yaml", "spec: {}", "demo.yaml: the key 'apiVersion' is missing"),
    ],
)
def test_invalid_files_are_told_and_the_others_run(
    folder: Path, name: str, text: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in ("demo.yaml", "demo.cases.yaml"):
        (folder / "other").mkdir(exist_ok=True)
        shutil.copy(EXAMPLES / file, folder / "other" / file)
    (folder / name).write_text(text, encoding="utf-8")
    assert outcome(folder) == 3
    out = capsys.readouterr().out
    assert expected in out.replace(":1:1", "")
    assert "3 passed, 0 failed in 2 files" in out


def test_without_cases_nothing_is_called_green(tmp_path: Path) -> None:
    with pytest.raises(PolicyFileError, match="there are no case files here"):
        outcome(tmp_path)
    assert outcome(tmp_path / "mine.yaml") == 3


def test_a_machine_gets_every_case(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = folder / "demo.cases.yaml"
    cases.write_text(cases.read_text("utf-8").replace("writes: true", "writes: false", 1), encoding="utf-8")
    assert outcome(cases, as_json=True) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["cases"], found["failed"]) == (3, 1)
    assert found["files"][0]["unreachedRules"] == []
    first = found["files"][0]["cases"][0]
    assert first["differences"] == [{"key": "writes", "expected": "false", "got": "true"}]
    assert (first["line"], first["passed"], first["rule"]) == (7, False, "production")
