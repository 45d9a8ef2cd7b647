from pathlib import Path

import pytest

from cli.options import Options
from shared.errors import SettingsError
from tests.fakes import SUB


def test_an_option_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKSTOP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("BACKSTOP_POLICY", "environment.yaml")
    settings = Options(endpoint="http://127.0.0.1:2", scope=(SUB,)).settings()
    assert (settings.endpoint, settings.policy_file) == ("http://127.0.0.1:2", "environment.yaml")
    assert settings.scope.subscriptions == (SUB,)


def test_leave_to_write_never_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKSTOP_ENFORCE", "true")
    assert not Options().settings().enforce
    assert Options().settings(enforce=True).enforce


def test_a_bad_endpoint_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"example\.org"):
        Options(endpoint="https://example.org").settings()


def test_the_state_lies_in_the_repository_wherever_the_person_stands(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BACKSTOP_STATE", raising=False)
    assert Options().settings().state_dir == Path(__file__).parents[3] / ".backstop"
    monkeypatch.setenv("BACKSTOP_STATE", "elsewhere")
    assert Options().settings().state_dir == Path("elsewhere")
    assert Options(state="here").settings().state_dir == Path("here")


def test_a_policy_named_on_the_command_line_takes_the_place_of_the_apps_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BACKSTOP_POLICY", raising=False)
    monkeypatch.setenv("BACKSTOP_POLICY_DIR", "policies")
    assert Options().settings().policy_dir == "policies"
    named = Options(policy="mine.yaml").settings()
    assert (named.policy_file, named.policy_dir) == ("mine.yaml", "")
