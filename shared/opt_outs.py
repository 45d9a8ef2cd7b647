"""Keeps the ledger of opt-outs true: who opted out, since when. Pure rules stand in `domain/opt_out_stretch.py`.

A finding that shows an opt-out tag is what counts, from an event's look and from a sweep alike. It writes to Backstop's
own store alone, and only where a stretch begins, changes or was last seen a while ago.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from shared.domain.model import Finding, ReasonDetail
from shared.domain.opt_out_stretch import OptOutStretch, seen_again, standing
from shared.domain.policy import OptOut
from shared.domain.reasons import OPT_OUT_REASONS, Reason
from shared.ports import OptOuts

_FRESH = timedelta(hours=12)  # a stretch that was seen within these is not written again for nothing


async def note(findings: Sequence[Finding], settings: OptOut, ledger: OptOuts, now: datetime) -> tuple[Finding, ...]:
    """Take down the opt-outs that these findings show; the findings again, each with the stretch it belongs to."""
    if not any(_shown(each) for each in findings):
        return tuple(findings)
    known = await ledger.stretches() if len(findings) > 1 else await _of_one(findings[0].vm.key, ledger)
    kept: dict[str, OptOutStretch] = {}
    told: list[Finding] = []
    for finding in findings:
        reason = _shown(finding)
        if reason is None:
            told.append(finding)
            continue
        key, honoured = finding.vm.key, reason.reason is Reason.OPTED_OUT
        before = standing(known.get(key), now, settings.new_after)
        if before is None and not honoured:
            told.append(finding)
            continue
        changed = before is None or before.text != reason.detail
        by = await ledger.writer(key) if changed else ""
        after = seen_again(before, reason.detail, honoured=honoured, by=by, now=now, new_after=settings.new_after)
        if after is not None and (changed or before is None or after.last_seen - before.last_seen > _FRESH):
            kept[key] = after
        told.append(replace(finding, opt_out=after))
    if kept:
        await ledger.keep(kept)
    return tuple(told)


async def _of_one(vm_key: str, ledger: OptOuts) -> Mapping[str, OptOutStretch]:
    stretch = await ledger.stretch(vm_key)  # a look at one VM must not read the whole estate's
    return {} if stretch is None else {vm_key: stretch}


def _shown(finding: Finding) -> ReasonDetail | None:
    return next((each for each in finding.verdict.reasons if each.reason in OPT_OUT_REASONS), None)
