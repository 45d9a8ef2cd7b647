import pytest

from shared.domain.azure_answers import Scope
from shared.endpoint import PUBLIC_ARM
from shared.errors import SettingsError
from shared.settings import from_environment, parse_scope
from tests.fakes import SUB


def test_the_defaults_write_nothing_and_mean_azure() -> None:
    settings = from_environment({})
    assert (settings.endpoint, settings.enforce, settings.policy_file, settings.scope) == (
        PUBLIC_ARM,
        False,
        "",
        Scope(),
    )
    assert not settings.on_loopback


def test_settings_come_from_the_environment() -> None:
    settings = from_environment(
        {
            "BACKSTOP_ENDPOINT": "http://127.0.0.1:8080/",
            "BACKSTOP_ENFORCE": "True",
            "BACKSTOP_SCOPE": f"{SUB.upper()}, /subscriptions/{SUB}",
            "BACKSTOP_RECONCILE_QUEUE": "work-1",
        }
    )
    assert settings.endpoint == "http://127.0.0.1:8080"
    assert settings.on_loopback
    assert settings.enforce
    assert settings.scope == Scope(subscriptions=(SUB,))
    assert settings.reconcile_queue == "work-1"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ENFORCE", "maybe"),
        ("ENDPOINT", "https://example.org"),
        ("ENDPOINT", "http://169.254.169.254"),
        ("ENDPOINT", "http://localhost.example.org"),
        ("ENDPOINT", "http://management.azure.com"),
        ("ENDPOINT", "127.0.0.1:80"),
        ("RECONCILE_QUEUE", "Work"),
        ("EVENTS_QUEUE", "a--b"),
        ("EVENTS_QUEUE", "reconcile"),
        ("SWEEP_SCHEDULE", "0 * * * *"),
        ("SCOPE", "a b"),
        ("SCOPE", f"{SUB},corp"),
    ],
)
def test_a_bad_setting_is_named_with_a_remedy(key: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        from_environment({f"BACKSTOP_{key}": value})
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


def test_the_topic_s_key_is_not_shown() -> None:
    assert "hush" not in repr(from_environment({"BACKSTOP_TOPIC_KEY": "hush"}))


def test_names_that_are_no_guids_are_management_groups() -> None:
    assert parse_scope(["corp", "platform"]) == Scope(management_groups=("corp", "platform"))


def test_a_policy_comes_from_a_file_or_from_a_folder_and_not_from_both() -> None:
    assert from_environment({"BACKSTOP_POLICY_DIR": "policies"}).policy_dir == "policies"
    with pytest.raises(SettingsError, match="given twice"):
        from_environment({"BACKSTOP_POLICY_DIR": "policies", "BACKSTOP_POLICY": "mine.yaml"})
