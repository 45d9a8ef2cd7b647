import json
from datetime import timedelta
from pathlib import Path

import pytest

from cli.host.host import HOST_JSON
from cli.host.host_json import HostLimits, read_host_json
from shared.errors import SettingsError


def test_the_repositorys_own_file_gives_its_limits() -> None:
    assert read_host_json(HOST_JSON) == HostLimits(16, 5, timedelta(seconds=30), "api")


def test_what_is_left_out_has_the_default_of_functions_own_host(tmp_path: Path) -> None:
    file = tmp_path / "host.json"
    file.write_text('{"version": "2.0"}', encoding="utf-8")
    assert read_host_json(file) == HostLimits(16, 5, timedelta(), "api")


def test_days_and_another_prefix_are_read(tmp_path: Path) -> None:
    file = tmp_path / "host.json"
    extensions = {"queues": {"visibilityTimeout": "1.02:03:04", "batchSize": 4}, "http": {"routePrefix": ""}}
    file.write_text(json.dumps({"extensions": extensions}), encoding="utf-8")
    limits = read_host_json(file)
    assert limits.visibility_timeout == timedelta(days=1, hours=2, minutes=3, seconds=4)
    assert (limits.batch_size, limits.route_prefix) == (4, "")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "Expecting property name"),
        ("[]", "has no attribute"),
        ('{"extensions": {"queues": {"batchSize": 33}}}', "batchSize must be a whole number from 1 to 32, not 33"),
        ('{"extensions": {"queues": {"batchSize": true}}}', "batchSize must be"),
        ('{"extensions": {"queues": {"maxDequeueCount": 0}}}', "maxDequeueCount must be"),
        ('{"extensions": {"queues": {"visibilityTimeout": "30 s"}}}', "visibilityTimeout must be like 00:00:30"),
    ],
)
def test_what_no_host_would_accept_is_told_in_one_line(text: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "host.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        read_host_json(file)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"host\.json cannot be used"):
        read_host_json(tmp_path / "host.json")
