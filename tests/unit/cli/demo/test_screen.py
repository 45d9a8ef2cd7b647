import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from rich.console import Console

from cli.demo import screen as screen_module
from cli.demo.screen import Screen
from shared.domain.model import (
    Finding,
    Outcome,
    Protection,
    ProtectionState,
    ReasonDetail,
    State,
    Status,
    Verdict,
)
from shared.domain.reasons import Reason
from tests.findings import vm_id

LEFT = Finding(
    vm=vm_id("web-01"),
    location="westeurope",
    verdict=Verdict(State.EXEMPT, (ReasonDetail(Reason.OPTED_OUT), ReasonDetail(Reason.UNPROTECTED)), "default"),
    protection=None,
    actions=(),
    outcome=Outcome(Status.NOTHING_TO_DO),
    at=datetime(2026, 11, 1, tzinfo=UTC),
)
REPORTED = replace(
    LEFT,
    verdict=Verdict(
        State.NON_COMPLIANT, (ReasonDetail(Reason.UNPROTECTED), ReasonDetail(Reason.NO_VAULT_IN_REGION)), "default"
    ),
)
PROTECTED = replace(
    LEFT,
    verdict=Verdict(State.COMPLIANT, (ReasonDetail(Reason.INITIAL_BACKUP_RUNNING),), "production"),
    protection=Protection(
        ProtectionState.PROTECTED,
        vault_id="/subscriptions/s/resourceGroups/g/providers/Microsoft.RecoveryServices/vaults/vault-weu-1",
        backup_policy="EnhancedPolicy",
    ),
)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    stream = io.StringIO()
    console = Console(file=stream, width=80)
    monkeypatch.setattr(screen_module, "err", lambda: console)
    return stream


def test_each_vm_is_told_in_words_and_no_line_is_cut_without_a_terminal(written: io.StringIO) -> None:
    screen = Screen()
    for each in (PROTECTED, LEFT, REPORTED):
        screen.vm(each)
    lines = written.getvalue().splitlines()
    assert lines[0] == "  web-01        ▸ protected in vault-weu-1 under EnhancedPolicy"
    assert lines[1] == f"  web-01        ▸ left alone: {Reason.OPTED_OUT.sentence}"
    assert lines[2] == f"  web-01        ▸ reported: {Reason.NO_VAULT_IN_REGION.sentence}"
    assert len(lines[2]) > 80


def test_of_vms_that_end_alike_only_a_few_are_told_in_each_phase(written: io.StringIO) -> None:
    screen = Screen()
    for _ in range(2):
        with screen.phase("Sweep"):
            for _ in range(5):
                screen.vm(PROTECTED)
    screen.others([PROTECTED, LEFT, LEFT, REPORTED])
    text = written.getvalue()
    assert text.count("protected in") == 2 * 2
    assert (text.count("left alone"), text.count("reported")) == (1, 1)


def test_a_phase_ends_with_what_happened_in_it(written: io.StringIO) -> None:
    screen = Screen()
    with screen.phase("Sweep"):
        screen.advance(3, 2, 6)
        for _ in range(4):
            screen.on_event("succeeded", {"function": "reconcile_vm"})
        screen.on_event("failed", {"function": "reconcile_vm", "error": "no answer"})
    assert "✓ Sweep  2 backups, 4 looks, 0." in written.getvalue()
    assert "failed: function reconcile_vm, error no answer" in written.getvalue()


def test_a_phase_that_fails_is_not_ticked_off(written: io.StringIO) -> None:
    with pytest.raises(KeyError), Screen().phase("Sweep"):
        raise KeyError
    assert "✓" not in written.getvalue()
