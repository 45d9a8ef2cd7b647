import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.troubles.entry import Kind, Known
from shared.domain.troubleshooting import TABLE, WHERE_TO_LOOK, advice_for, remedy_for

DOCS = Path(__file__).parents[4] / "docs"
ENTRIES = [entry for entries in TABLE.values() for entry in entries]
NAMES = [name for entry in ENTRIES for name in entry.names if "*" not in name]


def test_no_code_stands_twice() -> None:
    names = [name.lower() for entry in ENTRIES for name in entry.names]
    numbers = [number for entry in ENTRIES for number in entry.numbers]
    assert sorted(set(names)) == sorted(names)
    assert sorted(set(numbers)) == sorted(numbers)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.names[0])
def test_each_line_says_what_is_so_and_what_to_do(entry) -> None:  # type: ignore[no-untyped-def]
    assert entry.sentence
    assert not entry.sentence.endswith(".")
    assert entry.kind is not Kind.UNKNOWN
    assert bool(entry.steps) is (entry.kind is not Kind.NO_TROUBLE)
    assert entry.wait is None or entry.kind is Kind.RETRY_LATER
    assert "\n" not in entry.remedy


@given(st.sampled_from(NAMES), st.randoms())
def test_a_name_is_found_in_any_case_and_kept_as_azure_spelt_it(name: str, random) -> None:  # type: ignore[no-untyped-def]
    spelt = "".join(random.choice((letter.lower(), letter.upper())) for letter in name)
    trouble, plain = advice_for(spelt), advice_for(name)
    assert trouble.code == spelt
    assert (trouble.kind, trouble.remedy) == (plain.kind, plain.remedy)
    assert trouble.kind is not Kind.UNKNOWN


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("320001", Kind.MEND, "no longer exists"),
        ("400094", Kind.MEND, "no longer exists"),
        ("400136", Kind.MEND, "no longer exists"),
        ("400206", Kind.MEND, "no network"),
        ("380008", Kind.MEND, "not running"),
        ("400239", Kind.NO_TROUBLE, "nothing wrong"),
        ("130001", Kind.RETRY_LATER, "error of its own"),
    ],
)
def test_the_numbers_of_jobs_and_health_are_found(code: str, kind: Kind, words: str) -> None:
    trouble = advice_for(code)
    assert trouble.kind is kind
    assert words in trouble.sentence


def test_a_number_goes_before_the_family_of_the_name_beside_it() -> None:
    assert advice_for("320001", "ResourceNotFound") == advice_for("320001")
    assert "cannot find" in advice_for("ResourceNotFound").sentence


def test_an_exact_name_goes_before_a_number() -> None:
    """The numbers are known for few names; a job of another name may carry one of them."""
    assert advice_for("400239", "CrashConsistentSnapshot").kind is Kind.MEND
    assert advice_for("999999", "UserErrorFsFreezeFailed").kind is Kind.MEND


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("UserErrorRestoreOperationInProgress", Kind.RETRY_LATER),
        ("SomethingRetryableError", Kind.RETRY_LATER),
        ("TenantRequestsThrottled", Kind.RETRY_LATER),
        ("TooManyRequests", Kind.RETRY_LATER),
        ("CloudDosNewLimit", Kind.RETRY_LATER),
        ("ExtensionSomethingNew", Kind.MEND),
        ("UserErrorKeyVaultFirewall", Kind.MEND),
        ("UserErrorVaultLimitReachedForRegion", Kind.MEND),
        ("UserErrorUnsupportedGeneration", Kind.MEND),
        ("DiskNotFound", Kind.MEND),
    ],
)
def test_a_name_that_varies_is_known_by_its_family(code: str, kind: Kind) -> None:
    trouble = advice_for(code)
    assert (trouble.kind, trouble.code) == (kind, code)


def test_the_services_brakes_say_how_long_they_last() -> None:
    assert advice_for("CloudDosAbsoluteLimitReached").wait == timedelta(hours=24)
    assert advice_for("CloudDosAnything").wait == timedelta(hours=4)


def test_a_resource_guard_is_known_by_its_text() -> None:
    trouble = advice_for("BadRequest", "ResourceGuard Operation requestid is either null or empty")
    assert trouble.kind is Kind.MEND
    assert "guard" in trouble.sentence


@given(st.text(), st.text())
def test_any_text_gets_an_answer_with_a_remedy(code: str, title: str) -> None:
    trouble = advice_for(code, title)
    assert trouble.code == code
    if trouble.kind is Kind.UNKNOWN:
        assert trouble.remedy == WHERE_TO_LOOK
        assert trouble.known is None
    assert remedy_for(code, title) == trouble.remedy


def test_an_unknown_code_is_kept_whole() -> None:
    trouble = advice_for("BMSUserErrorOfNextYear")
    assert (trouble.code, trouble.kind, trouble.known) == ("BMSUserErrorOfNextYear", Kind.UNKNOWN, None)


def test_every_code_that_the_simulator_had_to_name_is_known() -> None:
    text = (DOCS / "simulator-differences.md").read_text(encoding="utf-8")
    section = text.split("## Error codes of our own naming", 1)[1].split("\n## ", 1)[0]
    codes = set(re.findall(r"`([A-Z][A-Za-z]+)`", section))
    assert len(codes) > 30
    assert {code for code in codes if advice_for(code).kind is Kind.UNKNOWN} == set()


def test_what_is_presumed_is_told_apart_from_what_is_known() -> None:
    assert advice_for("UserErrorGuestAgentStatusUnavailable").known is Known.GUIDE
    assert advice_for("CloudServiceRetryableError").known is Known.PRESUMED
