from datetime import date, timedelta

from shared.domain.explaining import explain
from shared.domain.explaining_choices import OptOutTried
from shared.domain.matching import evaluate
from shared.domain.model import UNPROTECTED, Observation
from shared.domain.opt_out_stretch import OptOutStretch
from shared.domain.reasons import Reason
from tests.fakes import START, a_vault, a_vm
from tests.policies import compiled

POLICY = compiled("optOut: {maxDuration: P90D}\nrules: [{name: all, priority: 1, match: {}}]")
SINCE = START - timedelta(days=80)
TEXT = "reason=ephemeral; until=2026-12-01; ref=CHG1"


def tried(text: str, stretch: OptOutStretch | None = None) -> OptOutTried | None:
    seen = Observation(a_vm(tags={"backup-opt-out": text}), UNPROTECTED, (a_vault(),), START, stretch)
    return explain(seen, evaluate(seen, POLICY, START), POLICY).opt_out


def test_its_parts_are_told_and_how_long_it_may_last() -> None:
    told = tried(TEXT)
    assert told is not None
    assert told.honoured
    assert told.parts == {"reason": "ephemeral", "until": "2026-12-01", "ref": "CHG1"}
    assert (told.since, told.by, told.latest) == (None, "", date(2027, 1, 30))


def test_the_stretch_it_belongs_to_counts_and_is_told_with_its_author() -> None:
    told = tried(TEXT, OptOutStretch(SINCE, START, TEXT, "c.lindqvist"))
    assert told is not None
    assert told.reason is Reason.OPT_OUT_TOO_LONG
    assert (told.since, told.by, told.latest) == (SINCE, "c.lindqvist", date(2026, 11, 11))


def test_of_one_that_cannot_be_read_no_parts_are_told() -> None:
    told = tried("no thanks")
    assert told is not None
    assert (told.reason, told.parts) == (Reason.OPT_OUT_MALFORMED, {})
