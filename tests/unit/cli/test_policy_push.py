import io
import json
import sys
from pathlib import Path

import pytest

from cli.commands import policy_push
from cli.commands.policy_push import Wish
from cli.output.asking import RefusedError
from shared.adapters.policy_file import PolicyFolder
from shared.errors import PermanentError, PolicyFileError, SettingsError
from shared.ports.policy import PolicyAnswer, PolicyText
from tests.policies import policy_of

SPEC = "mode: {}\nrules: [{{name: default, priority: 1, match: {{}}}}]"
HEAD = "apiVersion: backstop/v1\nkind: EnforcementPolicy\nmetadata: {name: test}\nspec:\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Here:
    """A folder that the app takes its policy from, and a file to push."""

    def __init__(self, tmp_path: Path) -> None:
        self.file, self.folder = tmp_path / "mine.yaml", tmp_path / "place"
        self.folder.mkdir()
        self.lies = self.folder / "policy.yaml"

    def write(self, mode: str) -> str:
        text = HEAD + "".join(f"  {line}\n" for line in SPEC.format(mode).splitlines())
        self.file.write_text(text, encoding="utf-8")
        return text

    def push(self, **wish: bool) -> int:
        return policy_push.run(Wish(self.file, str(self.folder), **wish))


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here(tmp_path)


def test_a_policy_is_put_in_its_place_with_its_hash_told(here: Here, capsys: pytest.CaptureFixture[str]) -> None:
    text = here.write("enforce")
    assert here.push(yes=True) == 0
    assert here.lies.read_text(encoding="utf-8") == text
    said = capsys.readouterr().out
    assert policy_of(SPEC.format("enforce")).hash in said
    assert "No cases were run" in said


def test_the_difference_is_shown_before_anything_is_asked(
    here: Here, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = here.write("audit")
    here.push(yes=True)
    assert "policy.yaml (nothing lies there yet)" in capsys.readouterr().out
    here.write("enforce")
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    with pytest.raises(RefusedError):
        here.push()
    said = capsys.readouterr().out.splitlines()
    assert "-  mode: audit" in said
    assert "+  mode: enforce" in said
    assert said[1].endswith("policy.yaml (as it lies there)")  # which need not be in force: it may be invalid
    assert here.lies.read_text(encoding="utf-8") == before


def test_what_is_no_text_can_be_replaced(here: Here, capsys: pytest.CaptureFixture[str]) -> None:
    here.lies.write_bytes("spec: {}".encode("utf-16"))  # as some shells write it
    text = here.write("audit")
    assert here.push(yes=True) == 0
    assert "(policy.yaml: not UTF-8 text (byte 0))" in capsys.readouterr().out
    assert here.lies.read_text(encoding="utf-8") == text


def test_a_dry_run_writes_nothing(here: Here) -> None:
    here.write("enforce")
    assert here.push(dry_run=True) == 0
    assert not here.lies.exists()


def test_what_lies_there_already_is_not_written_again(here: Here, capsys: pytest.CaptureFixture[str]) -> None:
    here.write("enforce")
    here.push(yes=True)
    assert here.push() == 0  # nobody is asked either
    assert "lies there already" in capsys.readouterr().out


def test_a_policy_that_the_app_would_refuse_is_not_pushed(here: Here) -> None:
    here.write("enforced")
    with pytest.raises(PolicyFileError, match=r"mine\.yaml:5:3"):
        here.push(yes=True)
    assert not here.lies.exists()


def test_a_version_that_came_in_meanwhile_is_kept(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    here.write("enforce")
    read = PolicyFolder.read

    async def read_then_changed(self: PolicyFolder, known_etag: str = "") -> PolicyText | PolicyAnswer:
        answer = await read(self, known_etag)
        here.lies.write_text("theirs")
        return answer

    monkeypatch.setattr(PolicyFolder, "read", read_then_changed)
    with pytest.raises(PermanentError, match="somebody else changed"):
        here.push(yes=True)
    assert here.lies.read_text() == "theirs"


def cases(here: Here, verdict: str, policy: str = "mine.yaml") -> None:
    here.file.with_name("mine.cases.yaml").write_text(
        f"apiVersion: backstop/v1\nkind: PolicyCases\npolicy: {policy}\nnow: 2026-11-24T08:00:00Z\n"
        f"cases:\n- name: a plain VM\n  expect: {{verdict: {verdict}}}\n"
    )


def test_its_cases_are_run_first_and_a_failed_one_stops_it(here: Here, capsys: pytest.CaptureFixture[str]) -> None:
    here.write("enforce")
    cases(here, "EXEMPT")
    with pytest.raises(PermanentError, match="1 of the policy's cases failed"):
        here.push(yes=True)
    assert not here.lies.exists()
    assert "failed: a plain VM" in capsys.readouterr().err
    cases(here, "NON_COMPLIANT")
    assert here.push(yes=True) == 0
    assert "1 of 1 cases passed" in capsys.readouterr().out


def test_cases_of_another_policy_prove_nothing(here: Here) -> None:
    other = here.file.with_name("other.yaml")
    other.write_text(here.write("enforce"))
    cases(here, "NON_COMPLIANT", "other.yaml")
    with pytest.raises(PolicyFileError, match="these are the cases of"):
        here.push(yes=True)


def test_machines_get_one_object(here: Here, capsys: pytest.CaptureFixture[str]) -> None:
    here.write("enforce")
    here.push(yes=True, as_json=True)
    data = json.loads(capsys.readouterr().out)
    assert (data["changed"], data["written"], data["policy"]["mode"]) == (True, True, "enforce")


def test_without_a_place_nothing_is_guessed(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    here.write("enforce")
    monkeypatch.delenv("BACKSTOP_POLICY_DIR", raising=False)
    with pytest.raises(SettingsError, match="where to"):
        policy_push.run(Wish(here.file, "", yes=True))
    monkeypatch.setenv("BACKSTOP_POLICY_DIR", str(here.folder))
    assert policy_push.run(Wish(here.file, "", yes=True)) == 0
    assert here.lies.exists()
