import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.durations import format_duration, parse_duration
from shared.domain.policy import Mode, audit_only
from shared.domain.policy_file.reading import parse_policy, read_policy
from shared.errors import PolicyFileError
from tests.policies import DEMO, policy_of

GOOD = DEMO.read_text(encoding="utf-8")


FORM = (
    "must be made of letters, digits, dots, hyphens and underscores, begin with a letter or digit, "
    "and hold 63 characters at most"
)


def complaint(text: str) -> str:
    with pytest.raises(PolicyFileError) as caught:
        parse_policy(text, "policy.yaml")
    message = str(caught.value)
    assert "\n" not in message
    assert caught.value.exit_code == 3
    return message


def test_the_demo_policy_is_read() -> None:
    spec = parse_policy(GOOD, "demo.yaml").spec
    assert spec.mode is Mode.ENFORCE
    assert [rule.name for rule in spec.rules] == ["production", "default"]
    assert spec.limits.max_actions.percent is None


def test_without_a_policy_nothing_is_enforced_and_every_vm_is_meant() -> None:
    spec = audit_only().spec
    assert spec.mode is Mode.AUDIT
    assert spec.rules[0].match.model_dump(exclude_none=True) == {}


def test_the_left_out_limits_are_the_safe_ones() -> None:
    spec = policy_of("rules: [{name: all, priority: 1, match: {}}]").spec
    assert (spec.mode, spec.limits.max_actions.amount, spec.limits.max_actions.percent) == (Mode.AUDIT, 50, None)
    assert spec.rules[0].backup_policy is None


def test_the_hash_names_the_content_and_not_the_layout() -> None:
    same = policy_of("rules:\n  - {priority: 1, match: {}, name: all}").hash
    assert same == policy_of("rules: [{name: all, priority: 1, match: {}}]").hash
    assert same != policy_of("rules: [{name: all, priority: 2, match: {}}]").hash


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "priority: 10\n",
            "prioritty: 10\n",
            "policy.yaml:20:7: spec.rules[0].prioritty: unknown key (did you mean 'priority'?)",
        ),
        ("priority: 10\n", "{}", "policy.yaml:"),
        ("      priority: 10\n", "", "the key 'priority' is missing"),
        ("priority: 1000", "priority: 10", "have the same priority 10"),
        ("name: default", "name: production", "two rules are named 'production'"),
        ("priority: 10\n", 'priority: "10"\n', "spec.rules[0].priority: must be a whole number, not '10'"),
        ("priority: 10\n", "priority: true\n", "spec.rules[0].priority"),
        ("settle: PT10M", "settle: 10", "spec.settle: must be an ISO 8601 duration"),
        ("settle: PT10M", "settle: P1M", "spec.settle: must be an ISO 8601 duration"),
        ("mode: enforce", "mode: on", "spec.mode"),
        (
            "mode: enforce",
            "mode: Enforce",
            "spec.mode: must be 'audit', 'enforce' or 'disabled', not 'Enforce' (did you mean 'enforce'?)",
        ),
        ("{env: prod}", "{env: 1}", "spec.rules[0].match.tags.env: must be text, not the number 1; quote it"),
        ("{env: prod}", "{env: [prod, no]}", "tags.env[1]: must be text, not the yes or no no; quote it"),
        ("{env: prod}", "{env: []}", "tags.env: must hold something"),
        ("{env: prod}", "{env: [{a: b}]}", "tags.env[0]: must be text, not a mapping"),
        ("{env: prod}", "{env: prod, ENV: dev}", "a tag name appears twice"),
        ("retain: P60D", "retain: PT1H", "retain must be between P1D and P9999D"),
        ("[databricks, aks,", "[databricks, aksx,", "spec.exclude.builtin[1]"),
        ("apiVersion: backstop/v1", "apiVersion: backstop/v2", "apiVersion: must be 'backstop/v1', not 'backstop/v2'"),
        ("kind: EnforcementPolicy", "kind: EnforcementPolicy\nkind: EnforcementPolicy", "kind: this key appears twice"),
        ("match: {}", "match: &a {}", "anchors and aliases are not allowed"),
        ("match: {}", "match: !!python/object:os.system {}", "policy.yaml:"),
        ("name: default", "name: '<script>'", "spec.rules[1].name"),
        ("amount: 10000", "amount: -1", "spec.limits.maxActions.amount"),
        ("require: [reason, until]", "require: [reason, utnil]", "spec.optOut.require[1]"),
    ],
)
def test_a_mistake_is_told_with_its_place(old: str, new: str, expected: str) -> None:
    assert old in GOOD
    assert expected in complaint(GOOD.replace(old, new, 1))


