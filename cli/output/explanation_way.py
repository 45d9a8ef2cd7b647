"""The questions that led to a verdict, for a person: scope, exclusions, rules, opt-out, backup policy, vaults.

Every text of somebody else's goes through `plain`. It lays out what `shared/domain/explaining.py` gives and no more.
"""

from collections.abc import Iterable, Iterator

from rich.text import Text

from cli.output.console import plain
from shared.domain.conditions import Condition
from shared.domain.explaining import ExclusionTried, Explanation, RuleTried
from shared.domain.explaining_choices import BackupPolicyTried, OptOutTried, VaultTried
from shared.domain.reasons import Reason
from shared.reporting.text import utc

QUIET = "bright_black"
Line = tuple[int, Text]  # depth of the indent, and the text


def lines(way: Explanation) -> Iterator[Line]:
    """All questions in the order in which they were asked, each with its answer."""
    if way.nothing_asked is not None:
        yield 1, plain(f"nothing: {_lower_first(way.nothing_asked.sentence)}", QUIET)
        return
    if way.scope is not None:
        answer = plain("yes", QUIET) if way.scope.inside else plain("no", "yellow")
        yield 1, plain("in the policy's scope? ") + answer
        yield from _conditions(way.scope.conditions, 2)
    yield from _exclusions(way)
    won = any(each.won for each in way.rules)
    for rule in way.rules:
        yield 1, plain(f"rule {rule.name} (priority {rule.priority})? ") + _rule_answer(rule, way)
        if rule.asked or not won:  # behind the one that won they are only of interest to a machine
            yield from _conditions(rule.conditions, 2)
    yield from _opt_out(way)
    if way.backup_policy is not None:
        yield 1, _backup_policy(way.backup_policy)
    for vault in way.vaults:
        yield 1, plain(f"vault {vault.vault.id.name}? ") + _vault_answer(vault)


def _exclusions(way: Explanation) -> Iterator[Line]:
    """Those that do not apply and have nothing to show stand in one line."""
    refused = [each for each in way.exclusions if each.reason is None and each.asked and not each.conditions]
    if refused:
        names = ", ".join(each.name for each in refused)
        yield 1, plain(f"excluded as {names}? ") + plain("no", QUIET)
    skipped = [each for each in way.exclusions if not each.asked]
    for each in way.exclusions:
        if each.asked and each not in refused:
            yield 1, plain(f"excluded{_by(each)}? ") + _exclusion_answer(each)
            yield from _conditions(each.conditions, 2)
    if skipped:
        yield 1, plain(f"not asked any more: {', '.join(each.name for each in skipped)}", QUIET)


def _by(each: ExclusionTried) -> str:
    return f" by {each.name}" if each.conditions or each.name.startswith("exclude.") else f" as {each.name}"


def _exclusion_answer(each: ExclusionTried) -> Text:
    return plain("no", QUIET) if each.reason is None else plain(f"yes: {each.reason.sentence}", "yellow")


def _rule_answer(rule: RuleTried, way: Explanation) -> Text:
    if rule.won:
        return plain("matches, and wins", "green")
    if rule.asked:
        return plain("does not match", QUIET)
    if any(each.won for each in way.rules):
        return plain(f"{'would match too' if rule.matches else 'would not match'}, but was not asked any more", QUIET)
    return plain(f"not asked, and {'would match' if rule.matches else 'would not match'}", QUIET)


def _opt_out(way: Explanation) -> Iterator[Line]:
    tried = way.opt_out
    if tried is None:
        yield 1, plain("opt-out tag? ") + plain("the VM has none", QUIET)
        return
    yield 1, plain(f'opt-out tag {tried.tag} = "{tried.text}"? ') + _opt_out_answer(tried, way)
    if tried.parts:
        yield 2, plain("it says: " + ", ".join(f"{name} {value or 'empty'}" for name, value in tried.parts.items()))
    if tried.reason is Reason.OPT_OUT_MALFORMED:
        yield 2, plain(f"it must have: {', '.join(tried.require) or 'reason, until or ref'}")
    if tried.reason is Reason.OPT_OUT_REASON_NOT_ALLOWED:
        yield 2, plain(f"reasons that count: {', '.join(tried.reasons or ())}")
    if tried.since is not None:
        by = f", written by {tried.by}" if tried.by else ""
        yield 2, plain(f"first seen {utc(tried.since)}{by}")
    if tried.latest is not None:
        counted = "counted from when it was first seen" if tried.since is not None else "counted from now"
        yield 2, plain(f"it may last until {tried.latest.isoformat()} at most, {counted}")


def _opt_out_answer(tried: OptOutTried, way: Explanation) -> Text:
    if tried.honoured:
        return plain("honoured", "cyan")
    if not any(each.won for each in way.rules):
        return plain(f"not asked: {_lower_first(tried.reason.sentence)}", QUIET)
    return plain(_lower_first(tried.reason.sentence), "cyan")


def _backup_policy(tried: BackupPolicyTried) -> Text:
    if tried.problem is not None:
        return plain("backup policy? ") + plain(f"none: {tried.source}", "yellow")
    return plain("backup policy? ") + plain(tried.name, "green") + plain(f" ({tried.source})", QUIET)


def _vault_answer(vault: VaultTried) -> Text:
    if vault.chosen:
        return plain("the one for a new protection", "green")
    return plain(vault.why_not or "it would do, and another one is taken", QUIET)


def _conditions(conditions: Iterable[Condition], depth: int) -> Iterator[Line]:
    for each in conditions:
        mark = plain("✓ ", "green") if each.met else plain("✗ ", "red")
        have = plain(f"  (it has {each.seen})", QUIET) if each.seen else plain("")
        yield depth, mark + plain(each.text) + have
        yield from _conditions(each.inner, depth + 1)


def _lower_first(sentence: str) -> str:
    """`The rule forbids …` behind a colon."""
    return sentence[:1].lower() + sentence[1:]
