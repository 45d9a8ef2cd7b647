"""The price file on a disk, read once, before anything is asked of Azure. What it means `shared/domain/prices` says."""

from pathlib import Path

from shared.domain.policy_file.plain_yaml import MAX_BYTES, TOO_LONG
from shared.domain.prices.model import PriceFile
from shared.domain.prices.reading import CODE, parse_prices
from shared.errors import SettingsError


def load_prices(path: str) -> PriceFile:
    """The prices at `path`. SettingsError says why there are none, with file, line and key."""
    file = Path(path)
    try:
        with file.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        remedy = "Give its path with --prices or BACKSTOP_PRICES"
        raise SettingsError(f"{file}: there is no such price file", code=CODE, remedy=remedy) from None
    except OSError as error:
        remedy = "Check the path and its rights"
        raise SettingsError(f"{file}: cannot be read: {error.strerror}", code=CODE, remedy=remedy) from None
    if len(raw) > MAX_BYTES:  # they may end within a character
        raise SettingsError(f"{file}: {TOO_LONG}", code=CODE, remedy="Give the path of a price file")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{file}: not UTF-8 text (byte {error.start})", code=CODE, remedy="Save the file as UTF-8"
        ) from None
    return parse_prices(text, str(file))
