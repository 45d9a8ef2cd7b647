"""Keeps the ledger of opt-outs true: who opted out, since when. Pure rules stand in `domain/opt_out_stretch.py`.

A finding that shows an opt-out tag is what counts, from an event's look and from a sweep alike. It writes to Backstop's
own store alone, and only where a stretch begins, changes or was last seen a while ago.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from shared.domain.model import Finding
from shared.domain.opt_out_stretch import OptOutStretch, seen_again
from shared.domain.policy import OptOut
from shared.domain.reasons import OPT_OUT_REASONS, Reason
from shared.ports import OptOuts

_FRESH = timedelta(hours=12)  # a stretch that was seen within these is not written again for nothing


async def note(findings: Iterable[Finding], settings: OptOut, ledger: OptOuts, now: datetime) -> None:
    """Take down the opt-outs that these findings show."""
    shown = [(each, reason) for each in findings for reason in each.verdict.reasons if reason.reason in OPT_OUT_REASONS]
    if not shown:
        return
    known = await ledger.stretches()
    kept: dict[str, OptOutStretch] = {}
    for finding, reason in shown:
        key = finding.vm.key
        before = known.get(key)
        honoured = reason.reason is Reason.OPTED_OUT
        if before is None and not honoured:
            continue
        changed = before is None or before.text != reason.detail
        by = await ledger.writer(key) if changed else ""
        after = seen_again(before, reason.detail, honoured=honoured, by=by, now=now, new_after=settings.new_after)
        if after is not None and (changed or before is None or after.last_seen - before.last_seen > _FRESH):
            kept[key] = after
    if kept:
        await ledger.keep(kept)
