import json
import re
from pathlib import Path

from shared.settings import Settings, from_environment

ROOT = Path(__file__).parents[3]


def sample() -> dict[str, str]:
    values: dict[str, str] = json.loads((ROOT / "local.settings.sample.json").read_text(encoding="utf-8"))["Values"]
    return values


def test_the_sample_lists_every_setting_and_no_other() -> None:
    source = (ROOT / "shared" / "settings.py").read_text(encoding="utf-8")
    read = {f"BACKSTOP_{key}" for key in re.findall(r'\btext\("([A-Z_]+)"', source)}
    assert len(read) > 10
    assert {key for key in sample() if key.startswith("BACKSTOP_")} == read


def test_the_samples_values_are_the_defaults_and_so_write_nothing() -> None:
    assert from_environment(sample()) == from_environment({}) == Settings()


def test_the_sample_holds_no_secret() -> None:
    assert sample()["BACKSTOP_TOPIC_KEY"] == ""
    assert sample()["AzureWebJobsStorage"] == "UseDevelopmentStorage=true"
