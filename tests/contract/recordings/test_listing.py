"""The page of listed differences: what is stale there, and what is no table."""

from pathlib import Path

import pytest

from tests.contract.recordings.checking import check, files
from tests.contract.recordings.listing import DIFFERENT, NOT_SERVED, BrokenTableError, Listing
from tests.reference import reference_file

HEADS = "".join(f"| {' | '.join(head)} |\n|{'---|' * len(head)}\n{{}}\n" for head in (NOT_SERVED, DIFFERENT))


def test_a_listed_difference_that_no_longer_occurs_is_stale_and_one_elsewhere_is_not(tmp_path: Path) -> None:
    (tmp_path / "azure-cli.vault.json").write_text(reference_file("recordings/azure-cli.vault.json"), encoding="utf-8")
    [path] = files(tmp_path)
    report = check(path).report
    assert report is not None
    line = "| `GET **/vaults` | `body value[].sku.tier`, `body value[].sku.colour` | extra | vault, other | because |"
    listing = Listing(HEADS.format("", line))
    assert listing.stale({"vault": report.differences}) == [
        "GET **/vaults: body value[].sku.colour: extra: not seen in vault"
    ]


def test_a_line_without_a_reason_is_refused() -> None:
    with pytest.raises(BrokenTableError, match="5 cells are needed, none of them empty"):
        Listing(HEADS.format("", "| `GET **` | `status` | value | vault |  |"))


def test_a_page_without_the_tables_is_refused() -> None:
    with pytest.raises(BrokenTableError, match="has 0 tables with the head"):
        Listing("# Nothing here\n")
