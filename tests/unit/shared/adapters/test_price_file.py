from pathlib import Path

import pytest

from shared.adapters.price_file import load_prices
from shared.errors import SettingsError
from tests.prices import TEXT, prices


def test_a_price_file_is_read_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "prices.yaml"
    for encoding in ("utf-8", "utf-8-sig"):
        file.write_text(TEXT, encoding=encoding)
        assert load_prices(str(file)) == prices()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "there is no such price file"),
        (b"\xff\xfe", "not UTF-8 text"),
        ("é".encode() * 5_000_000, "more than"),
        (b"kind: Prices", "is missing"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_a_remedy(tmp_path: Path, content: bytes | None, told: str) -> None:
    file = tmp_path / "prices.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match=told) as caught:
        load_prices(str(file))
    assert str(file) in caught.value.message
    assert caught.value.remedy


def test_a_folder_is_no_price_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_prices(str(tmp_path))
