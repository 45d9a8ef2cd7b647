"""The price file ready for use: which prices hold in a region, which redundancy a vault has, what a policy keeps.

The first entry that fits wins. Nothing is calculated here; `pricing.py` does that.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeVar

from shared.domain.prices.model import Kept, PriceFile, Prices, Redundancy
from shared.domain.selectors import compile_globs, normalise_location

Found = TypeVar("Found")
_REMEMBERED = 4096  # names; an estate has few regions, vaults and backup policies against its VMs


class PriceTables:
    """Look-ups in one price file, each name looked for once."""

    def __init__(self, file: PriceFile) -> None:
        self.file = file
        spec = file.spec
        self._prices = _first((tuple(map(normalise_location, each.locations)), each) for each in spec.regions)
        self._redundancies = _first((each.names, each.redundancy) for each in spec.vaults)
        self._kept = _first((each.names, each) for each in spec.backup_policies)

    def prices_in(self, location: str) -> Prices:
        """The prices of a region, in either of Azure's spellings; the default ones where no entry fits."""
        return self._prices(normalise_location(location)) or self.file.spec.default

    def redundancy_of(self, vault: str) -> Redundancy | None:
        """The redundancy of the vault of this name; None where the file does not say, or the name is empty."""
        return self._redundancies(vault) if vault else None

    def kept_by(self, backup_policy: str) -> Kept | None:
        """What the backup policy of this name keeps; None as above."""
        return self._kept(backup_policy) if backup_policy else None


def _first(entries: Iterable[tuple[tuple[str, ...], Found]]) -> Callable[[str], Found | None]:
    compiled = [(compile_globs(names), value) for names, value in entries]

    @lru_cache(maxsize=_REMEMBERED)
    def look(name: str) -> Found | None:
        return next((value for fits, value in compiled if fits(name)), None)

    return look
