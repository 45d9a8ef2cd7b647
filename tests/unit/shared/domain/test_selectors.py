import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.attributes import Subject
from shared.domain.model import Image
from shared.domain.policy_file.selector import Selector
from shared.domain.selectors import compile_globs, compile_selector, normalise_location
from tests.fakes import START, SUB, a_vm

VM = a_vm("Web-01", "Shop-RG", tags={"Env": "prod", "tier": "gold"}, image=Image(publisher="Canonical"))


@pytest.mark.parametrize(
    ("selector", "holds"),
    [
        ({}, True),
        ({"tags": {"env": "prod"}}, True),
        ({"tags": {"ENV": "prod", "tier": ["silver", "gold"]}}, True),
        ({"tags": {"env": "Prod"}}, False),
        ({"tags": {"env": "prod", "missing": "x"}}, False),
        ({"names": ["web-*"]}, True),
        ({"names": "WEB-0?"}, True),
        ({"names": ["web"]}, False),
        ({"resourceGroups": ["x", "shop-*"]}, True),
        ({"locations": ["West Europe"]}, True),
        ({"locations": ["eastus"]}, False),
        ({"subscriptions": [SUB.upper()]}, True),
        ({"imagePublishers": ["canonical"]}, True),
        ({"names": ["web-*"], "locations": ["eastus"]}, False),
        ({"any": [{"names": ["db-*"]}, {"tags": {"tier": "gold"}}]}, True),
        ({"any": []}, False),
        ({"all": []}, True),
        ({"all": [{"names": ["web-*"]}, {"tags": {"tier": "silver"}}]}, False),
        ({"not": {"tags": {"env": "prod"}}}, False),
        ({"not": {"any": [{"names": ["db-*"]}, {"names": ["etl-*"]}]}}, True),
    ],
)
def test_a_selector_holds_when_all_its_conditions_do(selector: dict[str, object], holds: bool) -> None:
    assert compile_selector(Selector.model_validate(selector))(Subject(VM, START)) is holds


def test_a_vm_without_tags_has_none_of_the_wanted() -> None:
    bare = a_vm()
    assert not compile_selector(Selector.model_validate({"tags": {"env": "prod"}}))(Subject(bare, START))
    assert compile_selector(Selector.model_validate({"not": {"tags": {"env": "prod"}}}))(Subject(bare, START))


def test_a_region_has_one_spelling() -> None:
    assert normalise_location("West Europe") == normalise_location("westeurope") == "westeurope"


@given(st.lists(st.text("aB-*?[]!\n", max_size=4), max_size=4), st.text("abB-*[\n", max_size=5))
def test_a_text_matches_globs_as_fnmatch_has_it_but_for_case(globs: list[str], text: str) -> None:
    matches = any(fnmatch.fnmatchcase(text.lower(), each.lower()) for each in globs)
    assert compile_globs(globs)(text) is matches
