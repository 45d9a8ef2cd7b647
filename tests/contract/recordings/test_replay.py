"""Every recording is repeated against the simulator, which answers as Azure did but for the listed differences."""

import functools
from pathlib import Path

import pytest

from tests.contract.recordings.checking import Outcome, check, files, stem
from tests.contract.recordings.listing import PAGE, Listing
from tests.reference import FOLDER, reference_path

RECORDINGS = FOLDER / "recordings"
#: Those whose differences the page names. More may lie beside them.
KNOWN = ("container", "job", "protection", "scenario", "softdelete", "vault")
#: Collected when the tests are, so that a file that is put there is taken by itself.
FILES = files(RECORDINGS) if RECORDINGS.is_dir() else [RECORDINGS / "none"]


@functools.cache
def outcome(path: Path) -> Outcome:
    """Each file is repeated once for all tests."""
    reference_path("recordings")
    return check(path)


@pytest.mark.parametrize("path", FILES, ids=stem)
def test_a_recording_is_answered_as_it_was_but_for_listed_differences(path: Path) -> None:
    result = outcome(path)
    print(result.report)
    assert not result.problems, "\n".join([path.name, *result.problems])


def test_nearly_all_that_was_recorded_is_compared() -> None:
    reports = [result.report for path in FILES if stem(path) in KNOWN and (result := outcome(path)).report]
    replayed = sum(report.replayed for report in reports)
    assert len(reports) == len(KNOWN)
    assert replayed > 600
    assert sum(report.compared for report in reports) >= 0.95 * replayed


def test_every_listed_difference_still_occurs_where_it_was_seen() -> None:
    found = {stem(path): result.report.differences for path in FILES if (result := outcome(path)).report}
    listing = Listing(PAGE.read_text(encoding="utf-8"))
    assert {name for row in listing.rows for name in row.seen_in} <= set(KNOWN)
    assert listing.stale(found) == []


def test_nothing_that_is_served_is_listed_as_not_served() -> None:
    listing = Listing(PAGE.read_text(encoding="utf-8"))
    assert listing.needless() == []
