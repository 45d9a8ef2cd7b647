"""What a sound policy may not mean as it is written: rules that can never win, keys without effect, missing brakes.

Only what is certain is said. Nothing here changes a policy or refuses one; `check_policy` adds the file's places.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from shared.domain.attributes import TAGS
from shared.domain.backup_policy import BackupPolicy, wanted_backup_policy
from shared.domain.backup_policy_comparing import differences
from shared.domain.policy import EnforcementPolicy, Mode, Rule, Spec
from shared.domain.policy_file.backup_policy import POLICY_NAME
from shared.domain.policy_file.reading import Reading, problem_at, read_policy
from shared.domain.policy_file.selector import Selector
from shared.domain.policy_file.types import TagTest
from shared.domain.policy_tools.lint_rules import Remark, exclusions_without_effect, rules_that_never_win
from shared.domain.policy_tools.lint_values import odd_values
from shared.domain.policy_tools.selector_logic import parts
from shared.domain.selectors import is_glob

_PRODUCTION = frozenset({"prod", "production", "prd"})


def check_policy(text: str, file: str) -> Reading:
    """All that is to be said about a policy file: its errors, or, where there are none, its warnings too."""
    reading = read_policy(text, file)
    if reading.policy is None or reading.root is None:
        return reading
    found = (*remarks(reading.policy), *odd_values(reading.root))
    warnings = [problem_at(file, reading.root, each.path, each.what) for each in found]
    warnings.sort(key=lambda each: (each.line, each.column))
    return replace(reading, warnings=tuple(warnings))


def remarks(policy: EnforcementPolicy) -> Iterator[Remark]:
    """Everything that is to be said about the policy's meaning."""
    spec = policy.spec
    yield from _brakes(spec)
    yield from _opt_outs(spec)
    yield from exclusions_without_effect(spec)
    yield from rules_that_never_win(spec)
    yield from _described_twice(spec)
    for position, rule in enumerate(spec.rules):
        yield from _rule(rule, position)


def _brakes(spec: Spec) -> Iterator[Remark]:
    if spec.mode is not Mode.ENFORCE:
        return
    limit = spec.limits.max_actions
    if "limits" not in spec.model_fields_set or "max_actions" not in spec.limits.model_fields_set:
        what = f"enforces without `limits.maxActions`: a run that wants to change more than {limit.amount} VMs stops"
        yield Remark(("spec", "mode"), f"{what}; write down the number that you mean")
    elif limit.amount == 0 or limit.percent == 0:
        yield Remark(("spec", "limits", "maxActions"), "nothing is ever written: every run wants more than 0 VMs")
    if all(rule.effect == "audit" for rule in spec.rules):
        yield Remark(("spec", "mode"), "nothing is ever written: every rule's effect is audit")


def _opt_outs(spec: Spec) -> Iterator[Remark]:
    settings, path = spec.opt_out, ("spec", "optOut")
    if "opt_out" in spec.model_fields_set and all(rule.opt_out == "forbidden" for rule in spec.rules):
        yield Remark(path, "has no effect: every rule forbids opting out")
        return
    if settings.max_duration is None:
        yield Remark((*path, "maxDuration"), "an opt-out may last for ever")
        if "new_after" in settings.model_fields_set:
            yield Remark((*path, "newAfter"), "has no effect without `maxDuration`")
    elif "until" not in settings.require:
        what = "an opt-out without `until` is refused all the same, by `maxDuration`; require it, so that owners know"
        yield Remark((*path, "require"), what)
    if settings.reasons is not None and "reason" not in settings.require:
        what = "an opt-out without a reason is refused all the same, by `reasons`; require it, so that owners know"
        yield Remark((*path, "require"), what)
    for position, selector in enumerate(spec.exclude.any):
        if any(tag.lower() == settings.tag.lower() for each in parts(selector) for tag in each.tags or {}):
            what = f"whoever sets the tag {settings.tag} is left alone for ever; let `optOut` decide about it"
            yield Remark(("spec", "exclude", "any", position), what)


def _described_twice(spec: Spec) -> Iterator[Remark]:
    """Rules of the same vaults that describe one backup policy in two ways."""
    first: dict[tuple[str, str], tuple[str, BackupPolicy]] = {}
    for position, rule in enumerate(spec.rules):
        choice = rule.backup_policy
        wanted = wanted_backup_policy(choice, choice.name) if choice is not None and choice.name is not None else None
        if wanted is None:
            continue
        key = (wanted.name.lower(), rule.vault.model_dump_json())
        other, described = first.setdefault(key, (rule.name, wanted))
        if found := differences(described, wanted):
            what = f"describes {wanted.name} in another way than rule '{other}' ({found[0]}); give it a name of its own"
            yield Remark(("spec", "rules", position, "backupPolicy"), what)


def _rule(rule: Rule, position: int) -> Iterator[Remark]:
    path = ("spec", "rules", position)
    if "opt_out" not in rule.model_fields_set and (tag := _production(rule.match)):
        what = f"asks for {tag} and does not say whether its VMs may opt out: write `optOut: forbidden` or `allowed`"
        yield Remark((*path, "match"), what)
    choice = rule.backup_policy
    if choice is None:
        return
    if choice.name is not None and POLICY_NAME.fullmatch(choice.name) is None:
        yield Remark((*path, "backupPolicy", "name"), f"no vault can hold a backup policy of this name: {_NAMES}")
    for number, value in enumerate(choice.allowed or ()):
        if not is_glob(value) and POLICY_NAME.fullmatch(value) is None:
            yield Remark((*path, "backupPolicy", "allowed", number), f"never counts: {_NAMES}")


_NAMES = "names have 3 to 150 letters, digits and hyphens, a letter first"


def _production(selector: Selector) -> str:
    """The condition by which a rule is one for production, or empty."""
    for each in parts(selector):
        for source in TAGS:
            tests: Mapping[str, TagTest] = getattr(each, source) or {}
            for tag, test in tests.items():
                if test.is_ and {value.lower() for value in test.is_} <= _PRODUCTION:
                    return f"{tag}={test.is_[0]}"
    return ""
