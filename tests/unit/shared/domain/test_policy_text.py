import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.durations import format_duration, parse_duration
from shared.domain.policy import Mode, audit_only
from shared.domain.policy_text import parse_policy
from shared.errors import PolicyFileError
from tests.policies import DEMO, policy_of

GOOD = DEMO.read_text(encoding="utf-8")


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
        ("{env: prod}", "{env: 1}", "spec.rules[0].match.tags.env: a tag's value must be text"),
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
