"""`policy import` on files as the tools write them, and on files that are none."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.commands import policy_import
from cli.commands.policy_check import check_file
from cli.commands.policy_import import Wish
from shared.errors import SettingsError

ONE = {
    "displayName": "Backup",
    "policyDefinitionId": "/providers/Microsoft.Authorization/policyDefinitions/98d0b9f8-fd90-49c9-88e2-d3baf3b0dd86",
    "scope": "/subscriptions/11111111-1111-4111-8111-111111111111",
}


def written(folder: Path, content: bytes) -> Path:
    file = folder / "azure.json"
    file.write_bytes(content)
    return file


def plain(document: Any = ONE) -> bytes:
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "content",
    [
        plain(),
        plain([ONE]),
        plain({"value": [{"properties": ONE, "name": "x"}]}),
        plain({key.upper(): value for key, value in ONE.items()}),
        b"\xef\xbb\xbf" + plain(),
        json.dumps(ONE).encode("utf-16"),
        plain([ONE] * 200 + [{"displayName": "x" * 1000, "policyDefinitionId": "/y/unknown"}] * 2000),
    ],
)
def test_every_way_in_which_an_export_is_written(tmp_path: Path, content: bytes) -> None:
    out = tmp_path / "policy.yaml"
    assert policy_import.run(Wish((written(tmp_path, content),), out), as_json=False) == 0
    checked = check_file(out)
    assert checked.errors == []
    assert checked.policy is not None
    rule = checked.policy.spec.rules[0]
    scoped = (checked.policy.spec.scope.subscriptions or ()) + (rule.match.subscriptions or ())
    assert scoped == ("11111111-1111-4111-8111-111111111111",)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "not JSON"),
        (b"{", ":1:2: not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"\xff\xff", "not JSON"),
        (b'{"a": NaN}', "NaN"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "no definition or assignment"),
        (b"3", "no definition or assignment"),
        (b'[null, "x"]', "no definition or assignment"),
        (plain({"properties": {"policyDefinitions": []}, "name": "s"}), "set of definitions 's' is empty"),
        (plain({"policyRule": {"if": {}}}), "no `if` and `then`"),
        (plain({**ONE, "parameters": {"effect": "Audit"}}), "without a `value`"),
        (plain({**ONE, "policyDefinitionId": "/x/y"}), "definition y, which is not among the files"),
    ],
)
def test_bad_input_is_one_clear_line(tmp_path: Path, content: bytes, told: str) -> None:
    out = tmp_path / "policy.yaml"
    with pytest.raises(SettingsError) as caught:
        policy_import.run(Wish((written(tmp_path, content),), out), as_json=False)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not out.exists()


def test_conditions_nested_without_end_are_an_error_or_told(tmp_path: Path) -> None:
    deep = '{"not":' * 20_000 + "{}" + "}" * 20_000
    content = f'{{"policyRule": {{"if": {deep}, "then": {{"effect": "audit"}}}}}}'.encode()
    with pytest.raises(SettingsError, match="nested too deeply"):
        policy_import.run(Wish((written(tmp_path, content),)), as_json=False)


def test_a_file_that_is_there_is_written_over_with_force_alone(tmp_path: Path) -> None:
    source, out = written(tmp_path, plain()), tmp_path / "policy.yaml"
    out.write_text("mine", encoding="utf-8")
    with pytest.raises(SettingsError, match="is there already"):
        policy_import.run(Wish((source,), out), as_json=False)
    assert out.read_text(encoding="utf-8") == "mine"
    assert policy_import.run(Wish((source,), out, force=True), as_json=False) == 0
    assert check_file(out).policy is not None
    assert sorted(each.name for each in tmp_path.iterdir()) == ["azure.json", "policy.yaml"]


def test_without_out_the_file_alone_is_on_standard_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert policy_import.run(Wish((written(tmp_path, plain()),)), as_json=False) == 0
    shown = capsys.readouterr()
    copy = tmp_path / "copy.yaml"
    copy.write_text(shown.out, encoding="utf-8")
    assert check_file(copy).policy is not None
    assert "Wider than the original" in shown.err


def test_json_holds_every_difference_and_the_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wish = Wish((written(tmp_path, plain()),), parameters=("exclusionTagName=x", 'exclusionTagValue=["y"]'))
    assert policy_import.run(wish, as_json=True) == 0
    said = json.loads(capsys.readouterr().out)
    assert {each["kind"] for each in said["differences"]} == {"wider", "narrower", "note"}
    assert said["policy"]["spec"]["exclude"]["any"] == [{"tags": {"x": {"is": ["y"], "ignoreCase": True}}}]
    for each in said["differences"]:
        assert each["what"].split()[0] in said["text"]


def test_strict_fails_where_something_is_open(tmp_path: Path) -> None:
    sound, odd = Wish((written(tmp_path, plain()),), strict=True), {**ONE, "brandNew": 1}
    assert policy_import.run(sound, as_json=True) == 0
    assert policy_import.run(Wish((written(tmp_path, plain(odd)),), strict=True), as_json=True) == 1
    assert policy_import.run(Wish((written(tmp_path, plain(odd)),)), as_json=True) == 0


@pytest.mark.parametrize("text", ["x", "=1", "x=[1"])
def test_a_parameter_needs_a_name_and_a_value(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="--parameter"):
        policy_import.run(Wish((written(tmp_path, plain()),), parameters=(text,)), as_json=False)
