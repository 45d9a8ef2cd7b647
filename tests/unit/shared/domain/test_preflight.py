import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.azure_answers import PreflightAnswer
from shared.domain.preflight import asks_why, needs_discovery, why_refused
from shared.domain.troubles.entry import Kind
from shared.domain.troubleshooting import WHERE_TO_LOOK, advice_for

MALFORMED = "BMSUserErrorInvalidConfigureProtectionRequest"


def test_the_services_verdict_wins_over_the_refusals_code() -> None:
    answer = PreflightAnswer("Failed", "VirtualMachineAlreadyProtected", "It is protected.", "Do not protect it again.")
    why = why_refused(MALFORMED, "Input is not in proper format", answer)
    assert (why.code, why.error) == ("VirtualMachineAlreadyProtected", "It is protected.")
    assert why.remedy == advice_for("VirtualMachineAlreadyProtected").remedy


def test_a_verdict_of_an_unknown_code_brings_the_services_own_recommendation() -> None:
    why = why_refused(MALFORMED, "Input", PreflightAnswer("Failed", "SomethingNew", "No.", "Turn it off."))
    assert (why.code, why.error, why.remedy, why.trouble.kind) == ("SomethingNew", "No.", "Turn it off.", Kind.UNKNOWN)


def test_a_verdict_without_words_takes_the_tables_or_the_refusals() -> None:
    known = why_refused("X", "refused", PreflightAnswer("Failed", "UserErrorVmNotFoundV2"))
    assert known.error == advice_for("UserErrorVmNotFoundV2").sentence
    unknown = why_refused("X", "refused", PreflightAnswer("Failed"))
    assert (unknown.code, unknown.error, unknown.remedy) == ("X", "refused", WHERE_TO_LOOK)


@pytest.mark.parametrize("answer", [None, PreflightAnswer("Succeeded", "Success"), PreflightAnswer("Invalid")])
def test_the_refusal_stands_where_the_service_does_not_say_why(answer: PreflightAnswer | None) -> None:
    why = why_refused("UserErrorVmVaultLocationMismatch", "regions differ", answer)
    assert (why.code, why.error) == ("UserErrorVmVaultLocationMismatch", "regions differ")
    assert why.remedy == advice_for("UserErrorVmVaultLocationMismatch").remedy


@given(st.text(min_size=1), st.text(), st.builds(PreflightAnswer, st.text(), st.text(), st.text(), st.text()))
def test_a_refusal_is_always_told_with_a_code_and_a_remedy(code: str, message: str, answer: PreflightAnswer) -> None:
    why = why_refused(code, message, answer)
    assert why.code in {code, answer.code}
    assert why.remedy or why.trouble.kind is Kind.NO_TROUBLE
    assert why.error in {message, answer.message, why.trouble.sentence}


def test_only_one_code_asks_for_a_discovery() -> None:
    assert needs_discovery(MALFORMED.lower())
    assert not needs_discovery("BMSUserErrorInvalidPolicyInput")
    assert not needs_discovery("")


@pytest.mark.parametrize(
    ("code", "asked"),
    [(MALFORMED, True), ("BMSUserErrorOfNextYear", True), ("UserErrorVmVaultLocationMismatch", False)],
)
def test_the_service_is_asked_only_where_the_code_does_not_tell(code: str, asked: bool) -> None:
    assert asks_why(code) is asked
