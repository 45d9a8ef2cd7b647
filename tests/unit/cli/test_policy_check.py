import json
from pathlib import Path

import pytest

from cli.commands import policy_check
from cli.commands.policy_check import Wish
from cli.options import Options
from shared.errors import SettingsError
from tests.policies import DEMO

GOOD = DEMO.read_text(encoding="utf-8")
WARNS = (
    GOOD.replace("    maxActions:", "    # maxActions:")
    .replace("  limits:\n", "")
    .replace("    # maxActions: {amount: 10000}", "  # ")
)


def check(*files: Path, strict: bool = False, as_json: bool = False) -> int:
    return policy_check.run(Wish(files, strict), Options(as_json=as_json))


def file_of(folder: Path, text: str, name: str = "mine.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_where_to_look_is_not_passed_over_without_live(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    for options in (Options(scope=("a",)), Options(endpoint="http://127.0.0.1:1")):
        with pytest.raises(SettingsError, match="--live"):
            policy_check.run(Wish((file,)), options)


def test_a_sound_policy_is_said_to_be_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(file_of(tmp_path, GOOD), strict=True) == 0
    assert "mine.yaml: 2 rules, mode enforce, hash " in capsys.readouterr().out


def test_every_error_is_shown_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = file_of(tmp_path, GOOD.replace("priority: 10\n", "prioritty: 10\n").replace("PT10M", "10m"))
    assert check(path) == 3
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{path}:8:3: error: spec.settle: must be an ISO 8601 duration")
    assert lines[1] == f"{path}:20:7: error: spec.rules[0].prioritty: unknown key (did you mean 'priority'?)"
    assert lines[2] == f"✗ {path}: 2 errors"


def test_a_warning_fails_only_a_strict_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = file_of(tmp_path, WARNS)
    assert check(path) == 0
    assert check(path, strict=True) == 1
    out = capsys.readouterr().out
    assert out.count("warning: spec.mode: enforces without `limits.maxActions`") == 2
    assert "1 warning" in out


def test_the_worst_file_decides_and_all_are_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = file_of(tmp_path, GOOD), file_of(tmp_path, "a: [", "bad.yaml")
    assert check(bad, tmp_path / "gone.yaml", good) == 3
    out = capsys.readouterr().out
    assert "bad.yaml:2:1: error: not valid YAML" in out
    assert "gone.yaml: error: there is no such file" in out
    assert "mine.yaml: 2 rules" in out


def test_a_machine_gets_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = GOOD.replace("optOut: forbidden", "optOut: never")
    assert check(file_of(tmp_path, WARNS), file_of(tmp_path, bad, "bad.yaml"), as_json=True) == 3
    first, second = json.loads(capsys.readouterr().out)["files"]
    assert first["ok"] is True
    assert [each["key"] for each in first["warnings"]] == ["spec.mode"]
    assert len(first["policyHash"]) == 12
    assert first["estateLacks"] is None
    assert second == {
        "file": str(tmp_path / "bad.yaml"),
        "ok": False,
        "policyHash": None,
        "errors": [
            {
                "line": 22,
                "column": 7,
                "key": "spec.rules[0].optOut",
                "message": "must be 'allowed' or 'forbidden', not 'never'",
            }
        ],
        "moreErrors": 0,
        "warnings": [],
        "estateLacks": None,
    }


def test_markup_and_control_characters_of_a_file_are_not_obeyed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = file_of(tmp_path, GOOD.replace("optOut: forbidden", '"[red]\\e[31m": 1'))
    assert check(path) == 3
    out = capsys.readouterr().out
    assert "[red]\\u001b[31m: holds the character U+001B" in " ".join(out.split())
    assert "\x1b" not in out


def test_the_current_folder_s_policy_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert check() == 3
    file_of(tmp_path, GOOD, "policy.yaml")
    assert check() == 0