@pytest.mark.parametrize(
    "text",
    ["", "[]", "just text", "a: b: c", "a: [", "\t", "a: 1\n---\nb: 2", "? [a]\n: b", "1: 2", "\x00", "- " * 60 + "x"],
)
def test_what_is_no_policy_gives_one_clear_line(text: str) -> None:
    assert complaint(text).startswith("policy.yaml")


def test_bombs_are_refused_before_they_grow() -> None:
    assert "anchors and aliases" in complaint("a: &a [x]\nb: [*a, *a]")
    assert "nested deeper" in complaint("[" * 100_000)
    assert "more than 1,000,000 characters" in complaint("a" * 1_000_001)


@given(st.text(max_size=200))
def test_any_text_is_refused_in_one_line(text: str) -> None:
    complaint(text)


@given(st.integers(min_value=1, max_value=10_000_000))
def test_durations_survive_being_written(seconds: int) -> None:
    duration = (
        parse_duration(f"PT{seconds // 60}M{seconds % 60}S") if seconds // 60 < 100_000 else parse_duration("P1D")
    )
    assert parse_duration(format_duration(duration)) == duration


def test_all_errors_are_told_in_the_order_of_the_file() -> None:
    text = GOOD.replace("settle: PT10M", "settle: 10").replace("priority: 10\n", "prioritty: 10\n")
    text = text.replace("{name: DefaultPolicy}", "[DefaultPolicy]").replace("name: default", "name: a b")
    found = [str(each).partition("policy.yaml:")[2] for each in read_policy(text, "policy.yaml").errors]
    assert [each.partition(": ")[2] for each in found] == [
        "spec.settle: must be an ISO 8601 duration of weeks, days, hours, minutes or seconds, such as PT10M or P30D",
        "spec.rules[0].prioritty: unknown key (did you mean 'priority'?)",
        f"spec.rules[1].name: {FORM}, not 'a b'",
        "spec.rules[1].backupPolicy: must be a mapping of keys, not a list",
    ]
    lines = [int(each.partition(":")[0]) for each in found]
    assert lines == sorted(lines)


def test_the_first_twenty_errors_are_shown_and_the_others_counted() -> None:
    rules = "\n".join(f"    - {{name: r{number}, priority: x, match: {{}}}}" for number in range(30))
    head = "apiVersion: backstop/v1\nkind: EnforcementPolicy\nmetadata: {name: t}\nspec:\n  rules:\n"
    text = f"{head}{rules}\n  settle: 10\n"  # the last of the file, though the model looks at it first
    reading = read_policy(text, "p")
    assert (len(reading.errors), reading.more) == (20, 11)
    assert [each.key for each in reading.errors] == [f"spec.rules[{number}].priority" for number in range(20)]
    assert complaint(text).count("must be a whole number, not 'x' (and 30 more") == 1


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("match: {tags: {env: prod}}", "match: {tags: }", "match.tags: has no value; give one, or take the key out"),
        ("match: {tags: {env: prod}}", "match: {tags: {env: }}", "match.tags.env: has no value"),
        ("maxDuration: P90D", "maxDuration: P90D\n    newAfter: ~", "newAfter: has no value"),
        ("mode: enforce", "mоde: enforce", "spec.mоde: unknown key (did you mean 'mode'?)"),
        ("mode: enforce", "mode: enfоrce", "(did you mean 'enforce'?)"),
        ("maxActions:", "max_actions:", "spec.limits.max_actions: unknown key (did you mean 'maxActions'?)"),
        ("maxActions:", "MAX-ACTIONS:", "unknown key (did you mean 'maxActions'?)"),
        ("tags: {env: prod}", "tags: {env: {lik: prod}}", "env.lik: unknown key (did you mean 'like'?)"),
        ("{resourceGroups: [", "{resourceGrups: [", "exclude.any[0].resourceGrups: unknown key (did you mean"),
        ("{retain: P60D}", "{retian: P60D}", "initialBackup.retian: unknown key (did you mean 'retain'?)"),
        ("amount: 10000", "amount: 0777", "write 0777 as a plain number, or quote it as text"),
        ("amount: 10000", "amount: 1_000", "write 1_000 as a plain number"),
        ("amount: 10000", "amount: 99999999999999999999999", "write 9999"),
        ("amount: 10000", "amount: 1e3", "must be a whole number, not '1e3'"),
        ("amount: 10000", "amount: 2.0", "must be a whole number, not the number 2.0"),
        ("amount: 10000", "amount: 1000001", "must be 1,000,000 at most, not the number 1000001"),
        ('["sandbox-*"]', "[yes]", "must be text, not the yes or no yes; quote it"),
        ('["sandbox-*"]', "[2026-01-01]", "must be text, not the date 2026-01-01; quote it"),
        ('["sandbox-*"]', "[]", "must hold something"),
        ('["sandbox-*"]', "{a: b}", "must be a list, not a mapping"),
        ("mode: enforce", "mode: enforce\n  paused: maybe", "spec.paused: must be true or false, not 'maybe'"),
        ("settle: PT10M", "settle: P١D", "spec.settle: must be an ISO 8601 duration"),
        ("mode: enforce", "mode: audit  # for now\r  mode: enforce", "the character U+000D cannot be seen"),
        ("  mode: enforce", "  # looks harmless\u2028  mode: enforce", "the character U+2028 cannot be seen"),
        ("  mode: enforce", "  # a\x85  mode: enforce", "the character U+0085 cannot be seen"),
        ("  mode: enforce", "  # \u202e edom", "the character U+202E cannot be seen"),
        ("name: default", "name: def\u200bault", "holds the character U+200B, which cannot be seen"),
        ("maxActions: {amount: 10000}", "perVaultPerDay: 0", "limits.perVaultPerDay: must be 1 or more"),
        ("maxActions: {amount: 10000}", "dailyReserve: 250", "`dailyReserve` must be less than `perVaultPerDay`"),
        ("optOut: forbidden", "vault: {crossRegionRestore: true}", "`crossRegionRestore` needs `redundancy: GeoRed"),
        ("optOut: forbidden", "vault: {create: {name: a-vault}}", "`create` belongs to `whenMissing: create`"),
        (
            "optOut: forbidden",
            "vault: {whenMissing: create, create: {name: 9lives}}",
            "a vault's name has 2 to 50 letters",
        ),
        (
            "optOut: forbidden",
            "vault: {whenMissing: create, create: {name: rsv}, select: {names: 'vault-*'}}",
            "would make the vault 'rsv', which `select` does not accept",
        ),
        (
            "optOut: forbidden",
            "vault: {whenMissing: create, create: {tags: {owner: a, Owner: b}}}",
            "vault.create.tags: a tag name appears twice",
        ),
        (
            "optOut: forbidden",
            "vault: {whenMissing: create, create: {tags: {cost/center: a}}}",
            "vault.create.tags: the name of a tag holds none of % & /",
        ),
        (
            "optOut: forbidden",
            f"vault: {{whenMissing: create, create: {{tags: {{{', '.join(f't{n}: a' for n in range(51))}}}}}}}",
            "vault.create.tags: a vault has 50 tags at most",
        ),
        ("optOut: forbidden", "vault: {whenFull: never}", "vault.whenFull: must be 'next' or 'report'"),
        ("optOut: forbidden", "vault: {whenMissing: ignore}", "vault.whenMissing: must be 'report' or 'create'"),
        ("optOut: forbidden", "existing: {stopped: undelete}", "existing.stopped: must be 'respect' or 'resume'"),
    ],
)
def test_more_mistakes_are_told_with_what_was_meant(old: str, new: str, expected: str) -> None:
    assert old in GOOD
    assert expected in complaint(GOOD.replace(old, new, 1))


