"""Troubleshooting: each code is tried again, or told with how to mend it, or kept whole where nobody knows it."""

from pathlib import Path

import pytest

from shared.domain.model import State, Status
from shared.domain.troubles.entry import Kind
from shared.domain.troubleshooting import WHERE_TO_LOOK, advice_for
from tests.simulator.guide.guided import VAULT, guided

ONE = f"{VAULT}virtualMachines: [{{name: vm-1}}]\n"


async def test_what_passes_is_tried_again_until_it_works(tmp_path: Path) -> None:
    async with guided(tmp_path, ONE) as here:
        await here.fault(
            fault="refuse", operation="PUT protectedItems", code="CloudServiceRetryableError", status=400, times=2
        )
        found = await here.sweep()
        assert advice_for("CloudServiceRetryableError").kind is Kind.RETRY_LATER
        assert found["vm-1"].verdict.state is State.COMPLIANT
        assert [each.status for each in here.world.ledger.writes[:3]] == [400, 400, 202]


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("UserErrorVmProvisioningStateFailed", Kind.MEND, ""),
        ("UserErrorSomethingNew", Kind.UNKNOWN, WHERE_TO_LOOK),
    ],
)
async def test_what_does_not_pass_is_a_finding_with_its_remedy_and_its_own_words(
    tmp_path: Path, code: str, kind: Kind, words: str
) -> None:
    async with guided(tmp_path, ONE) as here:
        await here.fault(
            fault="refuse", operation="PUT protectedItems", code=code, status=400, message="In Azure's own words."
        )
        found = await here.sweep()
        outcome = found["vm-1"].outcome
        assert advice_for(code).kind is kind
        assert (outcome.status, outcome.error_code) == (Status.FAILED, code)
        assert outcome.error == "In Azure's own words."
        assert outcome.remedy == (words or advice_for(code).remedy)
        assert here.requests("PUT protectedItems") == 1
