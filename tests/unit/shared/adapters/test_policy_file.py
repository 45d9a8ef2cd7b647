from pathlib import Path

import pytest

from shared.adapters.policy_file import load_policy
from shared.domain.policy import Mode
from shared.errors import PolicyFileError
from tests.policies import DEMO


def test_a_policy_that_is_named_is_read() -> None:
    assert load_policy(str(DEMO)).policy.metadata.name == "demo"


def test_without_a_policy_file_nothing_is_enforced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_policy("").mode is Mode.AUDIT


def test_the_current_folder_s_policy_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.yaml").write_text(DEMO.read_text(encoding="utf-8"), encoding="utf-8-sig")
    assert load_policy("").policy.metadata.name == "demo"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "there is no such file"),
        (b"\xff\xfe\x00\x01", "not UTF-8"),
        (b"x" * 5_000_000, "more than"),
        ("é".encode() * 5_000_000, "more than"),  # as much of it as is read ends within a character
    ],
)
def test_a_file_that_cannot_be_used_is_told_with_its_name(tmp_path: Path, content: bytes | None, expected: str) -> None:
    file = tmp_path / "mine.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(PolicyFileError, match=expected) as caught:
        load_policy(str(file))
    assert str(file) in str(caught.value)


def test_a_folder_is_no_policy(tmp_path: Path) -> None:
    with pytest.raises(PolicyFileError, match="cannot be read"):
        load_policy(str(tmp_path))
