from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.policy import NOW, estate, policy_of
from shared.domain.attributes import Subject
from shared.domain.compiled_policy import compile_policy
from shared.domain.model import Vm
from shared.domain.policy import Rule
from shared.domain.rule_index import RuleIndex
from shared.domain.selectors import Predicate, compile_selector, either
from tests.fakes import START, a_vm
from tests.strategies import policy_of_spec, rules, vms


def one_after_another(ordered: list[Rule], subject: Subject) -> int | None:
    for position, rule in enumerate(ordered):
        if compile_selector(rule.match)(subject) and not either(rule.exclude)(subject):
            return position
    return None


@settings(max_examples=100)
@given(rules(), st.lists(vms(), min_size=1, max_size=4))
def test_it_finds_the_rule_that_asking_one_after_another_finds(drawn: list[dict[str, object]], some: list[Vm]) -> None:
    ordered = sorted(policy_of_spec({"rules": drawn}).spec.rules, key=lambda each: each.priority)
    index = RuleIndex(ordered)
    for vm in some:
        subject = Subject(vm, START)
        assert index.first(subject) == one_after_another(ordered, subject)


def test_a_rule_that_can_be_met_in_very_many_ways_is_asked_in_full() -> None:
    ways = [{"any": [{"names": [f"a{n}-{m}"]} for m in range(5)]} for n in range(5)]
    ordered = policy_of_spec({"rules": [{"name": "wide", "priority": 1, "match": {"any": [{"all": ways}]}}]}).spec.rules
    index = RuleIndex(ordered)
    assert index.first(Subject(a_vm("a0-0"), START)) is None
    assert len(index._rule_of) <= 32  # taken apart it would be 3,125 clauses


def test_twenty_times_the_rules_ask_hardly_more_of_them_about_a_vm() -> None:
    asked = []
    some = [Subject(vm, NOW) for vm in estate(500)]
    for count in (10, 200):
        index, times = compile_policy(policy_of(count)).index, [0]
        index._whole = [counted(each, times) for each in index._whole]
        for subject in some:
            index.first(subject)
        asked += times
    few, many = asked
    assert many < 1.5 * few


def counted(whole: Predicate, times: list[int]) -> Predicate:
    """The same rule, whose questions are counted in `times[0]`."""

    def ask(subject: Subject) -> bool:
        times[0] += 1
        return whole(subject)

    return ask


def test_a_policy_whose_rules_match_nothing_has_no_rule() -> None:
    ordered = policy_of_spec({"rules": [{"name": "none", "priority": 1, "match": {"any": []}}]}).spec.rules
    assert RuleIndex(ordered).first(Subject(a_vm(), START)) is None