def test_a_missing_key_is_not_told_twice_where_its_misspelling_is() -> None:
    found = read_policy(GOOD.replace("priority: 10\n", "prioritty: 10\n"), "p").errors
    assert len(found) == 1


def test_only_the_longest_opt_out_and_the_next_try_may_have_no_value() -> None:
    policy = read_policy(GOOD.replace("maxDuration: P90D", "maxDuration: null"), "p").policy
    assert policy is not None
    assert policy.spec.opt_out.max_duration is None
    once = read_policy(GOOD.replace("{retain: P30D}", "{again: null}", 1), "p").policy
    assert once is not None
    assert any(rule.initial_backup.again is None for rule in once.spec.rules)


def test_the_designed_policy_is_understood() -> None:
    text = """
apiVersion: backstop/v1
kind: EnforcementPolicy
metadata: {name: corp, owner: platform@corp.example}
spec:
  scope: {managementGroups: [corp], excludeSubscriptions: ["sandbox-*"]}
  limits:
    maxActions: {amount: 500, percent: 10}
    perVaultPerDay: 200
    failurePercent: 20
  exclude:
    builtin: [databricks, aks, vmss-uniform, avd-pooled, ephemeral-os-disk]
    any: [{resourceGroups: ["MC_*"]}]
  rules:
    - name: prod-sql
      priority: 10
      match: {all: [{tags: {env: prod}}, {imagePublishers: [MicrosoftSQLServer]}]}
      optOut: forbidden
      vault: {select: {tags: {tier: gold}}, whenFull: next, whenMissing: create, redundancy: GeoRedundant}
      existing: {stopped: respect, softDeleted: respect, otherPolicy: report}
      backupPolicy:
        {name: gold, type: Enhanced, schedule: {every: PT4H}, retain: {daily: P30D, weekly: P12W, monthly: P12M}}
      initialBackup: {retain: P30D}
"""
    reading = read_policy(text, "p")
    assert not reading.errors
    assert reading.policy is not None
